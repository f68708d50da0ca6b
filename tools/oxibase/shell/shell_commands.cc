// What begins with a backslash.

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "copy_command.h"
#include "describe.h"
#include "fmt/format.h"
#include "shell.h"

namespace oxibase {
namespace {

constexpr std::string_view kHelp = R"(General
  \q                 leave
  \?                 this help
  \tour              a short tour
  \timing [on|off]   times of statements
  \conninfo          what this is connected to

Query buffer
  \g [FILE]          run it (again); results to a file, or to |COMMAND
  \gx                the same, one column a line
  \e [FILE]          edit it with $EDITOR, then run it
  \p  \r             show it; empty it
  \w FILE            write it to a file

Input and output
  \copy ...          COPY with a file of this machine: T FROM 'FILE', T or (QUERY) TO 'FILE'
  \i FILE            run a file
  \o [FILE]          results to a file, or to |COMMAND; back to the screen
  \echo [-n] TEXT    print
  \! [COMMAND]       run in a shell

What there is (+: more about it; PATTERN: with * and ?)
  \d [NAME]          tables, views and sequences, or one of them
  \dt \dv \ds \di    tables, views, sequences, indexes
  \df \da \do \dC    functions, aggregates, operators, casts
  \dT \dn \du \l     types, schemas, roles, databases
  \sv VIEW           a view's definition

Formats
  \x [on|off]        one column a line
  \pset format F     aligned, csv, json, markdown
  \pset null TEXT    what stands for NULL
)";

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

/// An argument, without the single quotes it may stand in.
std::string Unquote(const std::string& text) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return text;
  std::string plain;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '\'' && text[i + 1] == '\'') ++i;
  }
  return plain;
}

/// on, off, or the other one when nothing is said.
bool Toggled(const std::string& rest, bool now) {
  if (rest.empty()) return !now;
  return rest == "on" || rest == "true" || rest == "1" || rest == "yes";
}

}  // namespace

bool Shell::Command(const std::string& line) {
  size_t end = line.find_first_of(" \t");
  if (line.starts_with("\\!")) end = 2;
  const std::string name = line.substr(0, end);
  std::string rest = end >= line.size() ? "" : Trim(line.substr(end));
  if (name != "\\copy" && name != "\\echo" && name != "\\!" && rest.ends_with(';')) rest.pop_back();
  if (name == "\\q" || name == "\\quit") return false;
  if (name == "\\?" || name == "\\h" || name == "\\help") {
    Print(std::string(kHelp));
  } else if (name == "\\i" || name == "\\include") {
    RunFile(Unquote(rest));
  } else if (name == "\\o" || name == "\\out") {
    SetOutput(Unquote(rest));
  } else if (name == "\\copy") {
    RunCopy(rest);
  } else if (name == "\\tour") {
    Tour();
  } else if (name == "\\!") {
    const char* program = std::getenv("SHELL");
    if (std::system(rest.empty() ? (program ? program : "/bin/sh") : rest.c_str()) != 0) {
      had_error_ = true;
    }
  } else if (name == "\\conninfo") {
    Print(fmt::format("You are connected to database \"{}\" as user \"{}\" {}.\n", "postgres",
                      "postgres", folder_.empty() ? "in memory" : "in folder \"" + folder_ + "\""));
  } else if (!BufferCommand(name, rest) && !DisplayCommand(name, rest)) {
    DescribeCommand(name, rest);
  }
  return true;
}

bool Shell::DisplayCommand(const std::string& name, const std::string& rest) {
  if (name == "\\x") {
    print_.expanded = Toggled(rest, print_.expanded);
    if (!quiet_) Print(fmt::format("Expanded display is {}.\n", print_.expanded ? "on" : "off"));
  } else if (name == "\\timing") {
    timing_ = Toggled(rest, timing_);
    if (!quiet_) Print(fmt::format("Timing is {}.\n", timing_ ? "on" : "off"));
  } else if (name == "\\pset") {
    Pset(rest);
  } else if (name == "\\echo") {
    const bool no_line_feed = rest == "-n" || rest.starts_with("-n ");
    const std::string text = no_line_feed ? Trim(rest.substr(2)) : rest;
    Print(Unquote(text) + (no_line_feed ? "" : "\n"));
  } else {
    return false;
  }
  return true;
}

void Shell::Pset(const std::string& rest) {
  const size_t blank = rest.find_first_of(" \t");
  const std::string option = rest.substr(0, blank);
  const std::string value = blank == std::string::npos ? "" : Unquote(Trim(rest.substr(blank)));
  if (option == "null") {
    print_.null_text = value;
    if (!quiet_) Print(fmt::format("Null display is \"{}\".\n", value));
  } else if (option == "expanded") {
    DisplayCommand("\\x", value);
  } else if (option == "format") {
    static constexpr std::pair<std::string_view, OutputFormat> kFormats[] = {
        {"aligned", OutputFormat::kTable},
        {"table", OutputFormat::kTable},
        {"csv", OutputFormat::kCsv},
        {"json", OutputFormat::kJson},
        {"markdown", OutputFormat::kMarkdown}};
    for (const auto& [name, format] : kFormats) {
      if (name != value) continue;
      print_.format = format;
      if (!quiet_) Print(fmt::format("Output format is {}.\n", value));
      return;
    }
    Complain("\\pset: allowed formats are aligned, csv, json, markdown");
  } else {
    Complain("\\pset: unknown option: " + option);
  }
}

bool Shell::BufferCommand(const std::string& name, const std::string& rest) {
  const std::string buffer = Trim(splitter_.Rest());
  if (name == "\\g" || name == "\\gx") {
    const std::string sql = buffer.empty() ? last_query_ : buffer;
    splitter_.Clear();
    if (sql.empty()) return true;
    StdioFile before;
    if (!rest.empty()) {
      before = std::move(output_);
      SetOutput(Unquote(rest));
    }
    expand_once_ = name == "\\gx";
    Run(sql);
    expand_once_ = false;
    if (!rest.empty()) output_ = std::move(before);
  } else if (name == "\\e" || name == "\\edit") {
    Edit(Unquote(rest));
  } else if (name == "\\p" || name == "\\print") {
    const std::string& shown = buffer.empty() ? last_query_ : buffer;
    Print(shown.empty() ? "Query buffer is empty.\n" : shown + "\n");
  } else if (name == "\\r" || name == "\\reset") {
    splitter_.Clear();
    if (!quiet_) Print("Query buffer reset (cleared).\n");
  } else if (name == "\\w" || name == "\\write") {
    std::ofstream file(Unquote(rest));
    file << (buffer.empty() ? last_query_ : buffer) << "\n";
    if (!file.flush()) Complain(rest + ": " + std::strerror(errno));
  } else {
    return false;
  }
  return true;
}

void Shell::SetOutput(const std::string& target) {
  output_.reset();
  if (target.empty()) return;
  const bool pipe = target[0] == '|';
  std::FILE* file = pipe ? popen(target.c_str() + 1, "w") : std::fopen(target.c_str(), "w");
  if (!file) return Complain(target + ": " + std::strerror(errno));
  output_ = StdioFile(file, FileCloser{pipe});
}

void Shell::Edit(const std::string& path) {
  const std::string buffer = Trim(splitter_.Rest());
  const std::string before = buffer.empty() ? last_query_ : buffer;
  std::string file = path;
  if (path.empty()) {
    const char* folder = std::getenv("TMPDIR");
    file = std::string(folder ? folder : "/tmp") + "/oxibase.edit.XXXXXX.sql";
    const int descriptor = mkstemps(file.data(), 4);
    if (descriptor < 0) return Complain(file + ": " + std::strerror(errno));
    close(descriptor);
    std::ofstream(file) << before << (before.empty() ? "" : "\n");
  }
  const char* editor = nullptr;
  for (const char* variable : {"PSQL_EDITOR", "EDITOR", "VISUAL"}) {
    if (!editor) editor = std::getenv(variable);
  }
  const std::string command = fmt::format("{} '{}'", editor ? editor : "vi", file);
  const int outcome = std::system(command.c_str());
  std::stringstream after;
  after << std::ifstream(file).rdbuf();
  if (path.empty()) std::remove(file.c_str());
  if (outcome != 0) return Complain("the editor did not end well: " + command);
  splitter_.Clear();
  const std::string text = Trim(after.str());
  if (text.empty() || (path.empty() && text == before)) return;
  Print(text + "\n");
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!Line(line)) break;
  }
}

void Shell::DescribeCommand(const std::string& name, const std::string& rest) {
  std::function<void(const std::string&)> complain;
  if (!quiet_) complain = [this](const std::string& text) { Say(text); };
  Describer describer(
      *session_, [this](const ResultTable& table) { PrintResult(PrintTable(table, print_)); },
      std::move(complain));
  if (monitor_) monitor_->Begin();
  Status status;
  bool known = true;
  if (name == "\\sv") {
    Result<std::string> text = describer.ViewStatement(Unquote(rest));
    if (text.ok()) PrintResult(*text);
    status = std::move(text).status();
  } else {
    Result<bool> found = describer.Run(name, rest);
    known = !found.ok() || *found;
    status = std::move(found).status();
  }
  if (monitor_) monitor_->End();
  if (!known) return Complain("invalid command " + name + "\nTry \\? for help.");
  if (!status.ok()) PrintError(status, "");
}

void Shell::RunCopy(const std::string& rest) {
  const Result<CopyCommand> parsed = CopyCommand::Parse(rest);
  if (!parsed.ok()) return Complain(std::string(parsed.status().message()));
  const CopyCommand& command = *parsed;
  if (command.place == CopyCommand::Place::kStandard) return Run(command.sql);
  const bool pipe = command.place == CopyCommand::Place::kProgram;
  StdioFile file(pipe ? popen(command.path.c_str(), command.from ? "r" : "w")
                      : std::fopen(command.path.c_str(), command.from ? "rb" : "wb"),
                 FileCloser{pipe});
  if (!file) return Complain(command.path + ": " + std::strerror(errno));
  RunTimed(command.sql, [&]() -> Status {
    ASSIGN_OR_RETURN(auto prepared, session_->Prepare(command.sql, {}));
    ASSIGN_OR_RETURN(const auto portal, session_->Bind(std::move(prepared), {}));
    RETURN_IF_ERROR(command.from ? CopyFromFile(*portal, file.get())
                                 : CopyToOutput(*portal, file.get()));
    if (monitor_) monitor_->End();
    PrintTag(portal->tag());
    return {};
  });
}

void Shell::Tour() {
  for (size_t i = 0; i < kTourLines; ++i) {
    if (kTour[i][0] != '\\') Print("=> " + std::string(kTour[i]) + "\n");
    Line(kTour[i]);
  }
}

}  // namespace oxibase
