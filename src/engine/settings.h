#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "engine/transaction_modes.h"
#include "expr/eval_context.h"
#include "sql/parse/limits.h"

namespace oxibase {

/// What pg_settings says of one setting.
struct SettingInfo {
  std::string_view name;
  std::string_view default_value;
  std::string_view type;  // "bool", "integer", "string", "enum", "real"
  std::string_view unit;  // "ms", "B" or ""
  std::string_view description;
  bool reported = false;  // clients are told of changes (ParameterStatus)
  bool fixed = false;     // cannot be changed in a session: 55P02
};

/// As SHOW prints a size.
std::string ShowBytes(int64_t bytes);

/// A session's settings: PostgreSQL's names, with its rules for SET, SET LOCAL, RESET and the ends
/// of transactions. Accepts those that tools send although nothing depends on them, as listed in
/// docs/sql.md. Not thread-safe.
class Settings {
 public:
  Settings();

  /// As SHOW prints it. 42704 if there is no such setting.
  Result<std::string> Get(std::string_view name) const;
  /// Errors: 42704, 22023 (bad value), 55P02 (fixed). A name with a dot is a setting of the user's.
  Status Set(std::string_view name, std::string_view value, bool is_local);
  /// `value` as it would be set and shown; errors as Set's.
  Status Check(std::string_view name, std::string_view value, std::string* canonical) const;
  /// What RESET goes back to; empty: there is no such setting.
  std::string Default(std::string_view name) const;
  Status Reset(std::string_view name);
  void ResetAll();
  /// Start-up options: become the values that RESET goes back to.
  Status SetDefault(std::string_view name, std::string_view value);

  // Transactions and savepoints: what was SET in one that rolls back is undone; SET LOCAL always.
  size_t Mark() const { return undo_.size(); }
  void RollbackTo(size_t mark);
  void EndTransaction(bool committed);

  /// What a fixed setting is, in place of what this program says by default.
  void SetFixed(std::string_view name, std::string value);

  static std::vector<SettingInfo> All();

  /// Called with (name, value) after a reported setting changed.
  std::function<void(std::string_view, std::string_view)> on_report;

  // Values in use, kept parsed.
  const IoSettings& io() const { return io_; }
  const std::vector<std::string>& search_path() const { return search_path_; }
  const TransactionModes& default_modes() const { return default_modes_; }
  bool synchronous_commit() const { return synchronous_commit_; }
  int64_t lock_timeout_ms() const { return lock_timeout_ms_; }
  int64_t statement_timeout_ms() const { return statement_timeout_ms_; }
  int64_t deadlock_timeout_ms() const { return deadlock_timeout_ms_; }
  int64_t idle_timeout_ms(bool in_transaction) const {
    return in_transaction ? idle_in_transaction_timeout_ms_ : idle_timeout_ms_;
  }
  /// Whether client_min_messages lets a notice of this severity ("NOTICE") through.
  bool IsSent(std::string_view severity) const;
  /// What an operator may hold before it writes to disk.
  size_t work_mem_bytes() const { return debug_spill_ ? 1 : work_mem_bytes_; }
  /// Of one statement's temporary file; 0: no limit.
  uint64_t temp_bytes_max() const { return temp_bytes_max_; }
  size_t statement_bytes_max() const { return statement_bytes_max_; }
  /// Changes whenever something that plans depend on does.
  uint64_t plan_epoch() const { return plan_epoch_; }

 private:
  struct Undo {
    std::string name;
    std::string value;  // before
    bool existed;
    bool local;
  };
  Status Apply(std::string_view name, std::string_view value);

  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> defaults_;
  std::vector<Undo> undo_;

  IoSettings io_;
  std::vector<std::string> search_path_;
  TransactionModes default_modes_;
  bool synchronous_commit_ = true;
  int64_t lock_timeout_ms_ = 0;
  int64_t statement_timeout_ms_ = 0;
  int64_t deadlock_timeout_ms_ = 1000;
  int64_t idle_in_transaction_timeout_ms_ = 0;
  int64_t idle_timeout_ms_ = 0;
  std::string least_severity_ = "notice";
  size_t statement_bytes_max_ = kStatementBytesMax;
  size_t work_mem_bytes_ = size_t{4} << 20;
  uint64_t temp_bytes_max_ = 0;
  bool debug_spill_ = false;
  uint64_t plan_epoch_ = 1;
};

}  // namespace oxibase
