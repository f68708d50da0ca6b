// Changes of a table, committed and rolled back, beside sessions that read and write it: nothing is
// lost, nothing is found that is not there, and what is left opens again.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "engine/database.h"
#include "engine/query_number.h"
#include "engine/session.h"

namespace oxibase {
namespace {

class DdlConcurrencyTest : public testing::Test {
 protected:
  DdlConcurrencyTest() {
    char name[] = "/tmp/oxi_ddl_XXXXXX";
    folder_ = mkdtemp(name);
    Open();
  }
  ~DdlConcurrencyTest() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open() {
    database_.reset();
    DatabaseOptions options;
    options.path = folder_;
    auto database = Database::Open(options);
    ASSERT_TRUE(database.ok()) << database.status().message();
    database_ = std::move(database).value();
  }
  /// Runs the texts one after another, `times` times, in a session of its own. A deadlock's victim
  /// goes on with the next text.
  void Loop(int times, const std::vector<std::string>& texts) {
    auto session = *database_->Connect({});
    for (int i = 0; i < times; ++i) {
      for (const std::string& text : texts) {
        const Status status = session->Execute(text, nullptr);
        if (status.ok()) continue;
        EXPECT_EQ(status.code(), ErrorCode::kDeadlockDetected) << text << ": " << status.message();
        session->Execute("ROLLBACK", nullptr).Ignore("there may be nothing to roll back");
      }
    }
  }
  int64_t Number(const std::string& query) { return QueryNumber(**database_->Connect({}), query); }

  std::string folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(DdlConcurrencyTest, ReadersAndWritersBesideChanges) {
  constexpr int kTimes = 60;
  Loop(1, {"CREATE TABLE t (id int PRIMARY KEY, v int8, w text)",
           "INSERT INTO t SELECT g, 0, 'w' FROM generate_series(1, 40) g"});
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    Loop(kTimes, {"ALTER TABLE t ADD COLUMN a int DEFAULT 1", "ALTER TABLE t DROP COLUMN a",
                  "BEGIN; ALTER TABLE t ADD COLUMN z int DEFAULT 2; UPDATE t SET z = 3; ROLLBACK"});
  });
  threads.emplace_back([&] {
    Loop(kTimes, {"CREATE INDEX t_v ON t (v)",
                  "BEGIN; SAVEPOINT s; ALTER TABLE t DROP COLUMN w; CREATE INDEX ON t (v);"
                  " ROLLBACK TO s; ALTER TABLE t ADD COLUMN y int8; COMMIT",
                  "ALTER TABLE t DROP COLUMN y", "DROP INDEX t_v"});
  });
  for (int w = 0; w < 2; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < kTimes * 4; ++i) {
        Loop(1, {"UPDATE t SET v = v + 1 WHERE id = " + std::to_string(1 + (i * 7 + w) % 40)});
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < kTimes * 2; ++i) EXPECT_EQ(Number("SELECT count(w) FROM t"), 40);
  });
  for (std::thread& thread : threads) thread.join();
  const int64_t sum = Number("SELECT sum(v)::int8 FROM t");
  EXPECT_GT(sum, 0);
  Open();
  EXPECT_EQ(Number("SELECT sum(v)::int8 FROM t"), sum);
  EXPECT_EQ(Number("SELECT count(w) FROM t"), 40);
}

TEST_F(DdlConcurrencyTest, NewStorageIsNeverFoundEmpty) {
  constexpr int kTimes = 100;
  Loop(1, {"CREATE TABLE t (id int PRIMARY KEY, v int8)",
           "INSERT INTO t SELECT g, g FROM generate_series(1, 50) g"});
  std::thread writer([&] {
    Loop(kTimes, {"BEGIN; TRUNCATE t; INSERT INTO t SELECT g, g FROM generate_series(1, 50) g;"
                  " COMMIT"});
  });
  for (int i = 0; i < kTimes * 3; ++i) {
    EXPECT_EQ(Number("SELECT count(*) FROM t"), 50);
    EXPECT_EQ(Number("SELECT v FROM t WHERE id = 7"), 7);
  }
  writer.join();
}

// Tables that come and go under the hands of those who index, alter, empty and drop them.
TEST_F(DdlConcurrencyTest, TablesThatComeAndGo) {
  constexpr int kTimes = 150;
  const std::vector<std::string> texts = {
      "CREATE TABLE t (a int PRIMARY KEY, b int)",
      "CREATE INDEX i ON t (b)",
      "TRUNCATE t",
      "ALTER TABLE t ADD COLUMN c int DEFAULT 4",
      "CREATE VIEW v AS SELECT b FROM t",
      "COMMENT ON COLUMN t.b IS 'x'",
      "ALTER TABLE t DROP COLUMN c",
      "DROP TABLE t CASCADE",
  };
  std::vector<std::thread> threads;
  for (size_t w = 0; w < 4; ++w) {
    threads.emplace_back([&, w] {
      auto session = *database_->Connect({});
      for (size_t i = 0; i < kTimes; ++i) {
        const Status status =
            session->Execute(texts[(i * (2 * w + 1) + w) % texts.size()], nullptr);
        EXPECT_TRUE(status.ok() || status.code() == ErrorCode::kUndefinedTable ||
                    status.code() == ErrorCode::kDuplicateTable ||
                    status.code() == ErrorCode::kUndefinedColumn ||
                    status.code() == ErrorCode::kDuplicateColumn ||
                    status.code() == ErrorCode::kDeadlockDetected)
            << status.message();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Loop(1, {"DROP TABLE IF EXISTS t CASCADE"});
  Open();
  EXPECT_EQ(Number("SELECT count(*) FROM pg_class WHERE relname IN ('t', 'v', 'i')"), 0);
}

}  // namespace
}  // namespace oxibase
