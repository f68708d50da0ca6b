// Random changes of a table, many of its states remembered, each asked for again AS OF its time:
// after checkpoints, with rows in memory and out of it, after reopening and after a crash.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/database.h"
#include "engine/query_number.h"
#include "engine/session.h"
#include "env/env.h"
#include "env/sim_file_system.h"

namespace oxibase {
namespace {

using State = std::map<int32_t, std::string>;

struct Remembered {
  int64_t transaction;
  int64_t committed;  // timestamptz
  State state;
};

class TimeTravelTest : public testing::TestWithParam<uint64_t> {
 protected:
  TimeTravelTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory(".").ok());
    Open();
  }

  void Open() {
    DatabaseOptions options;
    options.path = "db";
    options.env = &env_;
    options.hot_bytes_max = GetParam();
    auto database = Database::Open(options);
    ASSERT_TRUE(database.ok()) << database.status().message();
    database_ = std::move(database).value();
    session_ = *database_->Connect({});
  }
  void Close() {
    session_.reset();
    database_.reset();
  }
  /// The power fails, perhaps within a checkpoint.
  void Crash() {
    ASSERT_TRUE(session_->WaitDurable().ok());
    files_.StopAt(files_.write_points() + 1);
    Close();
    files_.Crash(random_());
    Open();
  }

  void Run(const std::string& sql) {
    const Status status = session_->Execute(sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status.message();
  }
  Result<State> Read(const std::string& as_of) {
    State state;
    RETURN_IF_ERROR(session_->Execute("SELECT id, v FROM t " + as_of,
                                      [&](Portal&, const Batch* batch) -> Status {
                                        for (uint32_t i = 0; batch && i < batch->size; ++i) {
                                          state[batch->columns[0].GetValue(i).As<int32_t>()] =
                                              batch->columns[1].GetValue(i).bytes();
                                        }
                                        return {};
                                      }));
    return state;
  }
  int64_t Number(const std::string& sql) { return QueryNumber(*session_, sql); }

  /// One transaction of up to four changes, remembered.
  void Change() {
    std::string sql = "BEGIN;";
    for (uint64_t left = 1 + random_() % 4; left > 0; --left) {
      const auto id = static_cast<int32_t>(random_() % 40);
      const std::string value =
          "v" + std::to_string(random_() % 1000) + std::string(random_() % 40, 'x');
      const bool there = now_.contains(id);
      if (!there) {
        sql += "INSERT INTO t VALUES (" + std::to_string(id) + ", '" + value + "');";
        now_[id] = value;
      } else if (random_() % 3 == 0) {
        sql += "DELETE FROM t WHERE id = " + std::to_string(id) + ";";
        now_.erase(id);
      } else if (const int32_t other = 40 + id; random_() % 4 == 0 && !now_.contains(other)) {
        sql += "UPDATE t SET id = " + std::to_string(other) + " WHERE id = " + std::to_string(id) +
               ";";
        now_[other] = now_[id];
        now_.erase(id);
      } else {
        sql += "UPDATE t SET v = '" + value + "' WHERE id = " + std::to_string(id) + ";";
        now_[id] = value;
      }
    }
    const int64_t id = Number(sql + "SELECT txid_current(); COMMIT;");
    const int64_t committed = Number("SELECT pg_xact_commit_timestamp(" + std::to_string(id) + ")");
    remembered_.push_back({id, committed, now_});
  }
  void Check(const Remembered& then) {
    const auto at = "AS OF TIMESTAMP timestamptz '2000-01-01 00:00:00+00' + " +
                    std::to_string(then.committed) + " * interval '1 microsecond'";
    const Result<State> found = Read(at);
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(*found, then.state);
    if (then.transaction == 0) return;
    const Result<State> by_id = Read("AS OF TRANSACTION " + std::to_string(then.transaction));
    ASSERT_TRUE(by_id.ok()) << by_id.status().message();
    ASSERT_EQ(*by_id, then.state);
  }

  SimFileSystem files_;
  ComposedEnv env_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Session> session_;
  std::mt19937_64 random_{7};
  State now_;
  std::vector<Remembered> remembered_;
};

TEST_P(TimeTravelTest, EveryStateIsFoundAgain) {
  Run("CREATE TABLE t (id int PRIMARY KEY, v text) WITH (history_retention = '1 h')");
  Run("CREATE INDEX ON t (v)");
  ASSERT_TRUE(database_->Checkpoint().ok());  // from here on a crash does not end the history
  for (int step = 0; step < 400; ++step) {
    const uint64_t what = random_() % 100;
    if (what < 84) {
      Change();
    } else if (what < 92) {
      const Status status = database_->Checkpoint();
      ASSERT_TRUE(status.ok()) << status.message();
    } else if (what < 94) {
      what % 2 == 0 ? Crash() : (Close(), Open());
      for (Remembered& then : remembered_) then.transaction = 0;  // not remembered for ever
    }
    if (HasFatalFailure()) return;
    const Result<State> now = Read("");
    ASSERT_TRUE(now.ok());
    ASSERT_EQ(*now, now_) << "step " << step;
    if (!remembered_.empty()) {
      SCOPED_TRACE("step " + std::to_string(step));
      Check(remembered_[random_() % remembered_.size()]);
      Check(remembered_.back());
    }
    if (HasFatalFailure()) return;
  }
  for (const Remembered& then : remembered_) {
    Check(then);
    if (HasFatalFailure()) return;
  }
}

TEST_P(TimeTravelTest, HistoryLeavesMemoryAndDiskInTime) {
  Run("CREATE TABLE t (id int PRIMARY KEY, v text) WITH (history_retention = '1 s')");
  for (int i = 0; i < 50; ++i) Change();
  ASSERT_TRUE(database_->Checkpoint().ok());
  Check(remembered_.back());
  Run("SELECT pg_sleep(1.6)");
  EXPECT_FALSE(Read("AS OF TRANSACTION " + std::to_string(remembered_[0].transaction)).ok());
  Change();
  ASSERT_TRUE(database_->Checkpoint().ok());
  Change();
  ASSERT_TRUE(database_->Checkpoint().ok());
  Check(remembered_.back());
  const Result<State> now = Read("");
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(*now, now_);
}

INSTANTIATE_TEST_SUITE_P(RowsInMemoryAndOutOfIt, TimeTravelTest, testing::Values(0, 1));

}  // namespace
}  // namespace oxibase
