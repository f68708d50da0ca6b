#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oxibase {

/// A pattern of the \d family, as regular expressions: `*` and `?` stand for characters, a dot
/// parts schema and name, double quotes keep case and take everything literally.
struct NamePattern {
  std::optional<std::string> schema, name;  // "^(...)$"
  int dots = 0;

  static NamePattern Parse(std::string_view pattern);
};

/// Where the parts of a pattern are found in a query.
struct PatternColumns {
  std::string_view schema, name;
  /// What must hold when the pattern has no schema; may be empty.
  std::string_view visible;
};

/// Conditions for the pattern (null: none was given), each with WHERE or AND before it.
std::string PatternCondition(const std::string* pattern, const PatternColumns& columns,
                             bool have_where);

}  // namespace oxibase
