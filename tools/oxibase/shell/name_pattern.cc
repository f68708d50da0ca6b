#include "name_pattern.h"

#include <cctype>

#include "sql/parse/identifier.h"

namespace oxibase {

NamePattern NamePattern::Parse(std::string_view pattern) {
  NamePattern parsed;
  std::string part;
  bool quoted = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '"') {
      if (quoted && i + 1 < pattern.size() && pattern[i + 1] == '"') {
        part += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (!quoted && c == '*') {
      part += ".*";
    } else if (!quoted && c == '?') {
      part += '.';
    } else if (!quoted && c == '.') {
      parsed.schema = "^(" + part + ")$";
      part.clear();
      ++parsed.dots;
    } else if (c == '$' ||
               (quoted && std::string_view("|*+?()[]{}.^\\").find(c) != std::string_view::npos)) {
      part += '\\';
      part += c;
    } else if (!quoted && c == '[' && i + 1 < pattern.size() && pattern[i + 1] == ']') {
      part += "\\[";  // an array type's name
    } else {
      part += quoted ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  if (!part.empty()) parsed.name = "^(" + part + ")$";
  return parsed;
}

std::string PatternCondition(const std::string* pattern, const PatternColumns& columns,
                             bool have_where) {
  std::string sql;
  const auto add = [&](const std::string& condition) {
    sql += (have_where ? "\n  AND " : "\nWHERE ") + condition;
    have_where = true;
  };
  const auto match = [&](std::string_view column, const std::optional<std::string>& regex) {
    if (column.empty() || !regex || *regex == "^(.*)$") return;
    add(std::string(column) + " OPERATOR(pg_catalog.~) " + QuoteLiteral(*regex) +
        " COLLATE pg_catalog.default");
  };
  NamePattern parsed;
  if (pattern) parsed = NamePattern::Parse(*pattern);
  match(columns.name, parsed.name);
  if (parsed.schema && !columns.schema.empty()) {
    match(columns.schema, parsed.schema);
  } else if (!columns.visible.empty()) {
    add(std::string(columns.visible));
  }
  return sql;
}

}  // namespace oxibase
