// The one program: `oxibase <command>`.

#include <CLI/CLI.hpp>
#include <string>

#include "commands.h"

int main(int argc, char** argv) {
  CLI::App app{"OxiBase: an SQL database that is also the server"};
  app.require_subcommand(1);
  app.set_version_flag("--version", OXI_VERSION);
  int exit_code = 0;
  oxibase::AddServeCommand(app, &exit_code);
  oxibase::AddBackupCommands(app, &exit_code);
  oxibase::AddCheckCommand(app, &exit_code);
  oxibase::AddSalvageCommand(app, &exit_code);
  oxibase::AddShellCommands(app, &exit_code);
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
