// The C++ API, and below it the C API, as programs use them.

#include <gmock/gmock.h>

#include "oxibase/oxibase.hpp"

namespace {

TEST(ApiTest, RunsStatementsWithParametersAndReadsRows) {
  oxibase::Database db;
  oxibase::Connection c = db.Connect();
  c.Execute("CREATE TABLE t (id int PRIMARY KEY, name text, score double precision)");
  EXPECT_EQ(c.Execute("INSERT INTO t VALUES ($1, $2, $3)", 1, "one", 1.5), 1U);
  oxibase::Statement insert = c.Prepare("INSERT INTO t VALUES ($1, $2, $3)");
  EXPECT_EQ(insert.Execute(2, std::string("two"), nullptr), 1U);
  std::string seen;
  for (const oxibase::Row& row : c.Query("SELECT id, name, score FROM t ORDER BY id")) {
    seen += std::to_string(row.Get<int>(0)) + row.Get<std::string>(1) +
            (row.IsNull(2) ? "null" : std::to_string(row.Get<double>(2))) + ";";
  }
  EXPECT_EQ(seen, "1one1.500000;2twonull;");
}

}  // namespace
