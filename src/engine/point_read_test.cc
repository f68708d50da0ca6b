// Lookups that are answered outside of a transaction: the same answers as the ordinary way gives.

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "engine/database.h"
#include "engine/session.h"

namespace oxibase {
namespace {

class PointReadTest : public testing::Test {
 protected:
  PointReadTest() {
    auto database = Database::Open({});
    EXPECT_TRUE(database.ok()) << database.status().message();
    database_ = std::move(database).value();
    session_ = Connect();
  }
  ~PointReadTest() override {
    session_.reset();
    database_.reset();
  }
  std::unique_ptr<Session> Connect() { return *database_->Connect({}); }
  void Execute(Session& session, std::string_view sql) {
    const Status status = session.Execute(sql, nullptr);
    EXPECT_TRUE(status.ok()) << sql << ": " << status.message();
  }
  void Execute(std::string_view sql) { Execute(*session_, sql); }

  /// A prepared statement that is run again and again through one portal.
  struct Lookup {
    Lookup(Session& its_session, std::string_view sql) : session(its_session) {
      statement = *session.Prepare(sql, {});
    }
    /// The rows' first columns.
    std::vector<Value> Run(std::vector<Value> params) {
      if (portal) {
        EXPECT_TRUE(portal->Rebind(params).ok());
      } else {
        portal = *session.Bind(statement, params);
      }
      std::vector<Value> rows;
      for (;;) {
        const auto batch = portal->Next(0);
        EXPECT_TRUE(batch.ok()) << batch.status().message();
        if (!batch.ok() || *batch == nullptr) break;
        for (uint32_t i = 0; i < (*batch)->size; ++i) {
          rows.push_back((*batch)->columns[0].GetValue(i));
        }
      }
      tag = portal->tag();
      EXPECT_EQ(portal->rows(), rows.size());
      EXPECT_TRUE(session.EndImplicit().ok());
      return rows;
    }
    std::optional<int64_t> Int8(int64_t key) {
      const std::vector<Value> rows = Run({Value::Int8(key)});
      EXPECT_LE(rows.size(), 1u);
      if (rows.empty()) return std::nullopt;
      return rows[0].As<int64_t>();
    }

    Session& session;
    std::shared_ptr<PreparedStatement> statement;
    std::unique_ptr<Portal> portal;
    std::string tag;
  };

  std::unique_ptr<Database> database_;
  std::unique_ptr<Session> session_;
};

TEST_F(PointReadTest, FindsWhatThereIs) {
  Execute(
      "CREATE TABLE t (k int8 PRIMARY KEY, v int8);"
      "INSERT INTO t SELECT i * 3, i FROM generate_series(-500, 500) i");
  Lookup lookup(*session_, "SELECT v FROM t WHERE k = $1");
  for (int round = 0; round < 3; ++round) {
    for (int64_t key = -1600; key < 1600; ++key) {
      const bool there = key % 3 == 0 && key >= -1500 && key <= 1500;
      EXPECT_EQ(lookup.Int8(key), there ? std::optional(key / 3) : std::nullopt) << key;
      EXPECT_EQ(lookup.tag, there ? "SELECT 1" : "SELECT 0");
    }
  }
  EXPECT_TRUE(lookup.Run({Value::Null(TypeId::kInt8)}).empty());
}

TEST_F(PointReadTest, SeesEveryChange) {
  Execute("CREATE TABLE t (k int8 PRIMARY KEY, v int8); INSERT INTO t VALUES (1, 10), (2, 20)");
  auto other = Connect();
  Lookup lookup(*session_, "SELECT v FROM t WHERE k = $1");
  EXPECT_EQ(lookup.Int8(1), 10);
  EXPECT_EQ(lookup.Int8(1), 10);
  Execute(*other, "UPDATE t SET v = 11 WHERE k = 1");
  EXPECT_EQ(lookup.Int8(1), 11);
  Execute("UPDATE t SET v = 12 WHERE k = 1");
  EXPECT_EQ(lookup.Int8(1), 12);
  // What somebody has not committed is not seen; the version before it is.
  Execute(*other, "BEGIN; UPDATE t SET v = 13 WHERE k = 1; DELETE FROM t WHERE k = 2");
  EXPECT_EQ(lookup.Int8(1), 12);
  EXPECT_EQ(lookup.Int8(2), 20);
  Execute(*other, "COMMIT");
  EXPECT_EQ(lookup.Int8(1), 13);
  EXPECT_EQ(lookup.Int8(2), std::nullopt);
  // A key moves to another row.
  Execute(*other, "UPDATE t SET k = 5 WHERE k = 1; INSERT INTO t VALUES (1, 99)");
  EXPECT_EQ(lookup.Int8(1), 99);
  EXPECT_EQ(lookup.Int8(5), 13);
  Execute(*other, "BEGIN; INSERT INTO t VALUES (7, 70)");
  EXPECT_EQ(lookup.Int8(7), std::nullopt);
  Execute(*other, "ROLLBACK");
  EXPECT_EQ(lookup.Int8(7), std::nullopt);
}

TEST_F(PointReadTest, InsideATransactionItsOwnSnapshotCounts) {
  Execute("CREATE TABLE t (k int8 PRIMARY KEY, v int8); INSERT INTO t VALUES (1, 10)");
  auto other = Connect();
  Lookup lookup(*session_, "SELECT v FROM t WHERE k = $1");
  EXPECT_EQ(lookup.Int8(1), 10);
  Execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
  EXPECT_EQ(lookup.Int8(1), 10);
  Execute(*other, "UPDATE t SET v = 11");
  EXPECT_EQ(lookup.Int8(1), 10);
  Execute("COMMIT");
  EXPECT_EQ(lookup.Int8(1), 11);
  Execute("BEGIN; UPDATE t SET v = 12");
  EXPECT_EQ(lookup.Int8(1), 12);
  Execute("ROLLBACK");
  EXPECT_EQ(lookup.Int8(1), 11);
}

TEST_F(PointReadTest, FollowsDdl) {
  Execute("CREATE TABLE t (k int8 PRIMARY KEY, v int8); INSERT INTO t VALUES (1, 10), (2, NULL)");
  Lookup lookup(*session_, "SELECT v FROM t WHERE k = $1");
  EXPECT_EQ(lookup.Int8(1), 10);
  Execute("ALTER TABLE t ADD COLUMN w int8 DEFAULT 5");
  EXPECT_EQ(lookup.Int8(1), 10);
  Lookup added(*session_, "SELECT w FROM t WHERE k = $1");
  EXPECT_EQ(added.Int8(1), 5);
  EXPECT_EQ(added.Int8(1), 5);
  Execute("UPDATE t SET w = 6 WHERE k = 1");
  EXPECT_EQ(added.Int8(1), 6);
  EXPECT_TRUE(lookup.Run({Value::Int8(2)})[0].is_null());
  EXPECT_TRUE(lookup.Run({Value::Int8(2)})[0].is_null());
  Execute("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (1, 11)");
  EXPECT_EQ(lookup.Run({Value::Int8(1)}).size(), 2u);
  Execute("TRUNCATE t");
  EXPECT_EQ(lookup.Int8(1), std::nullopt);
  Execute("DROP TABLE t");
  EXPECT_TRUE(lookup.portal->Rebind(std::vector<Value>{Value::Int8(1)}).ok());
  EXPECT_EQ(lookup.portal->Next(0).code(), ErrorCode::kUndefinedTable);
}

TEST_F(PointReadTest, AStrongLockIsWaitedFor) {
  Execute("CREATE TABLE t (k int8 PRIMARY KEY, v int8); INSERT INTO t VALUES (1, 10)");
  auto other = Connect();
  Lookup lookup(*session_, "SELECT v FROM t WHERE k = $1");
  EXPECT_EQ(lookup.Int8(1), 10);
  Execute(*other, "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  Execute("SET lock_timeout = '50ms'");
  EXPECT_TRUE(lookup.portal->Rebind(std::vector<Value>{Value::Int8(1)}).ok());
  EXPECT_EQ(lookup.portal->Next(0).code(), ErrorCode::kLockNotAvailable);
  session_->FailTransaction();
  EXPECT_TRUE(session_->EndImplicit().ok());
  Execute(*other, "COMMIT");
  EXPECT_EQ(lookup.Int8(1), 10);
}

TEST_F(PointReadTest, KeysAndColumnsOfEveryKind) {
  Execute(
      "CREATE TABLE t (a int2, b text, c uuid, d interval, e boolean, f real, g numeric,"
      " h text COLLATE \"C\", PRIMARY KEY (b, a));"
      "CREATE UNIQUE INDEX ON t (c DESC); CREATE UNIQUE INDEX ON t (a) WHERE e;"
      "INSERT INTO t SELECT i, 'a name that is too long to lie inline: ' || i,"
      " ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, i * interval '1 day',"
      " i % 2 = 0, i / 2.0, i * 1.5, repeat('x', i) FROM generate_series(1, 100) i");
  for (const char* column : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    const std::string select = std::string("SELECT ") + column + "::text FROM t WHERE ";
    Lookup fast(*session_, std::string("SELECT ") + column +
                               " FROM t WHERE a = $1 AND b ="
                               " 'a name that is too long to lie inline: 40'");
    Lookup slow(*session_, std::string("SELECT ") + column + " FROM t WHERE g = 60.0");
    const std::vector<Value> expected = slow.Run({});
    ASSERT_EQ(expected.size(), 1u);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(fast.Run({Value::Int2(40)}), expected) << column;
    Lookup partial(*session_, std::string("SELECT ") + column + " FROM t WHERE a = 40::int2 AND e");
    Lookup by_uuid(*session_, std::string("SELECT ") + column +
                                  " FROM t WHERE c = '00000000-0000-0000-0000-000000000040'");
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(partial.Run({}), expected) << column;
      EXPECT_EQ(by_uuid.Run({}), expected) << column;
    }
  }
}

// In every state that was ever committed each key is there once, and both halves of a pair have
// the same number: whoever looks from outside must never see anything else.
TEST_F(PointReadTest, ReadersBesideWriters) {
  constexpr int64_t kKeys = 8;
  constexpr int64_t kChanges = 4000;
  Execute(
      "CREATE TABLE t (k int8 PRIMARY KEY, a int8, b int8);"
      "INSERT INTO t SELECT i, 0, 0 FROM generate_series(0, 7) i");
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&, r] {
      auto session = Connect();
      {
        Lookup lookup(*session, "SELECT a - b FROM t WHERE k = $1");
        Lookup whole(*session, "SELECT a FROM t WHERE k = $1");
        int64_t last[kKeys] = {};
        for (int64_t i = r; !stop.load(std::memory_order_relaxed); ++i) {
          const int64_t key = i % kKeys;
          const std::optional<int64_t> a = whole.Int8(key);
          ASSERT_TRUE(a.has_value()) << key;
          ASSERT_GE(*a, last[key]);  // time does not run backwards
          last[key] = *a;
          const std::optional<int64_t> difference = lookup.Int8(key);
          ASSERT_TRUE(difference.has_value()) << key;
          ASSERT_EQ(*difference, 0);
        }
      }
    });
  }
  // The same inside of transactions, each with one snapshot.
  readers.emplace_back([&] {
    auto session = Connect();
    {
      Lookup whole(*session, "SELECT a FROM t WHERE k = $1");
      while (!stop.load(std::memory_order_relaxed)) {
        Execute(*session, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        std::optional<int64_t> first[kKeys];
        for (int round = 0; round < 2; ++round) {
          for (int64_t key = 0; key < kKeys; ++key) {
            const std::optional<int64_t> a = whole.Int8(key);
            ASSERT_TRUE(a.has_value()) << key;
            if (round == 1) {
              ASSERT_EQ(a, first[key]);
            }
            first[key] = a;
          }
        }
        Execute(*session, "COMMIT");
      }
    }
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&, w] {
      auto session = Connect();
      for (int64_t i = 1; i <= kChanges / 2; ++i) {
        const int64_t key = (i * 2 + w) % kKeys;
        switch (i % 3) {
          case 0:
            Execute(*session, fmt::format("UPDATE t SET a = {0}, b = {0} WHERE k = {1}", i, key));
            break;
          case 1:  // the key goes to a new row
            Execute(*session, fmt::format("BEGIN; DELETE FROM t WHERE k = {1};"
                                          " INSERT INTO t VALUES ({1}, {0}, {0}); COMMIT",
                                          i, key));
            break;
          default:  // away and back
            Execute(*session, fmt::format("BEGIN; UPDATE t SET k = 100 + k WHERE k = {1};"
                                          " UPDATE t SET k = k - 100, a = {0}, b = {0}"
                                          " WHERE k = 100 + {1}; COMMIT",
                                          i, key));
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace oxibase
