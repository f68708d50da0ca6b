#pragma once

#include <string>
#include <string_view>

namespace oxibase {

class Session;
class Status;

/// Runs the statements of `sql` and prints rows as aligned tables, or the command's tag, to stdout;
/// errors go to stderr as psql writes them. False if one failed; those after it are left out.
bool RunAndPrint(Session& session, std::string_view sql);

/// "ERROR:  ...", with detail and hint, to stderr.
void PrintError(const Status& status);

}  // namespace oxibase
