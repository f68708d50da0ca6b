// Databases, connections and transactions through the C++ API.

#include <gmock/gmock.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "api/state_of.h"
#include "oxibase/oxibase.hpp"

namespace {

using oxibase::Connection;
using oxibase::Database;
using oxibase::Error;
using oxibase::Statement;
using oxibase::Transaction;
using oxibase::testing_api::StateOf;

/// The same for a call that would not end by itself: another thread cancels what `connection` runs,
/// again and again, since the first time may be before the call has begun.
template <typename Call>
std::string StateWhenCancelled(Connection& connection, Call&& call) {
  std::atomic<bool> ended = false;
  std::thread other([&] {
    while (!ended) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      connection.Cancel();
    }
  });
  std::string state = StateOf(call);
  ended = true;
  other.join();
  return state;
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "oxibase-api.XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

TEST(ConnectionTest, AFolderKeepsItsRows) {
  const Folder folder;
  {
    Database db(folder / "data");
    Connection c = db.Connect();
    c.Execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
    db.Checkpoint();
    EXPECT_EQ(c.Execute("INSERT INTO t VALUES (3)"), 1U);
  }
  Database db(folder / "data", Database::Mode::kExisting);
  Connection c = db.Connect();
  EXPECT_EQ(c.QueryValue<int>("SELECT sum(a) FROM t"), 6);
}

TEST(ConnectionTest, OneProcessHasAFolderOnce) {
  const Folder folder;
  Database db(folder / "data");
  EXPECT_EQ(StateOf([&] { Database second(folder / "data"); }), "F0001");
}

TEST(ConnectionTest, AMissingFolderIsNotMadeWhenItMustExist) {
  const Folder folder;
  EXPECT_EQ(StateOf([&] { Database db(folder / "none", Database::Mode::kExisting); }), "58P01");
}

TEST(ConnectionTest, TheDatabaseLivesAsLongAsItsConnections) {
  Database db;
  Connection c = db.Connect();
  db.Close();
  c.Execute("CREATE TABLE t (a int)");
  EXPECT_EQ(StateOf([&] { db.Connect(); }), "22023");
}

TEST(ConnectionTest, StatementsOutliveTheirConnectionAndFail) {
  Database db;
  Connection c = db.Connect();
  c.Execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
  Statement rows = c.Prepare("SELECT a FROM t ORDER BY a");
  Statement text = c.Prepare("SELECT $1::text");
  ASSERT_TRUE(rows.Step());
  c.Close();
  EXPECT_EQ(StateOf([&] { rows.Step(); }), "08003");
  EXPECT_EQ(StateOf([&] { rows.Get<int>(0); }), "24000");
  EXPECT_EQ(StateOf([&] { rows.Reset(); }), "08003");
  EXPECT_EQ(StateOf([&] { text.Bind(1, "x"); }), "08003");
  EXPECT_EQ(StateOf([&] { text.Execute(); }), "08003");
  EXPECT_EQ(rows.column_name(0), "a");
  EXPECT_EQ(StateOf([&] { c.Execute("SELECT 1"); }), "22023");
}

TEST(ConnectionTest, MovedFromHandlesFail) {
  Database db;
  Connection c = db.Connect();
  Statement s = c.Prepare("SELECT 1");
  const Statement moved = std::move(s);
  EXPECT_EQ(StateOf([&] { s.Step(); }), "22023");       // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(StateOf([&] { s.Get<int>(0); }), "22023");  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(StateOf([&] { s.Bind(1, 1); }), "22023");   // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(s.column_count(), 0);                       // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved.column_count(), 1);
}

TEST(ConnectionTest, AScriptIsOneTransaction) {
  Database db;
  Connection c = db.Connect();
  c.Execute("CREATE TABLE t (a int PRIMARY KEY)");
  EXPECT_EQ(c.Execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2), (3)"), 2U);
  EXPECT_EQ(StateOf([&] { c.Execute("INSERT INTO t VALUES (4); INSERT INTO t VALUES (1)"); }),
            "23505");
  EXPECT_EQ(c.QueryValue<int>("SELECT count(*) FROM t"), 3);
}

TEST(ConnectionTest, ATransactionIsRolledBackUnlessCommitted) {
  Database db;
  Connection c = db.Connect();
  c.Execute("CREATE TABLE t (a int)");
  {
    Transaction t = c.Begin();
    EXPECT_EQ(c.transaction_status(), 'T');
    c.Execute("INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(c.transaction_status(), 'I');
  EXPECT_EQ(c.QueryValue<int>("SELECT count(*) FROM t"), 0);
  Transaction t = c.Begin();
  c.Execute("INSERT INTO t VALUES (1)");
  t.Commit();
  EXPECT_EQ(c.QueryValue<int>("SELECT count(*) FROM t"), 1);
}

TEST(ConnectionTest, AFailedTransactionTakesOnlyARollback) {
  Database db;
  Connection c = db.Connect();
  c.Execute("CREATE TABLE t (a int)");
  Statement insert = c.Prepare("INSERT INTO t VALUES ($1)");
  Transaction t = c.Begin();
  insert.Execute(1);
  EXPECT_EQ(StateOf([&] { c.Execute("SELECT 1 / 0"); }), "22012");
  EXPECT_EQ(c.transaction_status(), 'E');
  EXPECT_EQ(StateOf([&] { insert.Execute(2); }), "25P02");
  EXPECT_EQ(StateOf([&] { c.Prepare("SELECT 1"); }), "25P02");
  EXPECT_EQ(StateOf([&] { t.Commit(); }), "25P02");
  EXPECT_EQ(c.transaction_status(), 'I');
  EXPECT_EQ(c.QueryValue<int>("SELECT count(*) FROM t"), 0);
  insert.Execute(3);
  EXPECT_EQ(c.QueryValue<int>("SELECT sum(a) FROM t"), 3);
}

TEST(ConnectionTest, APreparedRollbackEndsAFailedTransaction) {
  Database db;
  Connection c = db.Connect();
  Statement begin = c.Prepare("BEGIN");
  Statement rollback = c.Prepare("ROLLBACK");
  for (int i = 0; i < 3; ++i) {
    begin.Execute();
    EXPECT_EQ(StateOf([&] { c.Execute("SELECT 1 / 0"); }), "22012");
    rollback.Execute();
    EXPECT_EQ(c.transaction_status(), 'I');
  }
}

TEST(ConnectionTest, CommitWithoutATransactionFails) {
  Database db;
  Connection c = db.Connect();
  EXPECT_EQ(oxibase_commit(c.handle()), OXIBASE_ERROR);
  EXPECT_EQ(Error::Last().sqlstate(), "25P01");
  EXPECT_EQ(oxibase_rollback(c.handle()), OXIBASE_ERROR);
  EXPECT_EQ(Error::Last().sqlstate(), "25P01");
}

TEST(ConnectionTest, ConflictsOfTwoConnections) {
  Database db;
  Connection a = db.Connect();
  Connection b = db.Connect();
  a.Execute("CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 10)");
  b.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
  EXPECT_EQ(b.QueryValue<int>("SELECT v FROM t"), 10);
  a.Execute("UPDATE t SET v = 20");
  EXPECT_EQ(b.QueryValue<int>("SELECT v FROM t"), 10);
  EXPECT_EQ(StateOf([&] { b.Execute("UPDATE t SET v = 30"); }), "40001");
  b.Execute("ROLLBACK");
  b.Execute("SET lock_timeout = '20ms'");
  Transaction holds = a.Begin();
  a.Execute("UPDATE t SET v = 40");
  EXPECT_EQ(StateOf([&] { b.Execute("UPDATE t SET v = 50"); }), "55P03");
}

TEST(ConnectionTest, ErrorsSayWhatTheServerWouldSay) {
  Database db;
  Connection c = db.Connect();
  c.Execute("CREATE TABLE t (a int CONSTRAINT t_key PRIMARY KEY)");
  c.Execute("INSERT INTO t VALUES (1)");
  try {
    c.Execute("INSERT INTO t VALUES ($1)", 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.sqlstate(), "23505");
    EXPECT_EQ(error.message(), "duplicate key value violates unique constraint \"t_key\"");
    EXPECT_EQ(error.detail(), "Key (a)=(1) already exists.");
    EXPECT_EQ(error.table(), "t");
    EXPECT_EQ(error.constraint(), "t_key");
    EXPECT_EQ(error.position(), 0);
  }
  try {
    c.Prepare("SELECT 'ä', nothing FROM t");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.sqlstate(), "42703");
    EXPECT_EQ(error.position(), 13);  // in characters
  }
  EXPECT_EQ(StateOf([&] { c.Execute("SELEC 1"); }), "42601");
  EXPECT_EQ(StateOf([&] { c.Prepare("SELECT 1; SELECT 2"); }), "42601");
}

TEST(ConnectionTest, NoticesComeToTheCallback) {
  Database db;
  Connection c = db.Connect();
  std::string seen;
  c.SetNotice(
      [](void* user, const char* severity, const char*, const char* message) {
        *static_cast<std::string*>(user) += std::string(severity) + ": " + message + "\n";
      },
      &seen);
  c.Execute("DROP TABLE IF EXISTS nothing");
  EXPECT_EQ(seen, "NOTICE: table \"nothing\" does not exist, skipping\n");
}

TEST(ConnectionTest, CancelFromAnotherThread) {
  Database db;
  Connection c = db.Connect();
  Statement s = c.Prepare("SELECT count(*) FROM generate_series(1, 1000000000000)");
  EXPECT_EQ(StateWhenCancelled(c, [&] { s.Step(); }), "57014");
  c.Cancel();  // nothing runs
  EXPECT_EQ(c.QueryValue<int>("SELECT 1"), 1);
}

TEST(ConnectionTest, CancelEndsAWaitForALock) {
  Database db;
  Connection a = db.Connect();
  Connection b = db.Connect();
  a.Execute("CREATE TABLE t (v int); INSERT INTO t VALUES (1)");
  Transaction holds = a.Begin();
  a.Execute("UPDATE t SET v = 2");
  EXPECT_EQ(StateWhenCancelled(b, [&] { b.Execute("UPDATE t SET v = 3"); }), "57014");
}

TEST(ConnectionTest, ManyThreadsEachWithAConnection) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  Database db;
  db.Connect().Execute("CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (0, 0)");
  std::vector<std::thread> threads;
  for (int n = 1; n <= kThreads; ++n) {
    threads.emplace_back([&db, n] {
      Connection c = db.Connect();
      Statement insert = c.Prepare("INSERT INTO t VALUES ($1, $2)");
      Statement add = c.Prepare("UPDATE t SET v = v + 1 WHERE k = 0");
      for (int i = 0; i < kRounds; ++i) {
        insert.Execute(n * 1000 + i, i);
        add.Execute();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Connection c = db.Connect();
  EXPECT_EQ(c.QueryValue<int>("SELECT count(*) FROM t"), kThreads * kRounds + 1);
  EXPECT_EQ(c.QueryValue<int>("SELECT v FROM t WHERE k = 0"), kThreads * kRounds);
}

TEST(ConnectionTest, AConnectionMayMoveFromThreadToThread) {
  Database db;
  Connection c = db.Connect();
  c.Execute("CREATE TABLE t (v int)");
  Statement insert = c.Prepare("INSERT INTO t VALUES ($1)");
  for (int i = 0; i < 4; ++i) {
    std::thread([&, i] { insert.Execute(i); }).join();
  }
  EXPECT_EQ(c.QueryValue<int>("SELECT count(*) FROM t"), 4);
}

TEST(ConnectionTest, BeginWithinATransactionFailsAndLeavesItAlone) {
  Database database;
  Connection c = database.Connect();
  c.Execute("CREATE TABLE b (k int)");
  Transaction transaction = c.Begin();
  c.Execute("INSERT INTO b VALUES (1)");
  EXPECT_EQ(StateOf([&] { c.Begin(); }), "25001");
  c.Execute("INSERT INTO b VALUES (2)");
  transaction.Commit();
  EXPECT_EQ(c.QueryValue<int>("SELECT count(*) FROM b"), 2);
}

TEST(ConnectionTest, NotificationsWakeWhoWaits) {
  using std::chrono::milliseconds;
  Database db;
  Connection listener = db.Connect();
  EXPECT_FALSE(listener.NextNotification(milliseconds(0)));
  listener.Execute("LISTEN jobs");
  EXPECT_FALSE(listener.NextNotification(milliseconds(1)));
  std::thread other([&db] {
    Connection c = db.Connect();
    std::this_thread::sleep_for(milliseconds(50));
    c.Execute("BEGIN; NOTIFY jobs, 'one'; NOTIFY jobs, 'one'; NOTIFY jobs; COMMIT");
  });
  const auto first = listener.NextNotification(milliseconds(60'000));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->channel, "jobs");
  EXPECT_EQ(first->payload, "one");
  EXPECT_NE(first->process, listener.QueryValue<int>("SELECT pg_backend_pid()"));
  const auto second = listener.NextNotification(milliseconds(60'000));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->payload, "");
  EXPECT_FALSE(listener.NextNotification(milliseconds(1)));
  other.join();
  Transaction transaction = listener.Begin();
  EXPECT_EQ(StateOf([&] { listener.NextNotification(milliseconds(0)); }), "25001");
  transaction.Commit();
  EXPECT_EQ(StateWhenCancelled(listener, [&] { listener.NextNotification(milliseconds(60'000)); }),
            "57014");
}

}  // namespace
