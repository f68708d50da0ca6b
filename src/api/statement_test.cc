// Statements through the C++ API: runs, parameters, rows.

#include <gmock/gmock.h>

#include "api/state_of.h"
#include "oxibase/oxibase.hpp"

namespace {

using oxibase::Connection;
using oxibase::Database;
using oxibase::Error;
using oxibase::Row;
using oxibase::Statement;
using oxibase::testing_api::StateOf;
using testing::ElementsAre;

class StatementTest : public testing::Test {
 protected:
  std::vector<int> Ints(Statement& s) {
    std::vector<int> all;
    for (const Row& row : s) all.push_back(row.Get<int>(0));
    return all;
  }
  std::vector<int> Ints(const char* sql) {
    Statement s = c_.Prepare(sql);
    return Ints(s);
  }

  Database db_;
  Connection c_ = db_.Connect();
};

TEST_F(StatementTest, RunsAgainWithOtherParameters) {
  c_.Execute("CREATE TABLE t (id int PRIMARY KEY, name text)");
  Statement insert = c_.Prepare("INSERT INTO t VALUES ($1, $2)");
  EXPECT_EQ(insert.parameter_count(), 2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(insert.Execute(i, "n" + std::to_string(i)), 1U);
  EXPECT_EQ(insert.command_tag(), "INSERT 0 1");
  Statement select = c_.Prepare("SELECT name FROM t WHERE id = $1");
  for (int i = 0; i < 5; ++i) {
    select.Bind(1, i);
    ASSERT_TRUE(select.Step());
    EXPECT_EQ(select.Get<std::string_view>(0), "n" + std::to_string(i));
    EXPECT_FALSE(select.Step());
    EXPECT_FALSE(select.Step());  // stays done
    EXPECT_EQ(select.rows(), 1U);
    EXPECT_EQ(select.command_tag(), "SELECT 1");
  }
  select.Bind(1, 99);
  EXPECT_FALSE(select.Step());
  select.Bind(1, nullptr);
  EXPECT_FALSE(select.Step());
}

TEST_F(StatementTest, DescribesItsColumns) {
  Statement s = c_.Prepare("SELECT 1 AS a, 'x'::varchar(10) AS b, ARRAY[1, 2] AS c");
  EXPECT_EQ(s.column_count(), 3);
  EXPECT_EQ(s.column_name(1), "b");
  EXPECT_EQ(s.column_type(0), 23U);
  EXPECT_EQ(s.column_type_name(1), "character varying(10)");
  EXPECT_EQ(s.column_type_name(2), "integer[]");
  EXPECT_EQ(s.column_name(3), "");
  EXPECT_EQ(s.column_name(-1), "");
  EXPECT_EQ(s.column_type(3), 0U);
  EXPECT_EQ(c_.Prepare("DROP TABLE IF EXISTS t").column_count(), 0);
}

TEST_F(StatementTest, ResetDropsTheRowsLeft) {
  Statement s = c_.Prepare("SELECT generate_series(1, 100000)");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(s.Step());
    EXPECT_EQ(s.Get<int>(0), 1);
    ASSERT_TRUE(s.Step());
    s.Reset();
    EXPECT_EQ(StateOf([&] { s.Get<int>(0); }), "24000");
  }
}

TEST_F(StatementTest, ManyRowsComeInOrder) {
  Statement s = c_.Prepare("SELECT i, i::text FROM generate_series(1, 10000) i");
  int64_t next = 0;
  for (const Row& row : s) {
    ++next;
    ASSERT_EQ(row.Get<int64_t>(0), next);
    ASSERT_EQ(row.Get<std::string_view>(1), std::to_string(next));
  }
  EXPECT_EQ(next, 10000);
}

TEST_F(StatementTest, BatchesGiveWholeColumns) {
  Statement s = c_.Prepare(
      "SELECT i::int8, CASE WHEN i % 2 = 0 THEN i::float8 END FROM generate_series(1, 5000) i");
  int64_t sum = 0, nulls = 0, rows = 0;
  double halves = 0;
  while (s.Fetch()) {
    const oxibase_cursor& cursor = s.cursor();
    ASSERT_EQ(cursor.column_count, 2U);
    const oxibase_column& a = cursor.columns[0];
    const oxibase_column& b = cursor.columns[1];
    ASSERT_EQ(a.form, uint32_t{OXIBASE_FORM_INT64});
    ASSERT_EQ(b.form, uint32_t{OXIBASE_FORM_DOUBLE});
    for (uint32_t row = 0; row < cursor.rows; ++row) {
      sum += static_cast<const int64_t*>(a.values)[a.selection[row]];
      const uint32_t at = b.selection[row];
      if (b.validity && !(b.validity[at / 64] >> (at % 64) & 1)) {
        ++nulls;
      } else {
        halves += static_cast<const double*>(b.values)[at];
      }
    }
    rows += cursor.rows;
  }
  EXPECT_EQ(rows, 5000);
  EXPECT_EQ(sum, 5000 * 5001 / 2);
  EXPECT_EQ(nulls, 2500);
  EXPECT_EQ(halves, 2500.0 * 2501);
}

TEST_F(StatementTest, AnotherStatementMayRunBetweenTwoRows) {
  c_.Execute("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 5000)");
  Statement rows = c_.Prepare("SELECT a FROM t ORDER BY a");
  Statement change = c_.Prepare("UPDATE t SET a = a + 100000 WHERE a = $1");
  int count = 0;
  while (rows.Step()) {
    EXPECT_EQ(rows.Get<int>(0), ++count);
    if (count % 1000 == 1) {
      EXPECT_EQ(change.Execute(count), 1U);
    }
  }
  EXPECT_EQ(count, 5000);
  EXPECT_EQ(rows.rows(), 5000U);
  EXPECT_EQ(c_.QueryValue<int>("SELECT count(*) FROM t WHERE a > 100000"), 5);
  // And with a script, and by a statement that fails.
  rows.Reset();
  ASSERT_TRUE(rows.Step());
  c_.Execute("CREATE TABLE u (a int)");
  EXPECT_EQ(StateOf([&] { c_.Execute("SELECT 1 / 0"); }), "22012");
  EXPECT_EQ(rows.Get<int>(0), 2);
  for (count = 1; rows.Step(); ++count) {
  }
  EXPECT_EQ(count, 5000);
}

TEST_F(StatementTest, InATransactionTwoStatementsRunSideBySide) {
  c_.Execute("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 5000)");
  Statement one = c_.Prepare("SELECT a FROM t ORDER BY a");
  Statement two = c_.Prepare("SELECT -a FROM t ORDER BY a");
  oxibase::Transaction transaction = c_.Begin();
  for (int i = 1; i <= 5000; ++i) {
    ASSERT_TRUE(one.Step());
    ASSERT_TRUE(two.Step());
    ASSERT_EQ(one.Get<int>(0), i);
    ASSERT_EQ(two.Get<int>(0), -i);
  }
  transaction.Commit();
  EXPECT_EQ(StateOf([&] { one.Step(); }), "24000");
}

TEST_F(StatementTest, AnErrorBehindTheFirstRowsEndsTheRun) {
  Statement s = c_.Prepare("SELECT 1 / (5000 - i) FROM generate_series(1, 6000) i");
  EXPECT_EQ(StateOf([&] {
              while (s.Step()) {
              }
            }),
            "22012");
  EXPECT_EQ(StateOf([&] { s.Step(); }), "24000");
  s.Reset();
  ASSERT_TRUE(s.Step());
  // The error comes in its place also when the rest was taken meanwhile.
  c_.Execute("SELECT 1");
  EXPECT_EQ(StateOf([&] {
              while (s.Step()) {
              }
            }),
            "22012");
}

TEST_F(StatementTest, AChangeIsCarriedThroughByReset) {
  c_.Execute("CREATE TABLE t (a int)");
  Statement s = c_.Prepare("INSERT INTO t SELECT generate_series(1, 5000) RETURNING a");
  ASSERT_TRUE(s.Step());
  s.Reset();
  EXPECT_EQ(c_.QueryValue<int>("SELECT count(*) FROM t"), 5000);
  {
    Statement other = c_.Prepare("DELETE FROM t RETURNING a");
    ASSERT_TRUE(other.Step());
  }
  EXPECT_EQ(c_.QueryValue<int>("SELECT count(*) FROM t"), 0);
}

TEST_F(StatementTest, DdlBetweenRunsIsNoticed) {
  c_.Execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  Statement s = c_.Prepare("SELECT * FROM t");
  EXPECT_THAT(Ints(s), ElementsAre(1));
  c_.Execute("CREATE INDEX ON t (a)");
  s.Reset();
  EXPECT_THAT(Ints(s), ElementsAre(1));
  c_.Execute("ALTER TABLE t ADD COLUMN b int");
  s.Reset();
  EXPECT_EQ(StateOf([&] { s.Step(); }), "0A000");
  c_.Execute("DROP TABLE t");
  s.Reset();
  EXPECT_EQ(StateOf([&] { s.Step(); }), "42P01");
}

TEST_F(StatementTest, UtilityStatementsArePreparedToo) {
  Statement show = c_.Prepare("SHOW server_encoding");
  ASSERT_TRUE(show.Step());
  EXPECT_EQ(show.Get<std::string_view>(0), "UTF8");
  Statement make = c_.Prepare("CREATE TEMP TABLE t (a int)");
  EXPECT_EQ(make.Execute(), 0U);
  EXPECT_EQ(make.command_tag(), "CREATE TABLE");
  EXPECT_EQ(StateOf([&] { make.Execute(); }), "42P07");
  Statement explain = c_.Prepare("EXPLAIN SELECT * FROM t");
  EXPECT_TRUE(explain.Step());
  Statement nothing = c_.Prepare(" ; -- nothing");
  EXPECT_FALSE(nothing.Step());
  c_.Execute("");
}

TEST_F(StatementTest, WrongIndexesFail) {
  Statement s = c_.Prepare("SELECT $1::int, $2::int");
  EXPECT_EQ(StateOf([&] { s.Bind(0, 1); }), "22023");
  EXPECT_EQ(StateOf([&] { s.Bind(3, 1); }), "22023");
  EXPECT_EQ(StateOf([&] { s.Bind(-1, 1); }), "22023");
  EXPECT_EQ(StateOf([&] { s.Get<int>(0); }), "24000");
  s.BindAll(1, nullptr);
  ASSERT_TRUE(s.Step());
  EXPECT_EQ(StateOf([&] { s.Get<int>(2); }), "22023");
  EXPECT_EQ(StateOf([&] { s.Get<int>(-1); }), "22023");
  EXPECT_EQ(StateOf([&] { s.Text(2); }), "22023");
  EXPECT_EQ(StateOf([&] { s.Get<int>(1); }), "22002");
  EXPECT_EQ(s.Get<std::optional<int>>(1), std::nullopt);
  EXPECT_EQ(s.Get<std::optional<int>>(0), 1);
  EXPECT_TRUE(s.IsNull(1));
}

TEST_F(StatementTest, QueryValueWantsARow) {
  EXPECT_EQ(StateOf([&] { c_.QueryValue<int>("SELECT 1 WHERE false"); }), "02000");
  EXPECT_EQ(c_.QueryValue<std::string>("SELECT $1 || $2", "a", "b"), "ab");
}

TEST_F(StatementTest, CopyInAndOut) {
  c_.Execute("CREATE TABLE t (a int, b text)");
  oxibase::CopyIn in = c_.CopyFrom("COPY t FROM STDIN");
  in.Write("1\to");
  in.Write("ne\n2\t\\N\n");
  EXPECT_EQ(in.Finish(), 2U);
  oxibase::CopyOut out = c_.CopyTo("COPY t TO STDOUT (FORMAT csv)");
  std::string all;
  for (std::string_view bytes = out.Read(); !bytes.empty(); bytes = out.Read()) all += bytes;
  EXPECT_EQ(all, "1,one\n2,\n");
  EXPECT_EQ(out.Read(), "");
  {
    oxibase::CopyIn dropped = c_.CopyFrom("COPY t FROM STDIN");
    dropped.Write("3\tthree\n");
  }
  EXPECT_EQ(c_.QueryValue<int>("SELECT count(*) FROM t"), 2);
  oxibase::CopyIn bad = c_.CopyFrom("COPY t FROM STDIN");
  EXPECT_EQ(StateOf([&] {
              bad.Write("x\ty\n");
              bad.Finish();
            }),
            "22P02");
  EXPECT_EQ(StateOf([&] { c_.Execute("COPY t FROM STDIN"); }), "0A000");
  Statement stepped = c_.Prepare("COPY t TO STDOUT");
  EXPECT_EQ(StateOf([&] { stepped.Step(); }), "0A000");
  EXPECT_EQ(StateOf([&] { c_.CopyFrom("SELECT 1").Write("x"); }), "24000");
  EXPECT_EQ(StateOf([&] { c_.CopyFrom("COPY t TO STDOUT").Write("x"); }), "24000");
  EXPECT_EQ(StateOf([&] { c_.CopyTo("COPY t FROM STDIN").Read(); }), "24000");
  EXPECT_EQ(c_.QueryValue<int>("SELECT count(*) FROM t"), 2);
}

TEST_F(StatementTest, BinaryCopyEndsWithItsTrailerOrWithTheData) {
  c_.Execute("CREATE TABLE t (a int)");
  const std::string head("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  const std::string row("\0\1\0\0\0\4\0\0\0\7", 10);
  const auto copy = [&](const std::string& bytes) {
    oxibase::CopyIn in = c_.CopyFrom("COPY t FROM STDIN (FORMAT binary)");
    in.Write(bytes);
    return in.Finish();
  };
  EXPECT_EQ(copy(head + row + "\377\377"), 1U);
  EXPECT_EQ(copy(head + row + row), 2U);
  EXPECT_EQ(copy(head), 0U);
  EXPECT_EQ(StateOf([&] { copy(head + row + row.substr(0, 9)); }), "22P04");
  EXPECT_EQ(StateOf([&] { copy(head.substr(0, 15)); }), "22P04");
  EXPECT_EQ(StateOf([&] { copy(""); }), "22P04");
  EXPECT_EQ(c_.QueryValue<int>("SELECT sum(a) FROM t"), 21);
}

TEST_F(StatementTest, AnotherStatementEndsACopy) {
  c_.Execute("CREATE TABLE t (a int)");
  oxibase::CopyIn in = c_.CopyFrom("COPY t FROM STDIN");
  in.Write("1\n");
  EXPECT_EQ(c_.QueryValue<int>("SELECT count(*) FROM t"), 0);
  EXPECT_EQ(StateOf([&] { in.Finish(); }), "24000");
  // In a transaction it fails that.
  oxibase::Transaction transaction = c_.Begin();
  oxibase::CopyIn again = c_.CopyFrom("COPY t FROM STDIN");
  again.Write("1\n");
  EXPECT_EQ(StateOf([&] { c_.QueryValue<int>("SELECT count(*) FROM t"); }), "25P02");
}

}  // namespace
