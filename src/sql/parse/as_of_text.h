#pragma once
// `t AS OF TIMESTAMP ...` and `t AS OF TRANSACTION ...`, which PostgreSQL's grammar does not know:
// they are found in the text, and blanked out of what the grammar reads.

#include <string>
#include <string_view>
#include <vector>

#include "sql/parse/ast_select.h"
#include "sql/parse/token_cursor.h"

namespace oxibase::ast {

/// In one text; each is parsed by itself, behind as many blanks as stand before it there.
inline constexpr size_t kAsOfMax = 1000;

struct AsOfText {
  AsOf::Kind kind = AsOf::Kind::kTimestamp;
  /// Where the name of the table begins that it follows.
  int32_t relation = -1;
  /// From AS to the end of the expression.
  TextRange clause;
  TextRange expr;
};

/// Those in `text`, in order. The text may be no valid SQL at all. The expression is the longest of
/// operands (literals, parameters, names, calls, anything in parentheses; each with casts and AT
/// TIME ZONE) between + - * and /: a name behind that is the table's alias.
std::vector<AsOfText> FindAsOf(std::string_view text);

}  // namespace oxibase::ast
