// `oxibase check`: reads a database folder that nobody has open and lists every damage.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "command_error.h"
#include "commands.h"
#include "env/env.h"
#include "storage/checkpoint/folder_check.h"

namespace oxibase {
namespace {

/// 0: all is whole; 1: there is damage; 2: it could not be looked at.
int Check(const std::string& folder) {
  FolderCheck check(Env::Real().files(), folder);
  const Status status = check.Run();
  if (!status.ok()) {
    Fail(status);
    return 2;
  }
  for (const Status& damage : check.damages()) {
    std::printf("%.*s %.*s\n", 5, SqlState(damage.code()).data(),
                static_cast<int>(damage.message().size()), damage.message().data());
  }
  const FolderCheck::Counts& counts = check.counts();
  std::printf(
      "%llu files, %llu bytes, %llu rows in segments, %llu index entries, %llu log records: ",
      static_cast<unsigned long long>(counts.files), static_cast<unsigned long long>(counts.bytes),
      static_cast<unsigned long long>(counts.rows),
      static_cast<unsigned long long>(counts.index_entries),
      static_cast<unsigned long long>(counts.log_records));
  if (check.damages().empty()) {
    std::printf("no damage\n");
    return 0;
  }
  std::printf("%zu damages\n", check.damages().size());
  return 1;
}

}  // namespace

void AddCheckCommand(CLI::App& app, int* exit_code) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "check", "Read a database folder that nobody has open and list every damage");
  command->add_option("folder", *folder, "The database's folder")->required();
  command->callback([folder, exit_code] { *exit_code = Check(*folder); });
}

}  // namespace oxibase
