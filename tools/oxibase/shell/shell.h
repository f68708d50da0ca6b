#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "engine/database.h"
#include "engine/session.h"
#include "statement_splitter.h"
#include "table_printer.h"

namespace oxibase {

/// The SQL shell on an embedded database: takes lines, runs statements and backslash commands,
/// prints results. One thread, but for `Cancel`.
class Shell {
 public:
  static Result<std::unique_ptr<Shell>> Open(const std::string& folder);

  void set_format(OutputFormat format) { format_ = format; }
  void set_echo(bool on) { echo_ = on; }
  /// Adds a line; runs what it completes. False after \q.
  bool Line(const std::string& line);
  /// Runs what is left without a semicolon, at the end of a file or of -c.
  void End();
  /// Runs a file's lines. False if it cannot be read.
  bool RunFile(const std::string& path);
  /// "oxibase=> ", or "oxibase-> " within a statement.
  std::string prompt() const;
  bool had_error() const { return had_error_; }
  Session& session() { return *session_; }

 private:
  explicit Shell(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  void Run(const std::string& sql);
  Status RunStatement(std::string_view sql);
  Status CopyToOutput(Portal& portal, std::FILE* to);
  Status CopyFromFile(Portal& portal, std::FILE* from);
  bool Command(const std::string& line);
  void Describe(const std::string& command, const std::string& pattern);
  void DescribeTable(const std::string& name);
  void Query(const std::string& sql, const std::string& title);
  void CopyCommand(const std::string& rest);
  void Print(const std::string& text);
  void PrintError(const Status& status, std::string_view sql);

  std::unique_ptr<Database> database_;
  std::unique_ptr<Session> session_;
  StatementSplitter splitter_;
  OutputFormat format_ = OutputFormat::kTable;
  bool expanded_ = false;
  bool timing_ = false;
  bool echo_ = false;
  bool had_error_ = false;
  std::string next_title_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> output_{nullptr, &std::fclose};
  int depth_ = 0;  // of \i
};

/// \tour: what the first minutes are for.
extern const char* const kTour[];
extern const size_t kTourLines;

}  // namespace oxibase
