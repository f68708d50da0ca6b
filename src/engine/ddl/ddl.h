#pragma once
// Statements that change the catalog: CREATE, ALTER, DROP, TRUNCATE, COMMENT and their like, with
// PostgreSQL's rules, messages and codes. They are transactional because all their effects go
// through DdlHost.

#include <string>
#include <string_view>

#include "common/status.h"

namespace oxibase {

namespace ast {
struct Statement;
}
class DdlHost;

/// Whether ExecuteDdl runs statements of this kind.
bool IsDdl(const ast::Statement& statement);

/// The command tag of such a statement before it runs ("CREATE TABLE AS" though it may end as
/// "SELECT 3").
std::string DdlTag(const ast::Statement& statement);

/// Runs one; `text` is what it was parsed from. Returns the command tag ("CREATE TABLE"; "SELECT 3"
/// for CREATE TABLE AS).
Result<std::string> ExecuteDdl(DdlHost& host, const ast::Statement& statement,
                               std::string_view text);

}  // namespace oxibase
