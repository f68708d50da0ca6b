// `oxibase salvage`: writes out what is whole of a damaged database folder.

#include "engine/salvage/salvage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "command_error.h"
#include "commands.h"

namespace oxibase {
namespace {

/// Keeps servers out of a folder without writing into it: they lock the folder as well as the file
/// in it.
class ReadOnlyLock {
 public:
  explicit ReadOnlyLock(const std::string& folder)
      : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        is_free_(fd_ < 0 || ::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {}
  ~ReadOnlyLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  ReadOnlyLock(const ReadOnlyLock&) = delete;
  ReadOnlyLock& operator=(const ReadOnlyLock&) = delete;
  bool is_free() const { return is_free_; }

 private:
  const int fd_;
  const bool is_free_;
};

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

/// 0: nothing is lost; 1: something is; 2: it could not be done.
int Salvage(SalvageOptions options) {
  options.folder = WithoutSlash(std::move(options.folder));
  options.out = WithoutSlash(std::move(options.out));
  const ReadOnlyLock lock(options.folder);
  if (!lock.is_free()) {
    Fail(Error(ErrorCode::kLockFileExists, "folder \"{}\" is in use by another process",
               options.folder));
    return 2;
  }
  const auto summary = SalvageFolder(Env::Real(), options);
  if (!summary.ok()) {
    Fail(summary.status());
    return 2;
  }
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%llu tables, %llu rows in \"%s/salvage.sql\"\n", number(summary->tables),
              number(summary->rows), options.out.c_str());
  if (summary->undecided_rows > 0)
    std::printf("%llu rows that may be outdated in \"%s/undecided.sql\"\n",
                number(summary->undecided_rows), options.out.c_str());
  if (summary->not_applied_transactions > 0)
    std::printf("%llu transactions of the log not applied\n",
                number(summary->not_applied_transactions));
  std::printf("%llu damages and losses, in \"%s/report.txt\"\n", number(summary->losses),
              options.out.c_str());
  return summary->losses == 0 ? 0 : 1;
}

}  // namespace

void AddSalvageCommand(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<SalvageOptions>();
  CLI::App* command =
      app.add_subcommand("salvage",
                         "Write out, as SQL, what is whole of a damaged database folder, which "
                         "stays as it is");
  command->add_option("folder", options->folder, "The database's folder")->required();
  command->add_option("out", options->out, "Where salvage.sql and report.txt go; made")->required();
  command->callback([options, exit_code] { *exit_code = Salvage(*options); });
}

}  // namespace oxibase
