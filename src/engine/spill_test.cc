// Statements that need more memory than they may have: answers, failures, and what is left behind.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>

#include "engine/database.h"
#include "engine/database_impl.h"
#include "engine/session.h"
#include "env/env.h"
#include "env/sim_file_system.h"
#include "env/thread.h"

namespace oxibase {
namespace {

class SpillTest : public testing::Test {
 protected:
  SpillTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {}

  void Open(uint64_t memory_limit = 0) {
    DatabaseOptions options;
    options.path = "db";
    options.env = &env_;
    options.memory_limit = memory_limit;
    auto database = Database::Open(options);
    ASSERT_TRUE(database.ok()) << database.status().message();
    database_ = std::move(*database);
    session_ = *database_->Connect({});
  }
  void Do(std::string_view sql) {
    const Status status = session_->Execute(sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status.message();
  }
  void Load() {
    Do("CREATE TABLE t (id int, k int, pad text);"
       "INSERT INTO t SELECT i, i * 7919 % 9973, repeat('p', 30) || i FROM generate_series(1, "
       "12000)"
       " i; SET work_mem = '64kB'");
  }
  /// The rows, each as text, sorted unless their order counts.
  Result<std::vector<std::string>> Rows(std::string_view sql, bool sorted = true) {
    std::vector<std::string> rows;
    Status status = session_->Execute(sql, [&](Portal&, const Batch* batch) -> Status {
      if (!batch) return {};
      for (uint32_t i = 0; i < batch->size; ++i) {
        std::string row;
        for (const Vector& column : batch->columns) {
          const Value value = column.GetValue(i);
          if (value.is_null()) {
            row += "-|";
          } else if (column.physical() == PhysicalType::kString) {
            row += value.bytes() + "|";
          } else {
            row.append(static_cast<const char*>(value.fixed_data()),
                       PhysicalWidth(column.physical()));
            row += "|";
          }
        }
        rows.push_back(std::move(row));
      }
      return {};
    });
    RETURN_IF_ERROR(std::move(status));
    if (sorted) std::sort(rows.begin(), rows.end());
    return rows;
  }
  void ExpectNothingLeft() {
    EXPECT_EQ(database_->impl().statement_memory.bytes(), 0);
    const auto left = files_.List("db/tmp");
    EXPECT_TRUE(!left.ok() || left->empty());
  }

  SimFileSystem files_;
  ComposedEnv env_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Session> session_;
};

constexpr std::string_view kSpilling[] = {
    "SELECT pad, id FROM t ORDER BY pad, id",
    "SELECT pad, count(*), array_agg(id) FROM t GROUP BY pad",
    "SELECT k, count(DISTINCT pad) FROM t GROUP BY k",
    "SELECT a.id, b.id FROM t a JOIN t b ON a.pad = b.pad",
    "SELECT a.id, b.id FROM t a FULL JOIN t b ON a.id = b.k",
    "SELECT id, pad FROM t EXCEPT SELECT k, pad FROM t",
    "SELECT id, sum(k) OVER (ORDER BY pad) FROM t",
    "WITH c AS MATERIALIZED (SELECT * FROM t) SELECT count(*) FROM c a JOIN c b USING (id)",
};

TEST_F(SpillTest, AFullDiskEndsTheStatementAlone) {
  Open();
  Load();
  for (const std::string_view sql : kSpilling) {
    const auto wanted = Rows(sql);
    ASSERT_TRUE(wanted.ok()) << sql;
    const uint64_t made = database_->impl().temp.files_made();
    EXPECT_GT(made, 0u) << sql;
    // Room for what there is already, and a little.
    uint64_t room = 16 << 10;
    for (const char* folder : {"db", "db/wal", "db/data"}) {
      const std::vector<std::string> names = *files_.List(folder);
      for (const std::string& name : names) {
        if (const auto file = files_.Open(JoinPath(folder, name), OpenMode::kRead); file.ok()) {
          room += *(*file)->Size();
        }
      }
    }
    files_.set_capacity(room);
    EXPECT_EQ(Rows(sql).status().code(), ErrorCode::kDiskFull) << sql;
    files_.set_capacity(UINT64_MAX);
    ExpectNothingLeft();
    const auto again = Rows(sql);
    ASSERT_TRUE(again.ok()) << sql;
    EXPECT_EQ(*again, *wanted) << sql;
    ExpectNothingLeft();
  }
}

TEST_F(SpillTest, BadReadsAndWritesEndTheStatementAlone) {
  Open();
  Load();
  for (const std::string_view sql : kSpilling) {
    const auto wanted = Rows(sql);
    ASSERT_TRUE(wanted.ok()) << sql;
    files_.FailReads(1);
    EXPECT_EQ(Rows(sql).status().code(), ErrorCode::kIoError) << sql;
    files_.FailReads(0);
    files_.FailWrites(1);
    EXPECT_EQ(Rows(sql).status().code(), ErrorCode::kIoError) << sql;
    files_.FailWrites(0);
    ExpectNothingLeft();
    const auto again = Rows(sql);
    ASSERT_TRUE(again.ok()) << sql << ": " << again.status().message();
    EXPECT_EQ(*again, *wanted) << sql;
  }
}

TEST_F(SpillTest, TempFileLimitIsKept) {
  Open();
  Load();
  Do("SET temp_file_limit = '100kB'");
  for (const std::string_view sql : kSpilling) {
    EXPECT_EQ(Rows(sql).status().code(), ErrorCode::kConfigurationLimitExceeded) << sql;
    ExpectNothingLeft();
  }
}

TEST_F(SpillTest, CancelledStatementsLeaveNothing) {
  Open();
  Load();
  for (const std::string_view sql : kSpilling) {
    for (int part = 0; part < 4; ++part) {
      const uint64_t before = database_->impl().temp.bytes_written();
      std::atomic<bool> done{false};
      Thread canceller("canceller", [&] {
        // Somewhere in the midst of writing, or of what follows.
        while (!done && database_->impl().temp.bytes_written() <
                            before + 1 + static_cast<uint64_t>(part) * 60'000) {
          Env::Real().clock().SleepMicros(20);
        }
        session_->Cancel();
      });
      const auto rows = Rows(sql);
      done = true;
      canceller.Join();
      if (!rows.ok()) {
        EXPECT_EQ(rows.status().code(), ErrorCode::kQueryCanceled) << sql;
      }
      ExpectNothingLeft();
    }
  }
}

TEST_F(SpillTest, WhatCannotSpillFailsWhenTheMemoryOfAllIsUsedUp) {
  Open(/*memory_limit=*/16 << 20);
  const auto rows = Rows(
      "WITH RECURSIVE r(i) AS (SELECT i FROM generate_series(1, 2000000) i UNION SELECT i FROM r"
      " WHERE i < 0) SELECT count(*) FROM r");
  EXPECT_EQ(rows.status().code(), ErrorCode::kOutOfMemory);
  ExpectNothingLeft();
  EXPECT_TRUE(Rows("SELECT count(*) FROM generate_series(1, 10)").ok());
}

TEST_F(SpillTest, LeftoversOfADeadProcessAreRemoved) {
  Open();
  session_.reset();
  database_.reset();
  ASSERT_TRUE(files_.MakeDirectory("db/tmp").ok());
  ASSERT_TRUE(files_.Open("db/tmp/oxibase-temp-0123456789abcdef", OpenMode::kCreateNew).ok());
  Open();
  EXPECT_TRUE(files_.List("db/tmp")->empty());
}

/// Random queries over small tables, whose values repeat and are NULL at times.
class RandomQuery {
 public:
  explicit RandomQuery(uint64_t seed) : random_(seed) {}

  std::string Text() {
    switch (Below(6)) {
      case 0:
        return "SELECT * FROM (" + Join() + ") x ORDER BY 1, 2, 3, 4" + Limit();
      case 1:
        return "SELECT " + Column() + ", " + Aggregates() + " FROM (" + Join() + ") x GROUP BY 1";
      case 2:
        return "SELECT x.p, x.q, " + Aggregates() + " FROM (" + Join() +
               ") x GROUP BY GROUPING SETS ((p, q), (p), ())";
      case 3:
        return "SELECT p, q FROM (" + Join() + ") x " + SetOp() + " SELECT p, s FROM (" + Join() +
               ") y";
      case 4:
        return "SELECT p, q, r, s, row_number() OVER (PARTITION BY " + Column() +
               " ORDER BY p, q, r, s), count(*) OVER (PARTITION BY q), sum(p) OVER (ORDER BY p, q, "
               "r, s ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) FROM (" +
               Join() + ") x";
      default:
        return "WITH c AS MATERIALIZED (" + Join() +
               ") SELECT c.p, d.q FROM c JOIN c d ON c.r = " + "d.r AND c.p < 20 WHERE " + Exists();
    }
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Pick(std::initializer_list<const char*> words) {
    return words.begin()[Below(words.size())];
  }
  std::string Column() { return Pick({"p", "q", "r", "s", "p % 7", "coalesce(q, 'z')"}); }
  std::string Limit() {
    return Below(2)
               ? ""
               : " LIMIT " + std::to_string(Below(9000)) + " OFFSET " + std::to_string(Below(50));
  }
  std::string SetOp() {
    return Pick({"UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"});
  }
  std::string Join() {
    const std::string kind = Pick({"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"});
    const std::string on = Pick({"a.k = b.k", "a.t = b.t", "a.k = b.k AND a.t = b.t"});
    const std::string extra =
        kind == "FULL JOIN" ? "" : Pick({"", "", " AND a.id < b.id", " AND b.id % 3 = 0"});
    return "SELECT a.id AS p, a.t AS q, b.id AS r, b.t AS s FROM ta a " + kind + " tb b ON " + on +
           extra + (Below(3) ? "" : " WHERE a.id % 5 < 3");
  }
  std::string Exists() {
    return Pick({"EXISTS (SELECT 1 FROM tb WHERE tb.k = c.p)",
                 "c.p NOT IN (SELECT k FROM tb WHERE k IS NOT NULL)",
                 "c.p IN (SELECT k FROM tb) OR c.p < 5",
                 "NOT EXISTS (SELECT 1 FROM tb WHERE tb.k = c.p AND tb.id > d.p)"});
  }
  std::string Aggregates() {
    std::string text = "count(*)";
    for (const char* one :
         {"count(DISTINCT s)", "sum(r)", "sum(DISTINCT p) FILTER (WHERE r % 2 = 0)", "max(s)",
          "string_agg(s, ',' ORDER BY p, r, s)", "array_agg(DISTINCT s ORDER BY s)", "avg(r)"}) {
      if (Below(2)) text += std::string(", ") + one;
    }
    return text;
  }

  std::mt19937_64 random_;
};

TEST_F(SpillTest, RandomQueriesAnswerTheSame) {
  Open();
  Do("CREATE TABLE ta (id int, k int, t text);"
     "CREATE TABLE tb (id int, k int, t text);"
     "INSERT INTO ta SELECT i, CASE WHEN i % 9 <> 0 THEN i % 701 END,"
     "  CASE WHEN i % 13 <> 0 THEN 'text number ' || i % 487 END FROM generate_series(1, 5000) i;"
     "INSERT INTO tb SELECT i, CASE WHEN i % 8 <> 0 THEN i * 3 % 907 END,"
     "  CASE WHEN i % 10 <> 0 THEN 'text number ' || i % 997 END FROM generate_series(1, 4500) i");
  const char* const seed_text = std::getenv("SPILL_SEED");
  const uint64_t first = seed_text ? std::strtoull(seed_text, nullptr, 10) : 1;
  const char* const count_text = std::getenv("SPILL_COUNT");
  const uint64_t count = count_text ? std::strtoull(count_text, nullptr, 10) : 8;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const std::string sql = RandomQuery(seed).Text();
    const bool sorted = !sql.starts_with("SELECT * FROM");
    Do("SET debug_spill = off; SET work_mem = '1GB'");
    const auto wanted = Rows(sql, sorted);
    ASSERT_TRUE(wanted.ok()) << sql << ": " << wanted.status().message();
    for (const char* setting :
         {"SET debug_spill = on", "SET debug_spill = off; SET work_mem = 64"}) {
      Do(setting);
      const auto got = Rows(sql, sorted);
      ASSERT_TRUE(got.ok()) << sql << ": " << got.status().message();
      ASSERT_EQ(got->size(), wanted->size()) << "seed " << seed << ": " << sql;
      ASSERT_TRUE(*got == *wanted) << "seed " << seed << ": " << sql;
    }
    ExpectNothingLeft();
  }
}

}  // namespace
}  // namespace oxibase
