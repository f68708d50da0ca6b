// SQLite in memory, one connection without its mutex, all other settings as they come.

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>

#include "engine.h"

namespace oxibase::bench {
namespace {

class SqliteEngine : public Engine {
 public:
  SqliteEngine() {
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    Check(sqlite3_open_v2(":memory:", &database_, kFlags, nullptr));
    Execute(kCreateSqlite);
    select_ = Prepare(kSelect);
    insert_ = Prepare(kInsert);
    update_ = Prepare(kUpdate);
    delete_ = Prepare(kDelete);
    aggregate_ = Prepare(kAggregate);
    groups_ = Prepare(kAggregateGroups);
  }
  ~SqliteEngine() override {
    for (sqlite3_stmt* statement : {select_, insert_, update_, delete_, aggregate_, groups_}) {
      sqlite3_finalize(statement);
    }
    sqlite3_close(database_);
  }

  const char* name() const override { return "SQLite"; }
  void Load(int64_t rows) override {
    Execute("BEGIN");
    for (int64_t id = 1; id <= rows; ++id) Insert(id);
    Execute("COMMIT");
    Execute("ANALYZE account");
  }
  double Select(int64_t id) override {
    sqlite3_bind_int64(select_, 1, id);
    double sum = 0;
    while (Step(select_)) {
      sqlite3_column_text(select_, 1);
      sum += static_cast<double>(sqlite3_column_int64(select_, 0)) +
             static_cast<double>(sqlite3_column_bytes(select_, 1)) +
             static_cast<double>(sqlite3_column_int64(select_, 2)) +
             sqlite3_column_double(select_, 3);
    }
    return sum;
  }
  void Insert(int64_t id) override {
    const AccountRow row(id);
    sqlite3_bind_int64(insert_, 1, row.id);
    sqlite3_bind_text(insert_, 2, kOwner, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert_, 3, row.group);
    sqlite3_bind_double(insert_, 4, row.balance);
    Step(insert_);
  }
  void Update(int64_t id, double balance) override {
    sqlite3_bind_double(update_, 1, balance);
    sqlite3_bind_int64(update_, 2, id);
    Step(update_);
  }
  void Delete(int64_t id) override {
    sqlite3_bind_int64(delete_, 1, id);
    Step(delete_);
  }
  double Aggregate() override { return Sum(aggregate_, 5); }
  double AggregateGroups() override { return Sum(groups_, 4); }

 private:
  void Check(int code) {
    if (code == SQLITE_OK) return;
    std::fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(database_));
    std::exit(1);
  }
  void Execute(const char* sql) { Check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    return statement;
  }
  /// Whether there is a row; at the end the statement is ready to run once more.
  bool Step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) return true;
    Check(sqlite3_reset(statement));
    return false;
  }
  double Sum(sqlite3_stmt* statement, int columns) {
    double sum = 0;
    while (Step(statement)) {
      for (int column = 0; column < columns; ++column) {
        sum += sqlite3_column_double(statement, column);
      }
    }
    return sum;
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt *select_, *insert_, *update_, *delete_, *aggregate_, *groups_;
};

}  // namespace

std::unique_ptr<Engine> OpenSqlite() { return std::make_unique<SqliteEngine>(); }

}  // namespace oxibase::bench
