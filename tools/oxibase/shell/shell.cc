#include "shell.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <utility>

#include "../recovery_lines.h"
#include "env/clock.h"
#include "env/env.h"
#include "fmt/format.h"
#include "result_query.h"

namespace oxibase {
namespace {

constexpr int kIncludeDepthMax = 16;
constexpr size_t kCopyChunkBytes = size_t{256} << 10;

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string NoticeText(std::string_view severity, const ErrorInfo& info) {
  std::string text = fmt::format("{}:  {}\n", severity, info.message);
  if (!info.detail.empty()) text += "DETAIL:  " + info.detail + "\n";
  if (!info.hint.empty()) text += "HINT:  " + info.hint + "\n";
  return text;
}

}  // namespace

Result<std::unique_ptr<Shell>> Shell::Open(const std::string& folder) {
  DatabaseOptions options;
  options.path = folder;
  options.on_recovery = RecoveryLines();
  ASSIGN_OR_RETURN(auto database, Database::Open(options));
  std::unique_ptr<Shell> shell(new Shell(std::move(database), folder));
  SessionOptions session;
  session.application_name = "oxibase shell";
  session.on_notice = [self = shell.get()](std::string_view severity, const ErrorInfo& info) {
    if (self->monitor_) self->monitor_->Hide();
    std::fflush(stdout);
    std::fputs(NoticeText(severity, info).c_str(), stderr);
  };
  ASSIGN_OR_RETURN(shell->session_, shell->database_->Connect(session));
  return shell;
}

void Shell::Watch(bool bar) { monitor_ = std::make_unique<StatementMonitor>(*session_, bar); }

std::string Shell::prompt() const {
  if (copy_in_) return ">> ";
  const char state = session_->transaction_status() == TransactionStatus::kInTransaction ? '*'
                     : session_->transaction_status() == TransactionStatus::kFailed      ? '!'
                                                                                         : ' ';
  const std::string mark = state == ' ' ? "" : std::string(1, state);
  return splitter_.Rest().empty() ? "oxibase=" + mark + "> " : "oxibase-" + mark + "> ";
}

void Shell::PrintResult(const std::string& text) {
  std::FILE* to = output_ ? output_.get() : stdout;
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
}

void Shell::Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Shell::PrintTag(std::string_view tag) {
  if (!quiet_ && !tag.empty()) PrintResult(std::string(tag) + "\n");
}

void Shell::Say(const std::string& text) {
  std::fflush(stdout);
  std::fputs((text + "\n").c_str(), stderr);
}

void Shell::Complain(const std::string& text) {
  had_error_ = true;
  Say(text);
}

bool Shell::Line(const std::string& line) {
  if (copy_in_) {
    CopyLine(line);
    return true;
  }
  const size_t backslash = splitter_.FindBackslash(line);
  if (backslash != std::string::npos) {
    const std::string before = line.substr(0, backslash);
    if (!IsBlank(before)) splitter_.Add(before);
    std::string statement;
    while (splitter_.Next(&statement)) Run(statement);
    return Command(Trim(line.substr(backslash)));
  }
  if (splitter_.Rest().empty()) splitter_.Clear();
  splitter_.Add(line + "\n");
  std::string statement;
  while (!copy_in_ && splitter_.Next(&statement)) Run(statement);
  if (copy_in_) splitter_.Clear();
  return true;
}

void Shell::End() {
  if (copy_in_) EndCopyLines(false);
  std::string rest = splitter_.Rest();
  splitter_.Clear();
  rest.erase(rest.find_last_not_of(" \t\r\n") + 1);
  if (!rest.empty()) Run(rest);
}

void Shell::Forget() {
  if (copy_in_) EndCopyLines(true);
  splitter_.Clear();
}

bool Shell::RunFile(const std::string& path) {
  std::ifstream file(path);
  struct stat info{};
  if (!file || stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode) ||
      depth_ >= kIncludeDepthMax) {
    Complain(path + ": " +
             (depth_ >= kIncludeDepthMax ? "included too deep"
              : file                     ? "is a folder"
                                         : std::strerror(errno)));
    // Who goes in circles would do so once for each line of each level.
    if (depth_ >= kIncludeDepthMax) stop_ = true;
    return false;
  }
  ++depth_;
  std::string line;
  while (!stop_ && std::getline(file, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (!Line(line)) break;
  }
  if (stop_) Forget();
  End();
  if (--depth_ == 0) stop_ = false;
  return true;
}

// --- Statements -------------------------------------------------------------------------------

void Shell::Run(const std::string& sql) {
  if (echo_) Print(Trim(sql) + "\n");
  last_query_ = Trim(sql);
  RunTimed(sql, [&] { return RunStatement(sql); });
}

void Shell::RunTimed(std::string_view sql, const std::function<Status()>& body) {
  Clock& clock = Env::Real().clock();
  const int64_t begin = clock.MonotonicNanos();
  if (monitor_) monitor_->Begin();
  Status status = body();
  if (copy_in_ && status.ok()) {  // the statement goes on with the lines that come
    if (monitor_) monitor_->End();
    return;
  }
  if (!status.ok()) session_->FailTransaction();
  Status end = session_->EndImplicit();
  if (status.ok()) status = std::move(end);
  if (status.ok()) status = session_->WaitDurable();
  if (monitor_) {
    monitor_->End();
    if (monitor_->TakeInterrupt()) stop_ = depth_ > 0;
  }
  if (!status.ok()) PrintError(status, sql);
  PrintNotifications();
  if (timing_) {
    Print(fmt::format("Time: {:.3f} ms\n",
                      static_cast<double>(clock.MonotonicNanos() - begin) / 1e6));
  }
}

Status Shell::RunStatement(std::string_view sql) {
  ASSIGN_OR_RETURN(auto prepared, session_->Prepare(sql, {}));
  if (prepared->is_empty()) return {};
  if (!prepared->param_types().empty()) {
    return Error(ErrorCode::kUndefinedParameter, "there is no parameter $1");
  }
  ASSIGN_OR_RETURN(auto portal, session_->Bind(std::move(prepared), {}));
  if (portal->kind() == PortalKind::kCopyIn) {
    if (interactive_ && !quiet_) {
      Print(
          "Enter data to be copied followed by a newline.\n"
          "End with a backslash and a period on a line by itself, or an EOF signal.\n");
    }
    copy_in_ = std::move(portal);
    copy_sql_ = sql;
    return {};
  }
  if (portal->kind() == PortalKind::kCopyOut) {
    return CopyToOutput(*portal, output_ ? output_.get() : stdout);
  }
  ResultTable table;
  const bool has_rows = portal->kind() == PortalKind::kRows;
  bool named = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, portal->Next(0));
    if (has_rows && !std::exchange(named, true)) table = TableOf(*portal);
    if (!batch) break;
    if (has_rows) AddRows(*batch, *session_, &table);
  }
  if (monitor_) monitor_->End();
  const std::string_view tag = portal->tag();
  if (has_rows) {
    PrintOptions print = print_;
    print.expanded = print.expanded || expand_once_;
    PrintResult(PrintTable(table, print));
  }
  const bool changes =
      tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE");
  if (!has_rows || changes) PrintTag(tag);
  return {};
}

Status Shell::CopyToOutput(Portal& portal, std::FILE* to) {
  uint64_t done = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const std::string_view bytes, portal.NextCopyData());
    if (bytes.empty()) break;
    if (std::fwrite(bytes.data(), 1, bytes.size(), to) != bytes.size()) {
      return Error(ErrorCode::kIoError, "the output cannot be written: {}", std::strerror(errno));
    }
    done += bytes.size();
    if (monitor_) monitor_->ReportBytes(done, 0);
  }
  if (std::fflush(to) != 0) {
    return Error(ErrorCode::kIoError, "the output cannot be written: {}", std::strerror(errno));
  }
  return {};
}

Status Shell::CopyFromFile(Portal& portal, std::FILE* from) {
  struct stat info{};
  const bool regular = fstat(fileno(from), &info) == 0 && S_ISREG(info.st_mode);
  const auto total = regular ? static_cast<uint64_t>(info.st_size) : 0;
  uint64_t done = 0;
  std::string chunk(kCopyChunkBytes, '\0');
  for (;;) {
    const size_t count = std::fread(chunk.data(), 1, chunk.size(), from);
    if (count == 0) break;
    done += count;
    if (monitor_) monitor_->ReportBytes(done, total);
    RETURN_IF_ERROR(portal.CopyData(std::string_view(chunk).substr(0, count)));
  }
  if (std::ferror(from) != 0) {
    const int code = errno;
    portal.CopyFail(std::strerror(code)).Ignore("the message below says it");
    return Error(ErrorCode::kIoError, "the file cannot be read: {}", std::strerror(code));
  }
  return portal.CopyDone();
}

void Shell::CopyLine(const std::string& line) {
  if (line == "\\.") return EndCopyLines(false);
  if (copy_sql_.empty()) return;  // it has failed: the rest of its data is read over
  Status status = copy_in_->CopyData(line + "\n");
  if (status.ok()) return;
  RunTimed(std::exchange(copy_sql_, ""), [&] { return std::move(status); });
}

void Shell::EndCopyLines(bool failed) {
  const std::unique_ptr<Portal> portal = std::move(copy_in_);
  if (copy_sql_.empty()) return;  // it had failed already
  RunTimed(std::exchange(copy_sql_, ""), [&]() -> Status {
    if (failed) return portal->CopyFail("canceled by user");
    RETURN_IF_ERROR(portal->CopyDone());
    PrintTag(portal->tag());
    return {};
  });
}

void Shell::PrintNotifications() {
  for (;;) {
    const std::vector<Notification> some = session_->TakeNotifications(kCopyChunkBytes);
    if (some.empty()) return;
    for (const Notification& one : some) {
      const std::string payload =
          one.payload.empty() ? "" : fmt::format(" with payload \"{}\"", one.payload);
      PrintResult(fmt::format(
          "Asynchronous notification \"{}\"{} received from server process with PID {}.\n",
          one.channel, payload, one.pid));
    }
  }
}

void Shell::PrintError(const Status& status, std::string_view sql) {
  had_error_ = true;
  const ErrorInfo& info = status.info();
  std::string text = "ERROR:  " + info.message + "\n";
  if (info.location >= 0 && static_cast<size_t>(info.location) <= sql.size()) {
    const auto at = static_cast<size_t>(info.location);
    size_t begin = sql.rfind('\n', at == 0 ? 0 : at - 1);
    begin = begin == std::string_view::npos || at == 0 ? 0 : begin + 1;
    const size_t end = std::min(sql.find('\n', at), sql.size());
    const size_t first = std::min(sql.find_first_not_of(" \t\r\n"), begin);
    const auto line_number = 1 + std::count(sql.begin() + static_cast<long>(first),
                                            sql.begin() + static_cast<long>(begin), '\n');
    const std::string head = fmt::format("LINE {}: ", line_number);
    text += head + std::string(sql.substr(begin, end - begin)) + "\n";
    const size_t width = head.size() + DisplayWidth(std::string(sql.substr(begin, at - begin)));
    text += std::string(width, ' ') + "^\n";
  }
  if (!info.detail.empty()) text += "DETAIL:  " + info.detail + "\n";
  if (!info.hint.empty()) text += "HINT:  " + info.hint + "\n";
  if (!info.context.empty()) text += "CONTEXT:  " + info.context + "\n";
  std::fflush(stdout);
  std::fputs(text.c_str(), stderr);
}

}  // namespace oxibase
