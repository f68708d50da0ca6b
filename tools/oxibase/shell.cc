// `oxibase shell`: statements typed or piped in, against a folder or memory. Line editing and
// history by libedit. The `\d` family, completion and output formats are missing: psql on
// `oxibase serve` has them.

#include <editline/readline.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "commands.h"
#include "engine/database.h"
#include "engine/session.h"
#include "statement_runner.h"

namespace oxibase {
namespace {

struct ShellOptions {
  std::string folder;
  std::string command;
  std::string file;
};

std::string HistoryFile() {
  const char* home = std::getenv("HOME");
  return home != nullptr ? std::string(home) + "/.oxibase_history" : std::string();
}

/// False at the end of the input.
bool ReadLine(bool terminal, const char* prompt, std::string* line) {
  if (!terminal) {
    line->clear();
    int c = 0;
    while ((c = std::getchar()) != EOF && c != '\n') line->push_back(static_cast<char>(c));
    return c != EOF || !line->empty();
  }
  char* typed = readline(prompt);
  if (typed == nullptr) return false;
  *line = typed;
  if (*typed != '\0') add_history(typed);
  std::free(typed);
  return true;
}

/// A text is complete when it ends in a semicolon and the parser does not stop inside a quote.
bool IsComplete(const std::string& text) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string::npos || text[last] != ';') return false;
  bool quoted = false;
  for (char c : text) quoted ^= c == '\'';
  return !quoted;
}

int Converse(Session& session) {
  const bool terminal = isatty(0) && isatty(1);
  const std::string history = HistoryFile();
  if (terminal) {
    using_history();
    if (!history.empty()) read_history(history.c_str());
    std::printf("OxiBase. Statements end with ;  \\q leaves, \\tour shows round.\n");
  }
  std::string text, line;
  bool all_well = true;
  while (ReadLine(terminal, text.empty() ? "oxibase=> " : "oxibase-> ", &line)) {
    if (text.empty() && line == "\\q") break;
    if (text.empty() && line == "\\tour") {
      std::printf("Leave the shell and run: oxibase tour\n");
      continue;
    }
    if (text.empty() && line.starts_with("\\")) {
      std::fprintf(stderr, "unknown command %s\n", line.c_str());
      all_well = false;
      continue;
    }
    text += line + "\n";
    if (!IsComplete(text)) {
      if (text.find_first_not_of(" \t\r\n") == std::string::npos) text.clear();
      continue;
    }
    all_well &= RunAndPrint(session, text);
    text.clear();
  }
  if (!text.empty()) all_well &= RunAndPrint(session, text);
  if (terminal && !history.empty()) write_history(history.c_str());
  return terminal || all_well ? 0 : 1;
}

int Shell(const ShellOptions& options) {
  DatabaseOptions database_options;
  database_options.path = options.folder;
  auto database = Database::Open(database_options);
  if (!database.ok()) return PrintError(database.status()), 1;
  auto session = (*database)->Connect({});
  if (!session.ok()) return PrintError(session.status()), 1;
  if (!options.command.empty()) return RunAndPrint(**session, options.command) ? 0 : 1;
  if (!options.file.empty()) {
    std::ifstream in(options.file, std::ios::binary);
    if (!in) return std::fprintf(stderr, "%s: cannot be read\n", options.file.c_str()), 1;
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    return RunAndPrint(**session, text) ? 0 : 1;
  }
  return Converse(**session);
}

}  // namespace

void AddShellCommand(CLI::App& app, int* exit_code) {
  CLI::App* shell = app.add_subcommand("shell", "A SQL shell on a folder, or in memory");
  auto options = std::make_shared<ShellOptions>();
  shell->add_option("folder", options->folder, "the database's folder (default: in memory)");
  shell->add_option("-c,--command", options->command, "run this and end");
  shell->add_option("-f,--file", options->file, "run this file and end");
  shell->callback([options, exit_code] { *exit_code = Shell(*options); });
}

}  // namespace oxibase
