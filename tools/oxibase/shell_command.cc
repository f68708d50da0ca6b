// `oxibase shell` and `oxibase tour`.

#include <histedit.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "commands.h"
#include "shell/shell.h"

namespace oxibase {
namespace {

struct ShellOptions {
  std::string folder;
  std::vector<std::string> commands, files;
  bool csv = false, json = false, markdown = false;
};

// What the signal handler and libedit's callback reach: there is one shell in the process.
Session* g_session = nullptr;
std::string g_prompt;

void OnInterrupt(int) {
  if (g_session) g_session->Cancel();
}

int Fail(const Status& status) {
  std::fprintf(stderr, "oxibase: %.*s\n", static_cast<int>(status.message().size()),
               status.message().data());
  return 1;
}

/// Line editing with history. libedit keeps its state in these handles.
int Interact(Shell& shell) {
  std::printf("OxiBase %s. \\? for help, \\tour for a tour, \\q to leave.\n", OXI_VERSION);
  EditLine* line = el_init("oxibase", stdin, stdout, stderr);
  History* lines = history_init();
  HistEvent event;
  history(lines, &event, H_SETSIZE, 1000);
  const char* home = std::getenv("HOME");
  const std::string file = std::string(home ? home : "/tmp") + "/.oxibase_history";
  history(lines, &event, H_LOAD, file.c_str());
  el_set(line, EL_HIST, history, lines);
  el_set(line, EL_PROMPT,
         static_cast<char* (*)(EditLine*)>([](EditLine*) { return g_prompt.data(); }));
  el_set(line, EL_EDITOR, "emacs");
  for (;;) {
    g_prompt = shell.prompt();
    int count = 0;
    const char* text = el_gets(line, &count);
    if (!text || count <= 0) break;
    if (count > 1) history(lines, &event, H_ENTER, text);
    if (!shell.Line(std::string(text, static_cast<size_t>(count)))) break;
  }
  history(lines, &event, H_SAVE, file.c_str());
  history_end(lines);
  el_end(line);
  std::printf("\n");
  return 0;
}

int RunShell(const ShellOptions& options) {
  auto shell = Shell::Open(options.folder);
  if (!shell.ok()) return Fail(shell.status());
  g_session = &(*shell)->session();
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGPIPE, SIG_IGN);
  if (options.csv) (*shell)->set_format(OutputFormat::kCsv);
  if (options.json) (*shell)->set_format(OutputFormat::kJson);
  if (options.markdown) (*shell)->set_format(OutputFormat::kMarkdown);
  for (const auto& command : options.commands) {
    (*shell)->Line(command);
    (*shell)->End();
  }
  for (const auto& file : options.files) {
    if (!(*shell)->RunFile(file)) {
      return Fail(Error(ErrorCode::kUndefinedFile, "{}: cannot be read", file));
    }
  }
  int code = 0;
  if (options.commands.empty() && options.files.empty()) {
    if (isatty(STDIN_FILENO)) {
      code = Interact(**shell);
    } else {
      std::string line;
      while (std::getline(std::cin, line)) {
        if (!(*shell)->Line(line)) break;
      }
      (*shell)->End();
    }
  }
  if ((*shell)->had_error() && !isatty(STDIN_FILENO)) code = 1;
  if ((*shell)->had_error() && !(options.commands.empty() && options.files.empty())) code = 1;
  g_session = nullptr;
  return code;
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
  shell->add_option("-c,--command", options->commands, "run this and leave; may be repeated");
  shell->add_option("-f,--file", options->files, "run this file and leave; may be repeated");
  shell->add_flag("--csv", options->csv, "results as CSV");
  shell->add_flag("--json", options->json, "results as JSON");
  shell->add_flag("--markdown", options->markdown, "results as Markdown");
  shell->callback([options, exit_code] { *exit_code = RunShell(*options); });
  CLI::App* tour =
      app.add_subcommand("tour", "A short tour: creates, queries, rolls back, explains");
  tour->callback([exit_code] { *exit_code = RunTour(); });
}

}  // namespace oxibase
