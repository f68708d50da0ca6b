#pragma once
// Finding a place in a text that is known to parse.

#include <cstddef>
#include <string>
#include <string_view>

namespace oxibase::ast {

/// Walks over the tokens of a valid text, knowing how strings, names and comments are quoted.
class TokenCursor {
 public:
  TokenCursor(std::string_view text, size_t begin) : text_(text), end_(begin) {}

  /// The next token; false at the end of the text.
  bool Next();
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }
  /// An unquoted name or keyword that is `word` (lower case).
  bool IsWord(std::string_view word) const;
  char symbol() const { return text_[begin_]; }
  /// The name that it is, without quotes and in lower case where it had none; empty for any other
  /// token.
  std::string Name() const;

 private:
  bool SkipBlanksAndComments();
  void SkipQuoted(char quote, bool escapes);
  void SkipDollarQuoted();

  const std::string_view text_;
  size_t begin_ = 0;
  size_t end_;
};

struct TextRange {
  size_t begin = 0;
  size_t end = 0;
};

/// The query of a CREATE VIEW whose name stands at `name`: from behind AS to the statement's end,
/// without WITH CHECK OPTION.
TextRange FindViewQuery(std::string_view text, size_t name);

/// Behind the star of `*` or `a.b.*`, which begins at `begin`.
size_t EndOfStar(std::string_view text, size_t begin);

/// The text with every name `from` that is no function's written as `to`.
std::string RenameInText(std::string_view text, std::string_view from, std::string_view to);

/// The text with every `schema.name` written as `new_schema.new_name`. With an empty `name` the
/// schema is replaced before any name.
std::string RenameQualified(std::string_view text, std::string_view schema, std::string_view name,
                            std::string_view new_schema, std::string_view new_name);

}  // namespace oxibase::ast
