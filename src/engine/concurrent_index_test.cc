// Indexes made, dropped and made anew beside sessions that write: every row is found by them, and
// what fails leaves nothing behind, in memory or in the folder.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "engine/database.h"
#include "engine/query_number.h"
#include "engine/session.h"

namespace oxibase {
namespace {

class ConcurrentIndexTest : public testing::Test {
 protected:
  ConcurrentIndexTest() {
    char name[] = "/tmp/oxi_index_XXXXXX";
    folder_ = mkdtemp(name);
    Open(Path());
  }
  ~ConcurrentIndexTest() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string Path() const { return folder_ + "/data"; }
  void Open(const std::string& path) {
    database_.reset();
    DatabaseOptions options;
    options.path = path;
    options.hot_bytes_max = 1;
    options.txn_bytes_max = txn_bytes_max_;
    auto database = Database::Open(options);
    ASSERT_TRUE(database.ok()) << database.status().message();
    database_ = std::move(database).value();
  }
  Status Run(const std::string& sql) {
    auto session = *database_->Connect({});
    return session->Execute(sql, nullptr);
  }
  void Do(const std::string& sql) {
    const Status status = Run(sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status.message();
  }
  int64_t Number(const std::string& query) { return QueryNumber(**database_->Connect({}), query); }
  /// Files in the folder whose names end so.
  size_t Files(const std::string& path, const std::string& ending) {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      count += entry.path().filename().string().ends_with(ending) ? 1 : 0;
    }
    return count;
  }
  /// A table of which a half lies in segments.
  void MakeTable(int rows) {
    Do("CREATE TABLE t (id int PRIMARY KEY, v int, w int)");
    Do("INSERT INTO t SELECT g, g, g % 100 FROM generate_series(1, " + std::to_string(rows) +
       ") g");
    ASSERT_TRUE(database_->Checkpoint().ok());
    ASSERT_TRUE(database_->Checkpoint().ok());
    Do("INSERT INTO t SELECT g, g, g % 100 FROM generate_series(" + std::to_string(rows + 1) +
       ", " + std::to_string(2 * rows) + ") g");
  }
  /// Whether each row is found by the index as by a scan.
  void ExpectWhole(const std::string& column) {
    EXPECT_EQ(Number("SET enable_seqscan = off; SELECT count(*) FROM t a WHERE NOT EXISTS "
                     "(SELECT 1 FROM t b WHERE b." +
                     column + " = a." + column + " AND b.id = a.id OFFSET 0)"),
              0);
  }

  std::string NewestFile(const std::string& ending) {
    std::string newest;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Path())) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(ending)) newest = std::max(newest, name);
    }
    return newest;
  }
  /// Runs it in a transaction of `session` that goes on; its rows are in private segments then.
  void DoLarge(Session& session, const std::string& sql) {
    const std::string before = NewestFile(".seg");
    const Status status = session.Execute("BEGIN; " + sql, nullptr);
    EXPECT_TRUE(status.ok()) << sql << ": " << status.message();
    EXPECT_GT(NewestFile(".seg"), before) << sql;
  }
  /// Makes an index in a thread of its own; returns when it waits for those who write.
  std::thread Make(const std::string& sql, Status* status) {
    std::thread maker([this, sql, status] { *status = Run(sql); });
    while (Number("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) {
      std::this_thread::yield();
    }
    return maker;
  }

  std::string folder_;
  uint64_t txn_bytes_max_ = 0;
  std::unique_ptr<Database> database_;
};

/// Transactions move their rows to private segments soon.
class LargeTransactionsTest : public ConcurrentIndexTest {
 protected:
  LargeTransactionsTest() {
    txn_bytes_max_ = 20'000;
    Open(Path());
    MakeTable(1000);
    EXPECT_TRUE(database_->Checkpoint().ok());
    EXPECT_TRUE(database_->Checkpoint().ok());
    Do("INSERT INTO t VALUES (5000, 5000, 5000)");
  }
};

TEST_F(ConcurrentIndexTest, WritersGoOn) {
  MakeTable(3000);
  std::atomic<bool> stop{false};
  std::atomic<int> written{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 3; ++n) {
    threads.emplace_back([&, n] {
      auto session = *database_->Connect({});
      unsigned seed = static_cast<unsigned>(n + 1);
      for (int i = 0; !stop; ++i) {
        const int id = static_cast<int>(rand_r(&seed) % 6000) + 1;
        const std::string key = std::to_string(id);
        const std::string fresh = std::to_string(100'000 + n * 1'000'000 + i);
        const std::string sql =
            i % 4 == 0   ? "UPDATE t SET v = v + 1000000, w = (w + 1) % 100 WHERE id = " + key
            : i % 4 == 1 ? "INSERT INTO t VALUES (" + fresh + ", " + fresh + ", 5)"
            : i % 4 == 2 ? "BEGIN; UPDATE t SET w = 7, v = -v - 5 WHERE id = " + key + "; ROLLBACK"
                         : "DELETE FROM t WHERE id = " + key;
        const Status status = session->Execute(sql, nullptr);
        ASSERT_TRUE(status.ok()) << sql << ": " << status.message();
        ++written;
      }
    });
  }
  threads.emplace_back([&] {
    while (!stop) ASSERT_TRUE(database_->Checkpoint().ok());
  });
  for (int round = 0; round < 6; ++round) {
    const int before = written;
    Do("CREATE INDEX CONCURRENTLY t_w ON t (w)");
    Do("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id, v)");
    Do("REINDEX TABLE CONCURRENTLY t");
    if (round % 2 == 0) Do("REINDEX TABLE t");
    Do("SET enable_seqscan = off; SELECT count(*) FROM t WHERE w = 5");
    while (written < before + 200) std::this_thread::yield();
    if (round == 5) break;
    Do("DROP INDEX CONCURRENTLY t_w");
    Do("DROP INDEX CONCURRENTLY t_id");
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (const bool opened_anew : {false, true}) {
    if (opened_anew) Open(Path());
    ExpectWhole("w");
    for (int w = 0; w < 100; w += 9) {
      const std::string where = " WHERE w = " + std::to_string(w);
      EXPECT_EQ(Number("SET enable_seqscan = off; SELECT count(*) FROM t" + where),
                Number("SELECT count(*) FROM t WHERE w + 0 = " + std::to_string(w)));
    }
    EXPECT_EQ(Run("INSERT INTO t SELECT id, v, 1 FROM t LIMIT 1").code(),
              ErrorCode::kUniqueViolation);
  }
}

TEST_F(ConcurrentIndexTest, DuplicatesAreFoundWhereverTheyLie) {
  MakeTable(500);
  struct Case {
    const char* what;
    const char* make;
  };
  for (const Case& one : {Case{"in segments", "UPDATE t SET v = 3 WHERE id = 4"},
                          Case{"memory and segments", "INSERT INTO t VALUES (5000, 10, 0)"},
                          Case{"in memory", "INSERT INTO t VALUES (5001, 700, 0)"}}) {
    Do(one.make);
    if (std::string(one.what) == "in segments") {
      ASSERT_TRUE(database_->Checkpoint().ok());
      ASSERT_TRUE(database_->Checkpoint().ok());
    }
    const Status status = Run("CREATE UNIQUE INDEX CONCURRENTLY t_v ON t (v)");
    EXPECT_EQ(status.code(), ErrorCode::kUniqueViolation) << one.what;
    EXPECT_FALSE(status.ok() || status.info().detail.empty()) << one.what;
    EXPECT_EQ(Number("SELECT count(*) FROM pg_class WHERE relname = 't_v'"), 0);
    // Whoever writes is not refused any more.
    Do("INSERT INTO t VALUES (6000, 3, 0); DELETE FROM t WHERE id IN (4, 5000, 5001, 6000)");
    ASSERT_TRUE(database_->Checkpoint().ok());
  }
  Do("CREATE UNIQUE INDEX CONCURRENTLY t_v ON t (v)");
  EXPECT_EQ(Run("INSERT INTO t VALUES (7000, 3, 0)").code(), ErrorCode::kUniqueViolation);
  EXPECT_EQ(Run("INSERT INTO t VALUES (7000, 700, 0)").code(), ErrorCode::kUniqueViolation);
}

TEST_F(ConcurrentIndexTest, ACancelledOneLeavesNothing) {
  MakeTable(500);
  auto writer = *database_->Connect({});
  ASSERT_TRUE(writer->Execute("BEGIN; INSERT INTO t VALUES (9000, 1, 1)", nullptr).ok());
  for (const char* sql :
       {"CREATE INDEX CONCURRENTLY t_w ON t (w)",
        "CREATE UNIQUE INDEX CONCURRENTLY t_u ON t (id, w)", "REINDEX TABLE CONCURRENTLY t"}) {
    auto session = *database_->Connect({});
    const Status status = session->Execute("SET statement_timeout = '100ms'", nullptr).ok()
                              ? session->Execute(sql, nullptr)
                              : Status();
    EXPECT_EQ(status.code(), ErrorCode::kQueryCanceled) << sql;
  }
  ASSERT_TRUE(writer->Execute("INSERT INTO t VALUES (9001, 1, 1); COMMIT", nullptr).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"), 1);
  Do("CREATE INDEX t_w ON t (w)");
  ExpectWhole("w");
  ExpectWhole("id");
  // One that is not dropped, after all, is whole.
  ASSERT_TRUE(writer->Execute("BEGIN; INSERT INTO t VALUES (9002, 1, 1)", nullptr).ok());
  auto session = *database_->Connect({});
  ASSERT_TRUE(session->Execute("SET statement_timeout = '100ms'", nullptr).ok());
  EXPECT_EQ(session->Execute("DROP INDEX CONCURRENTLY t_w", nullptr).code(),
            ErrorCode::kQueryCanceled);
  ASSERT_TRUE(writer->Execute("INSERT INTO t VALUES (9003, 1, 1); COMMIT", nullptr).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM pg_class WHERE relname = 't_w'"), 1);
  ExpectWhole("w");
}

TEST_F(ConcurrentIndexTest, ACrashMidwayLeavesNothing) {
  MakeTable(500);
  ASSERT_TRUE(database_->Checkpoint().ok());
  const size_t before = Files(Path(), ".run");
  auto writer = *database_->Connect({});
  ASSERT_TRUE(writer->Execute("BEGIN; INSERT INTO t VALUES (9000, 1, 1)", nullptr).ok());
  std::thread maker([&] {
    auto session = *database_->Connect({});
    ASSERT_TRUE(session->Execute("CREATE INDEX CONCURRENTLY t_w ON t (w)", nullptr).ok());
  });
  while (Files(Path(), ".run") == before) std::this_thread::yield();
  Do("UPDATE t SET w = w + 1 WHERE id < 50");
  ASSERT_TRUE(database_->Checkpoint().ok());  // the manifest names the new index's runs, too
  const std::string copy = folder_ + "/copy";
  std::filesystem::copy(Path(), copy, std::filesystem::copy_options::recursive);
  ASSERT_TRUE(writer->Execute("COMMIT", nullptr).ok());
  maker.join();
  writer.reset();
  ExpectWhole("w");
  EXPECT_EQ(Number("SELECT count(*) FROM pg_class WHERE relname = 't_w'"), 1);

  Open(copy);
  EXPECT_EQ(Number("SELECT count(*) FROM pg_class WHERE relname = 't_w'"), 0);
  EXPECT_EQ(Number("SELECT count(*) FROM t"), 1000);
  // A checkpoint removes what those before have left, as soon as nobody looks at it. Each table has
  // one index, hence as many runs as segments.
  for (int i = 0; i < 200 && Files(copy, ".run") != Files(copy, ".seg"); ++i) {
    Do("UPDATE t SET w = w + 1 WHERE id = 1");
    ASSERT_TRUE(database_->Checkpoint().ok());
  }
  EXPECT_EQ(Files(copy, ".run"), Files(copy, ".seg"));
}

// One writes from before the index began, the other while it is built; they end in all ways.
TEST_F(LargeTransactionsTest, RowsInPrivateSegmentsHaveEntries) {
  for (const char* first_end : {"COMMIT", "ROLLBACK"}) {
    for (const char* second_end : {"COMMIT", "ROLLBACK"}) {
      for (const char* index :
           {"INDEX CONCURRENTLY t_w ON t (w)", "UNIQUE INDEX CONCURRENTLY t_w ON t (w, id)"}) {
        SCOPED_TRACE(std::string(first_end) + " " + second_end + " " + index);
        auto first = *database_->Connect({});
        auto second = *database_->Connect({});
        DoLarge(*first,
                "UPDATE t SET w = w + 1 WHERE id <= 700; SAVEPOINT s;"
                "UPDATE t SET w = w + 1 WHERE id BETWEEN 300 AND 900;"
                "INSERT INTO t SELECT 10000 + g, g, g FROM generate_series(1, 500) g;"
                "ROLLBACK TO s; UPDATE t SET w = w + 7 WHERE id BETWEEN 300 AND 900;"
                "DELETE FROM t WHERE id BETWEEN 1 AND 5;"
                "INSERT INTO t SELECT 10000 + g, g, g FROM generate_series(1, 500) g");
        Status made;
        std::thread maker = Make(std::string("CREATE ") + index, &made);
        DoLarge(*second,
                "UPDATE t SET w = w + 2 WHERE id BETWEEN 1001 AND 1800;"
                "UPDATE t SET w = w + 2 WHERE id BETWEEN 1401 AND 1700; SAVEPOINT s;"
                "INSERT INTO t SELECT 20000 + g, g, g FROM generate_series(1, 300) g;"
                "ROLLBACK TO s; DELETE FROM t WHERE id BETWEEN 1790 AND 1800;"
                "INSERT INTO t SELECT 20000 + g, g, g FROM generate_series(1, 500) g");
        ASSERT_TRUE(first->Execute(first_end, nullptr).ok());
        maker.join();
        ASSERT_TRUE(made.ok()) << made.message();
        ExpectWhole("w");
        int64_t lost = -1;
        ASSERT_TRUE(second
                        ->Execute("SET LOCAL enable_seqscan = off; SELECT count(*) FROM t a WHERE "
                                  "NOT EXISTS (SELECT 1 FROM t b WHERE b.w = a.w AND b.id = a.id "
                                  "OFFSET 0)",
                                  [&](Portal&, const Batch* batch) -> Status {
                                    if (batch) lost = batch->columns[0].GetValue(0).As<int64_t>();
                                    return {};
                                  })
                        .ok());
        EXPECT_EQ(lost, 0);
        ASSERT_TRUE(second->Execute(second_end, nullptr).ok());
        ExpectWhole("w");
        first.reset();
        second.reset();
        Open(Path());  // as the log has it
        ExpectWhole("w");
        EXPECT_EQ(Number("SET enable_seqscan = off; SELECT count(*) FROM t WHERE w = 5"),
                  Number("SELECT count(*) FROM t WHERE w + 0 = 5"));
        Do("REINDEX INDEX CONCURRENTLY t_w");
        ExpectWhole("w");
        ASSERT_TRUE(database_->Checkpoint().ok());
        ExpectWhole("w");
        Do("DROP INDEX CONCURRENTLY t_w; DELETE FROM t WHERE id > 10000");
        Do("INSERT INTO t SELECT g, g, 0 FROM generate_series(1, 2000) g ON CONFLICT DO NOTHING");
      }
    }
  }
}

TEST_F(LargeTransactionsTest, DuplicatesInPrivateSegmentsCountIfTheyCommit) {
  for (const bool before : {true, false}) {
    for (const bool commits : {false, true}) {
      SCOPED_TRACE(std::string(before ? "before" : "meanwhile") + (commits ? " commits" : ""));
      auto blocker = *database_->Connect({});
      auto large = *database_->Connect({});
      const std::string fill =
          "INSERT INTO t SELECT 10000 + g, 10000 + g, 0 FROM "
          "generate_series(1, 500) g";
      if (before) {
        DoLarge(*large, "UPDATE t SET v = 3 WHERE id = 1500; " + fill);
      } else {
        // Without an entry until the index is filled, so that the key seems free.
        ASSERT_TRUE(blocker->Execute("BEGIN; INSERT INTO t VALUES (5001, 77777, 1)", nullptr).ok());
      }
      Status made;
      std::thread maker = Make("CREATE UNIQUE INDEX CONCURRENTLY t_v ON t (v)", &made);
      if (!before) {
        DoLarge(*large, "INSERT INTO t VALUES (5002, 77777, 1); " + fill);
        ASSERT_TRUE(blocker->Execute("COMMIT", nullptr).ok());
        std::this_thread::sleep_for(std::chrono::milliseconds(100));  // for it to be found
      }
      const Status ended = large->Execute(commits ? "COMMIT" : "ROLLBACK", nullptr);
      ASSERT_TRUE(ended.ok()) << ended.message();
      maker.join();
      EXPECT_EQ(made.code(),
                commits ? ErrorCode::kUniqueViolation : ErrorCode::kSuccessfulCompletion)
          << made.message();
      EXPECT_EQ(Run("INSERT INTO t VALUES (7000, 3, 0)").code(),
                made.ok() ? ErrorCode::kUniqueViolation : ErrorCode::kSuccessfulCompletion);
      Do("DROP INDEX IF EXISTS t_v; DELETE FROM t WHERE id > 5000;"
         "UPDATE t SET v = id WHERE id = 1500");
    }
  }
}

}  // namespace
}  // namespace oxibase
