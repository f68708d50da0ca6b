#include "runner.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <thread>

namespace oxibase::slt {
namespace {

using std::chrono::milliseconds;

/// How long a statement must stay blocked to count as waiting, and how long its end is waited for.
constexpr milliseconds kWaitingMin{100};
constexpr milliseconds kWakingMax{20'000};
/// A statement that runs longer is cancelled; one that cannot be cancelled ends the program.
constexpr milliseconds kStatementMax{60'000};
constexpr milliseconds kCancelMax{15'000};

std::string ShowValue(const std::optional<std::string>& value) {
  if (!value) return "NULL";
  if (value->empty()) return "(empty)";
  if (value->find('\n') == std::string::npos) return *value;
  std::string shown;
  for (char c : *value) {
    if (c == '\n') {
      shown += "\\n";
    } else {
      shown += c;
    }
  }
  return shown;
}

/// Tabs may stand for the spaces between values.
std::string Untabbed(std::string line) {
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

std::vector<std::string> ShowRows(const Outcome& outcome, SortMode sort) {
  std::vector<std::string> lines;
  for (const auto& row : outcome.rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (sort == SortMode::kValueSort) {
        lines.push_back(ShowValue(row[i]));
        continue;
      }
      if (i > 0) line += ' ';
      line += ShowValue(row[i]);
    }
    if (sort != SortMode::kValueSort) lines.push_back(row.empty() ? "(no columns)" : line);
  }
  if (sort != SortMode::kNoSort) std::sort(lines.begin(), lines.end());
  return lines;
}

bool SameRows(std::vector<std::string> expected, std::vector<std::string> actual, SortMode sort) {
  for (auto* side : {&expected, &actual}) {
    for (std::string& line : *side) line = Untabbed(std::move(line));
    if (sort != SortMode::kNoSort) std::sort(side->begin(), side->end());
  }
  return expected == actual;
}

std::string Indented(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "      " + line + "\n";
  return text;
}

/// A named connection and what it may still be doing.
struct Connection {
  std::unique_ptr<Client> client;
  std::future<Outcome> pending;
};

class FileRun {
 public:
  FileRun(Script& script, const RunOptions& options) : script_(script), options_(options) {}

  FileReport Run() {
    std::string error;
    backend_ = OpenBackend(options_.backend, error);
    if (backend_ == nullptr) return Broken("no database: " + error);
    for (Record& record : script_.records) {
      if (record.kind == RecordKind::kHalt) break;
      if (Skips(record)) {
        ++report_.skipped;
        continue;
      }
      if (!RunRecord(record)) break;
    }
    CloseClients();
    if (!backend_->Close(error)) Fail(nullptr, "closing: " + error);
    if (options_.rewrite) Rewrite();
    return report_;
  }

 private:
  FileReport Broken(const std::string& why) {
    Fail(nullptr, why);
    return report_;
  }

  void Fail(const Record* record, const std::string& why) {
    ++report_.failed;
    size_t line = record != nullptr ? record->head_line + 1 : 1;
    report_.text += script_.path + ":" + std::to_string(line) + ": " + why + "\n";
    if (record != nullptr && !record->sql.empty()) {
      std::string sql = record->sql.substr(0, 2000);
      report_.text += "    " + sql + (sql.ends_with('\n') ? "" : "\n");
    }
  }

  bool Skips(const Record& record) const {
    auto named = [&](const std::string& word) { return IsNamed(options_.backend, word); };
    if (std::any_of(record.skip_if.begin(), record.skip_if.end(), named)) return true;
    return !record.only_if.empty() &&
           std::none_of(record.only_if.begin(), record.only_if.end(), named);
  }

  /// False if the rest of the file makes no sense any more.
  bool RunRecord(Record& record) {
    if (record.kind == RecordKind::kConnection) {
      current_ = record.name;
      return true;
    }
    std::string error;
    if (record.kind == RecordKind::kRestart) {
      CloseClients();
      if (backend_->Restart(error)) return ++report_.passed, true;
      return Fail(&record, "restart: " + error), false;
    }
    if (record.expect == Expectation::kWakes) return Wake(record), true;
    Connection* connection = Connect(current_, error);
    if (connection == nullptr) return Fail(&record, "no connection: " + error), false;
    if (connection->pending.valid()) {
      return Fail(&record, "connection " + current_ + " is still waiting"), true;
    }
    if (record.expect == Expectation::kWaits) return Wait(record, *connection), true;
    Outcome outcome = Execute(record, *connection->client);
    Judge(record, outcome);
    if (outcome.sqlstate == "08006") connections_.erase(current_);
    return true;
  }

  Connection* Connect(const std::string& name, std::string& error) {
    Connection& connection = connections_[name];
    if (connection.client == nullptr) {
      connection.client = backend_->Connect(error);
      if (connection.client != nullptr && !options_.session_sql.empty()) {
        const Outcome outcome = connection.client->Execute(options_.session_sql, "");
        if (!outcome.ok()) return error = outcome.message, nullptr;
      }
    }
    return connection.client != nullptr ? &connection : nullptr;
  }

  /// Runs with a watch over its time, on this thread.
  Outcome Execute(const Record& record, Client& client) {
    std::mutex mu;
    std::condition_variable ended;
    bool done = false;
    std::thread watch([&] {
      std::unique_lock lock(mu);
      if (ended.wait_for(lock, kStatementMax, [&] { return done; })) return;
      client.Cancel();
      if (ended.wait_for(lock, kCancelMax, [&] { return done; })) return;
      std::fprintf(stderr, "%s:%zu: the statement does not end and cannot be cancelled\n",
                   script_.path.c_str(), record.head_line + 1);
      std::_Exit(3);
    });
    Outcome outcome = client.Execute(record.sql, record.copy_data);
    {
      std::lock_guard lock(mu);
      done = true;
    }
    ended.notify_all();
    watch.join();
    return outcome;
  }

  void Wait(Record& record, Connection& connection) {
    Client* client = connection.client.get();
    connection.pending = std::async(std::launch::async, [client, &record] {
      return client->Execute(record.sql, record.copy_data);
    });
    if (connection.pending.wait_for(kWaitingMin) == std::future_status::ready) {
      Outcome outcome = connection.pending.get();
      Fail(&record, "should wait, but ended with " +
                        (outcome.ok() ? "ok" : outcome.sqlstate + ": " + outcome.message));
      return;
    }
    waiting_[record.name] = current_;
    ++report_.passed;
  }

  void Wake(Record& record) {
    auto found = waiting_.find(record.name);
    if (found == waiting_.end()) return Fail(&record, "nothing waits as " + record.name);
    Connection& connection = connections_[found->second];
    waiting_.erase(found);
    if (connection.pending.wait_for(kWakingMax) != std::future_status::ready) {
      Fail(&record, record.name + " still waits");
      connection.client->Cancel();
      connection.pending.get();
      return;
    }
    Judge(record, connection.pending.get());
  }

  void Judge(Record& record, const Outcome& outcome) {
    std::vector<std::string> rows = ShowRows(outcome, record.sort);
    std::string why = Mismatch(record, outcome, rows);
    if (why.empty()) {
      ++report_.passed;
      return;
    }
    if (options_.rewrite && Amend(record, outcome, rows)) {
      ++report_.passed;
      return;
    }
    Fail(&record, why);
  }

  /// Empty if the outcome is what the record expects.
  static std::string Mismatch(const Record& record, const Outcome& outcome,
                              const std::vector<std::string>& rows) {
    bool wants_error = record.expect == Expectation::kError ||
                       (record.expect == Expectation::kWakes && !record.sqlstate.empty());
    if (wants_error) {
      if (outcome.ok()) return "should fail with " + record.sqlstate + ", but went well";
      if (!record.sqlstate.empty() && outcome.sqlstate != record.sqlstate) {
        return "should fail with " + record.sqlstate + ", but failed with " + outcome.sqlstate +
               ": " + outcome.message;
      }
      if (outcome.message.find(record.message_part) == std::string::npos) {
        return "the message should contain \"" + record.message_part + "\": " + outcome.message;
      }
      return "";
    }
    if (!outcome.ok()) return "failed with " + outcome.sqlstate + ": " + outcome.message;
    if (record.expect == Expectation::kCount && outcome.count != record.count) {
      return "should touch " + std::to_string(record.count) + " rows, touched " +
             std::to_string(outcome.count);
    }
    if (record.kind == RecordKind::kQuery) {
      if (record.types == "?") return "the types of the columns are to be filled in by --rewrite";
      if (!outcome.has_rows) return "returned no rows at all";
      if (outcome.columns != record.types.size() && outcome.columns != 0) {
        return "should have " + std::to_string(record.types.size()) + " columns, has " +
               std::to_string(outcome.columns) + "\n    got\n" + Indented(rows);
      }
    }
    if ((record.kind == RecordKind::kQuery || record.has_rows) &&
        !SameRows(record.rows, rows, record.sort)) {
      return "other rows\n    expected\n" + Indented(record.rows) + "    got\n" + Indented(rows);
    }
    return "";
  }

  /// Notes what the record's lines become. False if that cannot be written down.
  bool Amend(const Record& record, const Outcome& outcome, const std::vector<std::string>& rows) {
    if (record.expect == Expectation::kWakes && record.rows.empty()) {
      heads_[record.head_line] =
          "statement wakes " + record.name + " " + (outcome.ok() ? "ok" : outcome.sqlstate);
      return true;
    }
    if (!outcome.ok()) {
      heads_[record.head_line] = "statement error (" + outcome.sqlstate + ")";
      if (record.has_rows) bodies_[record.separator_line] = {record.end_line, {}};
      return true;
    }
    if (record.kind == RecordKind::kQuery || record.has_rows) {
      if (record.kind == RecordKind::kQuery &&
          (outcome.columns != record.types.size() || record.types == "?")) {
        std::string types = outcome.types;
        types.resize(outcome.columns, 'T');
        std::string sort = record.sort == SortMode::kRowSort     ? " rowsort"
                           : record.sort == SortMode::kValueSort ? " valuesort"
                                                                 : "";
        heads_[record.head_line] = "query " + types + sort;
      }
      std::vector<std::string> lines = {"----"};
      lines.insert(lines.end(), rows.begin(), rows.end());
      bodies_[record.separator_line] = {record.end_line, lines};
      return true;
    }
    if (record.expect == Expectation::kCount) {
      heads_[record.head_line] = "statement count " + std::to_string(outcome.count);
    } else {
      heads_[record.head_line] = "statement ok";
    }
    return true;
  }

  void Rewrite() {
    if (heads_.empty() && bodies_.empty()) return;
    std::ofstream out(script_.path, std::ios::trunc);
    for (size_t i = 0; i <= script_.lines.size(); ++i) {
      if (auto body = bodies_.find(i); body != bodies_.end()) {
        for (const std::string& line : body->second.second) out << line << "\n";
        i = body->second.first;
      }
      if (i >= script_.lines.size()) break;
      auto head = heads_.find(i);
      out << (head != heads_.end() ? head->second : script_.lines[i]) << "\n";
    }
  }

  void CloseClients() {
    for (auto& [name, connection] : connections_) {
      if (!connection.pending.valid()) continue;
      connection.client->Cancel();
      connection.pending.wait();
    }
    waiting_.clear();
    connections_.clear();
  }

  Script& script_;
  const RunOptions& options_;
  FileReport report_;
  std::unique_ptr<Backend> backend_;
  std::map<std::string, Connection> connections_;
  /// Name of the waiting statement -> its connection.
  std::map<std::string, std::string> waiting_;
  std::string current_ = "default";
  std::map<size_t, std::string> heads_;
  std::map<size_t, std::pair<size_t, std::vector<std::string>>> bodies_;
};

}  // namespace

FileReport RunFile(const std::string& path, const RunOptions& options) {
  Script script;
  std::string error;
  if (!ReadScript(path, script, error)) {
    FileReport report;
    report.failed = 1;
    report.text = error + "\n";
    return report;
  }
  return FileRun(script, options).Run();
}

}  // namespace oxibase::slt
