#pragma once
// What both databases do for the embedded comparison.

#include <cstdint>
#include <memory>

namespace oxibase::bench {

/// The table's rows, as a function of their number.
struct AccountRow {
  static constexpr int64_t kGroups = 100;

  explicit AccountRow(int64_t number)
      : id(number),
        group(number * 7919 % kGroups),
        balance(static_cast<double>(number * 104729 % 1'000'003) / 100) {}
  int64_t id;
  int64_t group;
  double balance;
};

/// An in-memory database with the table of accounts and a prepared statement for each operation.
/// Failures end the process. What is read is handed back, so that no compiler leaves the reading
/// out.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual const char* name() const = 0;
  /// Rows 1 to `rows`, in one transaction.
  virtual void Load(int64_t rows) = 0;

  /// All columns of the row with this key.
  virtual double Select(int64_t id) = 0;
  /// Each its own transaction.
  virtual void Insert(int64_t id) = 0;
  virtual void Update(int64_t id, double balance) = 0;
  virtual void Delete(int64_t id) = 0;
  /// count, sum, avg, min and max over all rows.
  virtual double Aggregate() = 0;
  /// count, sum and avg for each group.
  virtual double AggregateGroups() = 0;
};

std::unique_ptr<Engine> OpenOxibase();
std::unique_ptr<Engine> OpenSqlite();

/// The statements, the same for both.
inline constexpr const char* kCreate =
    "CREATE TABLE account (id bigint PRIMARY KEY, owner text NOT NULL, grp bigint NOT NULL, "
    "balance double precision NOT NULL)";
/// SQLite gives only this spelling of the type the row id itself as the key, its quickest form.
inline constexpr const char* kCreateSqlite =
    "CREATE TABLE account (id INTEGER PRIMARY KEY, owner text NOT NULL, grp bigint NOT NULL, "
    "balance double precision NOT NULL)";
inline constexpr const char* kInsert = "INSERT INTO account VALUES ($1, $2, $3, $4)";
inline constexpr const char* kSelect = "SELECT id, owner, grp, balance FROM account WHERE id = $1";
inline constexpr const char* kUpdate = "UPDATE account SET balance = $1 WHERE id = $2";
inline constexpr const char* kDelete = "DELETE FROM account WHERE id = $1";
inline constexpr const char* kAggregate =
    "SELECT count(*), sum(balance), avg(balance), min(balance), max(balance) FROM account";
inline constexpr const char* kAggregateGroups =
    "SELECT grp, count(*), sum(balance), avg(balance) FROM account GROUP BY grp";
inline constexpr const char* kOwner = "owner of an account";

}  // namespace oxibase::bench
