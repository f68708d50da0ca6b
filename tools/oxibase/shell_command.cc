// `oxibase shell` and `oxibase tour`.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "shell/completion.h"
#include "shell/line_editor.h"
#include "shell/shell.h"

namespace oxibase {
namespace {

struct ShellOptions {
  std::string folder;
  /// -c and -f in the order in which they were given.
  std::vector<std::pair<bool, std::string>> actions;  // whether it is a file
  bool csv = false, json = false, markdown = false, quiet = false, echo = false;
};

int Fail(const Status& status) {
  std::fprintf(stderr, "oxibase: %.*s\n", static_cast<int>(status.message().size()),
               status.message().data());
  return 1;
}

std::string HistoryPath() {
  if (const char* path = std::getenv("OXIBASE_HISTORY")) return path;
  const char* home = std::getenv("HOME");
  return std::string(home ? home : "/tmp") + "/.oxibase_history";
}

void Interact(Shell& shell) {
  std::printf("OxiBase %s. \\? for help, \\tour for a tour, \\q to leave.\n", OXI_VERSION);
  LineEditor editor(HistoryPath(), [&](std::string_view before_cursor) {
    if (shell.in_copy()) return Completion{0, {"\t"}, true};
    return CompleteText(shell.session(), shell.pending() + std::string(before_cursor));
  });
  std::string entry;  // the lines of a statement make one entry of the history
  for (;;) {
    std::string line;
    const auto outcome = editor.Read(shell.prompt(), &line);
    if (outcome == LineEditor::Outcome::kInterrupted) {
      shell.Forget();
      entry.clear();
      continue;
    }
    if (outcome == LineEditor::Outcome::kEnd && shell.in_copy()) {
      shell.End();
      continue;
    }
    if (outcome == LineEditor::Outcome::kEnd) break;
    if (!shell.in_copy()) entry += entry.empty() ? line : "\n" + line;
    const bool go_on = shell.Line(line);
    if (shell.pending().empty()) {
      editor.AddHistory(entry);
      entry.clear();
    }
    if (!go_on) return;
  }
  std::printf("\\q\n");
}

void RunLines(Shell& shell, std::istream& lines) {
  std::string line;
  while (std::getline(lines, line)) {
    if (!shell.Line(line)) break;
  }
  shell.End();
}

int RunShell(const ShellOptions& options) {
  auto opened = Shell::Open(options.folder);
  if (!opened.ok()) return Fail(opened.status());
  Shell& shell = **opened;
  std::signal(SIGPIPE, SIG_IGN);
  if (options.csv) shell.set_format(OutputFormat::kCsv);
  if (options.json) shell.set_format(OutputFormat::kJson);
  if (options.markdown) shell.set_format(OutputFormat::kMarkdown);
  shell.set_quiet(options.quiet);
  shell.set_echo(options.echo);
  shell.Watch(isatty(STDOUT_FILENO) != 0 && isatty(STDERR_FILENO) != 0);
  const bool from_stdin = options.actions.empty();
  for (const auto& [is_file, text] : options.actions) {
    if (is_file) {
      if (!shell.RunFile(text)) return 1;
      continue;
    }
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line) && shell.Line(line)) {
    }
    if (shell.in_copy()) {
      RunLines(shell, std::cin);
    } else {
      shell.End();
    }
  }
  if (from_stdin && isatty(STDIN_FILENO) != 0) {
    shell.set_interactive(true);
    Interact(shell);
    return 0;
  }
  if (from_stdin) RunLines(shell, std::cin);
  return shell.had_error() ? 1 : 0;
}

int RunTour() {
  auto shell = Shell::Open("");
  if (!shell.ok()) return Fail(shell.status());
  (*shell)->Line("\\tour");
  return (*shell)->had_error() ? 1 : 0;
}

}  // namespace

void AddShellCommands(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<ShellOptions>();
  CLI::App* shell = app.add_subcommand("shell", "A SQL shell on a database folder, or in memory");
  shell->add_option("folder", options->folder,
                    "the folder; made if it is missing (none: in memory)");
  // The two share one order, which only the parser knows.
  auto commands = std::make_shared<std::vector<std::string>>();
  auto files = std::make_shared<std::vector<std::string>>();
  const CLI::Option* command_option =
      shell->add_option("-c,--command", *commands, "run this and leave; may be repeated")
          ->allow_extra_args(false);
  shell->add_option("-f,--file", *files, "run this file and leave; may be repeated")
      ->allow_extra_args(false);
  shell->add_flag("-q,--quiet", options->quiet, "results only, no tags");
  shell->add_flag("-a,--echo", options->echo, "show each statement before it runs");
  shell->add_flag("--csv", options->csv, "results as CSV");
  shell->add_flag("--json", options->json, "results as JSON");
  shell->add_flag("--markdown", options->markdown, "results as Markdown");
  shell->callback([shell, command_option, commands, files, options, exit_code] {
    size_t command = 0, file = 0;
    for (const CLI::Option* option : shell->parse_order()) {
      if (option == command_option && command < commands->size()) {
        options->actions.emplace_back(false, (*commands)[command++]);
      } else if (option->check_lname("file") && file < files->size()) {
        options->actions.emplace_back(true, (*files)[file++]);
      }
    }
    *exit_code = RunShell(*options);
  });
  CLI::App* tour =
      app.add_subcommand("tour", "A short tour: creates, queries, rolls back, explains");
  tour->callback([exit_code] { *exit_code = RunTour(); });
}

}  // namespace oxibase
