#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/database.h"
#include "engine/session.h"
#include "statement_monitor.h"
#include "statement_splitter.h"
#include "table_printer.h"

namespace oxibase {

/// A file, or the end of a pipe to a program.
struct FileCloser {
  bool pipe = false;
  void operator()(std::FILE* file) const {
    if (pipe) {
      pclose(file);
    } else {
      std::fclose(file);
    }
  }
};
using StdioFile = std::unique_ptr<std::FILE, FileCloser>;

/// The SQL shell on an embedded database: takes lines, runs statements and backslash commands,
/// prints results as psql does. One thread.
class Shell {
 public:
  static Result<std::unique_ptr<Shell>> Open(const std::string& folder);

  void set_format(OutputFormat format) { print_.format = format; }
  void set_echo(bool on) { echo_ = on; }
  void set_quiet(bool on) { quiet_ = on; }
  /// Lines come from somebody who types them.
  void set_interactive(bool on) { interactive_ = on; }
  /// From now on Ctrl-C cancels the running statement; with `bar`, long ones show how far they are.
  void Watch(bool bar);

  /// Adds a line; runs what it completes. False after \q.
  bool Line(const std::string& line);
  /// Runs what is left without a semicolon, at the end of a file or of -c.
  void End();
  /// Ctrl-C at the prompt: what was typed is forgotten.
  void Forget();
  /// Runs a file's lines. False, after a message, if it cannot be read.
  bool RunFile(const std::string& path);
  /// "oxibase=> ", or "oxibase-> " within a statement.
  std::string prompt() const;
  /// The statement typed so far, and whether COPY's data are what comes next.
  std::string pending() const { return splitter_.Rest(); }
  bool in_copy() const { return copy_in_ != nullptr; }
  bool had_error() const { return had_error_; }
  Session& session() { return *session_; }

 private:
  Shell(std::unique_ptr<Database> database, std::string folder)
      : database_(std::move(database)), folder_(std::move(folder)) {}

  // --- Statements (shell.cc).
  void Run(const std::string& sql);
  /// Runs `body`, and after it what ends a statement: commit, durability, error, time.
  void RunTimed(std::string_view sql, const std::function<Status()>& body);
  Status RunStatement(std::string_view sql);
  Status CopyToOutput(Portal& portal, std::FILE* to);
  Status CopyFromFile(Portal& portal, std::FILE* from);
  void CopyLine(const std::string& line);
  void EndCopyLines(bool failed);
  /// What a user asked for: results go where \o says.
  void PrintResult(const std::string& text);
  /// What is said about it.
  void Print(const std::string& text);
  void PrintTag(std::string_view tag);
  /// What was notified on channels that were listened to.
  void PrintNotifications();
  void PrintError(const Status& status, std::string_view sql);
  /// A line on stderr; Complain: that counts as an error.
  void Say(const std::string& text);
  void Complain(const std::string& text);

  // --- Backslash commands (shell_commands.cc).
  bool Command(const std::string& line);
  bool DisplayCommand(const std::string& name, const std::string& rest);
  bool BufferCommand(const std::string& name, const std::string& rest);
  void DescribeCommand(const std::string& name, const std::string& rest);
  void SetOutput(const std::string& target);
  void Pset(const std::string& rest);
  void Edit(const std::string& path);
  void RunCopy(const std::string& rest);
  void Tour();

  std::unique_ptr<Database> database_;
  std::string folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<StatementMonitor> monitor_;
  StatementSplitter splitter_;
  std::string last_query_;
  PrintOptions print_;
  bool timing_ = false;
  bool echo_ = false;
  bool quiet_ = false;
  bool interactive_ = false;
  bool had_error_ = false;
  bool stop_ = false;         // a Ctrl-C came: the files being run end
  bool expand_once_ = false;  // \gx
  StdioFile output_;
  std::unique_ptr<Portal> copy_in_;  // of COPY ... FROM STDIN, whose lines come now
  std::string copy_sql_;
  int depth_ = 0;  // of \i
};

/// \tour: what the first minutes are for.
extern const char* const kTour[];
extern const size_t kTourLines;

}  // namespace oxibase
