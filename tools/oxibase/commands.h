#pragma once

namespace CLI {
class App;
}

namespace oxibase {

// Each adds its sub-command; what it returns to the shell goes to *exit_code.
void AddServeCommand(CLI::App& app, int* exit_code);
void AddBackupCommands(CLI::App& app, int* exit_code);
void AddCheckCommand(CLI::App& app, int* exit_code);
void AddSalvageCommand(CLI::App& app, int* exit_code);
void AddShellCommands(CLI::App& app, int* exit_code);

}  // namespace oxibase
