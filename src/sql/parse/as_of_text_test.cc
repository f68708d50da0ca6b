#include "sql/parse/as_of_text.h"

#include <gtest/gtest.h>

#include <string>

#include "sql/parse/parser.h"

namespace oxibase {
namespace {

/// The clauses found, as "relation|kind|expression".
std::string Found(const std::string& text) {
  std::string out;
  for (const ast::AsOfText& found : ast::FindAsOf(text)) {
    if (!out.empty()) out += "; ";
    const auto relation = static_cast<size_t>(found.relation);
    out += text.substr(relation, text.find(' ', relation) - relation) + "|";
    out += found.kind == ast::AsOf::Kind::kTimestamp ? "timestamp|" : "transaction|";
    out += text.substr(found.expr.begin, found.expr.end - found.expr.begin);
  }
  return out;
}

TEST(AsOfTextTest, FindsTheClauseAndLeavesTheAlias) {
  EXPECT_EQ(Found("SELECT 1 FROM t AS OF TIMESTAMP '2026-01-01' x"), "t|timestamp|'2026-01-01'");
  EXPECT_EQ(Found("FROM s.t as of transaction 5 AS x, b.c.d AS OF TRANSACTION $1"),
            "s.t|transaction|5; b.c.d|transaction|$1");
  EXPECT_EQ(Found("FROM t AS OF TIMESTAMP now() - interval '1' hour * 2 old WHERE a - 1 = 2"),
            "t|timestamp|now() - interval '1' hour * 2");
  EXPECT_EQ(Found("FROM t AS OF TIMESTAMP f(a, (b))::timestamp with time zone x"),
            "t|timestamp|f(a, (b))::timestamp with time zone");
  EXPECT_EQ(
      Found("FROM t AS OF TIMESTAMP timestamp '2026-01-01' AT TIME ZONE 'UTC' JOIN u ON true"),
      "t|timestamp|timestamp '2026-01-01' AT TIME ZONE 'UTC'");
  EXPECT_EQ(Found("FROM \"T\" /* x */ AS OF -- y\n TIMESTAMP (SELECT 1)"),
            "\"T\"|timestamp|(SELECT 1)");
}

TEST(AsOfTextTest, OtherUsesOfTheWordsAreLeftAlone) {
  for (const char* text :
       {"SELECT a AS of FROM t AS of", "SELECT 'x AS OF TIMESTAMP 1' FROM t",
        "SELECT 1 -- t AS OF TIMESTAMP 1", "SELECT $$t AS OF TIMESTAMP 1$$", "AS OF TIMESTAMP",
        "FROM t AS OF", "FROM t AS OF TIMESTAMP", "FROM t AS OF TIMESTAMP;",
        "FROM 1 AS OF TIMESTAMP 1", "FROM t AS \"of\" TIMESTAMP 1", "FROM t AS OF E'\\"}) {
    EXPECT_EQ(Found(text), "") << text;
  }
}

TEST(AsOfTextTest, StandsAtTheTableAndKeepsPositions) {
  const std::string text = "SELECT * FROM t AS OF TIMESTAMP now() x WHERE q";
  const auto parsed = Parse(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  const auto& select = ast::As<ast::SelectStmt>(*(*parsed)[0]);
  const auto& table = ast::As<ast::RangeVar>(*select.from[0]);
  ASSERT_TRUE(table.as_of);
  EXPECT_EQ(table.as_of->text, "now()");
  EXPECT_EQ(table.as_of->expr->location, static_cast<int32_t>(text.find("now")));
  EXPECT_EQ(table.alias.name, "x");
  EXPECT_EQ(select.where->location, static_cast<int32_t>(text.find(" q") + 1));
}

TEST(AsOfTextTest, BadTextIsAnError) {
  const std::string deep = "SELECT 1 FROM t AS OF TIMESTAMP x" + [] {
    std::string zones;
    for (int i = 0; i < 200'000; ++i) zones += " AT TIME ZONE x";
    return zones;
  }();
  EXPECT_FALSE(Parse(deep).ok());
  EXPECT_FALSE(Parse("DELETE FROM t AS OF TIMESTAMP now()").ok());
  EXPECT_FALSE(Parse("SELECT 1 FROM t AS OF TIMESTAMP 1 +").ok());
  EXPECT_FALSE(Parse("SELECT 1 FROM t AS OF TIMESTAMP (1").ok());
  std::string many = "SELECT 1 FROM t";
  for (int i = 0; i < 1001; ++i) many += ", t AS OF TRANSACTION 1";
  EXPECT_EQ(Parse(many).status().code(), ErrorCode::kStatementTooComplex);
}

}  // namespace
}  // namespace oxibase
