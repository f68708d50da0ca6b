#pragma once
// Patterns that only strings of one beginning match: they are a range of an ordered index.

#include <optional>
#include <string>

#include "expr/expression.h"

namespace oxibase {

/// What a pattern's text says of the strings that match it.
struct TextPrefix {
  std::string text;
  /// Exactly the strings that begin so match; or, with `is_whole`, this one string alone.
  bool is_exact = false;
  bool is_whole = false;
};

/// `subject` matches a pattern that begins with plain characters.
struct PrefixMatch {
  const Expr* subject = nullptr;  // null: `expr` is no such condition
  TextPrefix prefix;
};

/// Of LIKE, `~`, `^@` and starts_with with a constant pattern that begins with plain characters.
PrefixMatch AsPrefixMatch(const Expr& expr);

/// What is matched if `expr` is such a condition whose pattern is a parameter; else null.
const Expr* SubjectOfParameterPattern(const Expr& expr);

/// The least string above all that begin with `prefix`; none if there is no such.
std::optional<std::string> EndOfPrefix(std::string_view prefix);

}  // namespace oxibase
