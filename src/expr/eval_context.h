#pragma once
// What expressions see of the world around them. Interfaces stand here, since expr lies below the
// modules that implement them; engine hands the implementations in.

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "common/value.h"

namespace oxibase {

class RandomState;
struct SubplanExpr;
struct Batch;
class Vector;

/// Settings of a session that change results or their text.
struct IoSettings {
  std::string time_zone = "UTC";
  std::string date_style = "ISO, MDY";
  std::string interval_style = "postgres";
  bool bytea_hex = true;
  int extra_float_digits = 1;
};

/// Names and oids of catalog objects, for reg* types and catalog functions.
class CatalogLookup {
 public:
  virtual ~CatalogLookup() = default;
  /// kind: 'r' relation, 'n' schema, 't' type, 'f' function, 'o' role, 'p' operator.
  virtual Result<Oid> FindOid(char kind, std::string_view name) = 0;
  /// Empty if there is no such object. `qualified_if_needed`: with its schema unless visible.
  virtual std::string NameOf(char kind, Oid oid, bool qualified_if_needed) = 0;
};

/// What functions may ask of, or do to, the session they run in.
class SessionServices {
 public:
  virtual ~SessionServices() = default;
  virtual Result<int64_t> NextValue(Oid sequence) = 0;
  virtual Result<int64_t> CurrentValue(Oid sequence) = 0;
  virtual Result<int64_t> LastValue() = 0;
  virtual Status SetValue(Oid sequence, int64_t value, bool is_called) = 0;
  virtual std::string CurrentUser() = 0;
  virtual std::string SessionUser() = 0;
  virtual std::string CurrentDatabase() = 0;
  virtual std::vector<std::string> SearchPath(bool with_implicit) = 0;
  virtual Result<std::string> GetSetting(std::string_view name, bool missing_ok) = 0;
  virtual Status SetSetting(std::string_view name, std::string_view value, bool is_local) = 0;
  virtual int32_t BackendPid() = 0;
  /// Functions over the catalog (pg_get_indexdef, pg_get_constraintdef, format over relations,
  /// pg_table_is_visible, obj_description, ...) by name; kUndefinedFunction if unknown.
  virtual Result<Value> CatalogFunction(std::string_view name, std::span<const Value> args) = 0;
  /// The wall clock in microseconds since 2000-01-01 UTC: clock_timestamp(). 0: there is none.
  virtual int64_t ClockMicros() { return 0; }
  /// A NOTICE, WARNING ... to the client.
  virtual void Notice(const ErrorInfo& info, std::string_view severity) = 0;
};

/// Runs the subqueries that stayed in expressions.
class SubplanRunner {
 public:
  virtual ~SubplanRunner() = default;
  /// One result per row of `input`: evaluates `expr` (its args and left operands by `input`).
  virtual Status Run(const SubplanExpr& expr, const Batch& input, Vector& out) = 0;
};

/// Lives as long as one execution of a statement. One thread.
struct EvalContext {
  std::span<const Value> params;
  const IoSettings* settings = nullptr;
  CatalogLookup* catalog = nullptr;
  SessionServices* session = nullptr;
  SubplanRunner* subplans = nullptr;
  /// Microseconds since 2000-01-01 UTC: now() and statement_timestamp().
  int64_t transaction_micros = 0;
  int64_t statement_micros = 0;
  /// The session's own; null: random() is seeded anew for each vector and setseed() fails.
  RandomState* random = nullptr;
  /// Set by cancel requests and time-outs; long loops look at it.
  const std::atomic<bool>* cancelled = nullptr;

  Status CheckCancelled() const {
    if (cancelled && cancelled->load(std::memory_order_relaxed)) [[unlikely]] {
      return Error(ErrorCode::kQueryCanceled, "canceling statement due to user request");
    }
    return {};
  }
};

}  // namespace oxibase
