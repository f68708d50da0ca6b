#pragma once
// SQL text in, syntax trees out. The grammar is PostgreSQL 18's own (libpg_query); nothing outside
// this folder sees its headers.

#include <string_view>
#include <vector>

#include "common/status.h"
#include "sql/parse/ast.h"

namespace oxibase {

/// Parses a text of any number of statements, separated by semicolons; empty ones yield nothing.
/// Errors carry a byte offset: 42601 and the other codes of PostgreSQL's grammar; 54000 for a text
/// longer than `bytes_max`, 54001 for one nested deeper than kSyntaxDepthMax, 22021 for one that is
/// not UTF-8 or holds a zero byte, 0A000 for expressions that OxiBase does not have.
/// Any thread may call it at any time.
Result<std::vector<ast::StatementPtr>> Parse(std::string_view sql);
Result<std::vector<ast::StatementPtr>> Parse(std::string_view sql, size_t bytes_max);

/// One expression alone, e.g. a stored default or check; locations count from its beginning.
Result<ast::ExprPtr> ParseExpression(std::string_view text);

/// A type name alone, e.g. "numeric(10,2)[]".
Result<ast::TypeName> ParseTypeName(std::string_view text);

}  // namespace oxibase
