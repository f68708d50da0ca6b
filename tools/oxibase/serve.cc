// `oxibase serve`: a database folder over PostgreSQL's wire protocol.

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "command_error.h"
#include "commands.h"
#include "engine/database.h"
#include "env/thread.h"
#include "recovery_lines.h"
#include "server/server.h"

namespace oxibase {
namespace {

struct ServeOptions {
  std::string data;
  std::string listen = "127.0.0.1:5432";
  uint64_t log_megabytes = 64;
  std::string archive;
  uint64_t memory_limit = 0;
  std::string temp_directory;
};

Status SplitAddress(const std::string& text, ServerOptions* options) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return Error(ErrorCode::kInvalidParameterValue, "\"{}\" is not ADDRESS:PORT", text);
  }
  std::string address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  const std::string port = text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoul(port) > 65535) {
    return Error(ErrorCode::kInvalidParameterValue, "\"{}\" is not a port", port);
  }
  if (!address.empty()) options->address = address;
  options->port = static_cast<uint16_t>(std::stoul(port));
  return {};
}

int Serve(const ServeOptions& options) {
  // Memory goes from one thread to another (a version is made by a session and freed by whoever
  // finds it dead): with the C library's default of eight heaps a processor it spreads over all of
  // them. Threads have caches of their own in front of the heaps.
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(1u, Thread::HardwareConcurrency() / 2)));
  ServerOptions server_options;
  if (Status status = SplitAddress(options.listen, &server_options); !status.ok()) {
    return Fail(status);
  }
  // Signals are taken by this thread alone, in sigwait.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  DatabaseOptions database_options;
  database_options.path = options.data;
  database_options.archive = options.archive;
  database_options.on_recovery = RecoveryLines();
  database_options.checkpoint_bytes = options.log_megabytes << 20;
  database_options.memory_limit = options.memory_limit;
  database_options.temp_directory = options.temp_directory;
  auto database = Database::Open(database_options);
  if (!database.ok()) return Fail(database.status());
  auto server = Server::Start(**database, server_options);
  if (!server.ok()) return Fail(server.status());
  std::printf("oxibase: serving %s on %s:%u\n",
              options.data.empty() ? "a database in memory" : options.data.c_str(),
              server_options.address.c_str(), (*server)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  std::printf("oxibase: stopping\n");
  std::fflush(stdout);
  (*server)->Stop();
  server->reset();
  database->reset();
  return 0;
}

}  // namespace

void AddServeCommand(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command =
      app.add_subcommand("serve", "Serve a database folder over PostgreSQL's wire protocol");
  command->add_option("--data", options->data,
                      "the folder; made if it is missing (none: in memory)");
  command
      ->add_option("--memory-limit", options->memory_limit,
                   "what to hold in memory at most, such as 512MB (none: four fifths of the "
                   "machine's)")
      ->transform(CLI::AsSizeValue(false));
  command->add_option("--temp-directory", options->temp_directory,
                      "where statements put what does not fit (none: tmp in the folder)");
  command->add_option("--listen", options->listen, "ADDRESS:PORT; port 0 takes a free one")
      ->capture_default_str();
  command
      ->add_option("--checkpoint-log-mb", options->log_megabytes,
                   "how much log, at least, makes a checkpoint; what a restart may have to read")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--archive", options->archive,
                      "a folder where the log is copied before its files are removed");
  command->callback([options, exit_code] { *exit_code = Serve(*options); });
}

}  // namespace oxibase
