#include "sql/parse/normalized_text.h"

#include <gtest/gtest.h>

#include "sql/parse/parser.h"

namespace oxibase {
namespace {

/// "text | value value ...", or "no".
std::string Normalize(std::string_view sql) {
  NormalizedText out;
  if (!NormalizeText(sql, out)) return "no";
  EXPECT_TRUE(Parse(out.text).ok()) << out.text;
  std::string shown = out.text + " |";
  for (const auto& literal : out.literals) {
    using Type = NormalizedText::Literal::Type;
    shown += ' ';
    switch (literal.type) {
      case Type::kInt4:
        shown += std::to_string(literal.integer);
        break;
      case Type::kInt8:
        shown += std::to_string(literal.integer) + "L";
        break;
      case Type::kNumeric:
        shown += std::string(out.TextOf(literal)) + "N";
        break;
      case Type::kString:
        shown += "'" + std::string(out.TextOf(literal)) + "'";
    }
  }
  return shown;
}

TEST(NormalizedText, TakesPgbenchsLiterals) {
  EXPECT_EQ(Normalize("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"),
            "SELECT abalance FROM pgbench_accounts WHERE aid = $1; | 4711");
  EXPECT_EQ(Normalize("UPDATE pgbench_accounts SET abalance = abalance + -12 WHERE aid = 7;"),
            "UPDATE pgbench_accounts SET abalance = abalance + -$1 WHERE aid = $2; | 12 7");
  EXPECT_EQ(Normalize("INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) "
                      "VALUES (1, 2, 3, -4, CURRENT_TIMESTAMP);"),
            "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) "
            "VALUES ($1, $2, $3, -$4, CURRENT_TIMESTAMP); | 1 2 3 4");
}

TEST(NormalizedText, TakesWhatCannotChangeTheMeaning) {
  EXPECT_EQ(
      Normalize("select * from t where a='it''s' and b>=1.50 and c in (1,'x') or(d<9999999999)"),
      "select * from t where a=$1 and b>=$2 and c in ($3,$4) or(d<$5) "
      "| 'it's' 1.50N 1 'x' 9999999999L");
  EXPECT_EQ(Normalize("SELECT 1 FROM t WHERE a BETWEEN 1 AND 'z' AND b"),
            "SELECT 1 FROM t WHERE a BETWEEN $1 AND $2 AND b | 1 'z'");
  EXPECT_EQ(Normalize("INSERT INTO t VALUES ('a', NULL), ('b', f(3))"),
            "INSERT INTO t VALUES ($1, NULL), ($2, f(3)) | 'a' 'b'");
  EXPECT_EQ(Normalize("INSERT INTO t VALUES (1) ON CONFLICT (a) WHERE b = 2 DO UPDATE SET c = 3"),
            "INSERT INTO t VALUES ($1) ON CONFLICT (a) WHERE b = 2 DO UPDATE SET c = $2 | 1 3");
  EXPECT_EQ(Normalize("DELETE FROM \"t 1\" WHERE (a, b) IN ((1, 2), (3, 4)) RETURNING a = 5"),
            "DELETE FROM \"t 1\" WHERE (a, b) IN (($1, $2), ($3, $4)) RETURNING a = 5 | 1 2 3 4");
  EXPECT_EQ(Normalize("SELECT a FROM t JOIN u ON t.b = 3 WHERE c=-5 ORDER BY 1, d = 2 LIMIT 10"),
            "SELECT a FROM t JOIN u ON t.b = $1 WHERE c=-$2 ORDER BY 1, d = 2 LIMIT 10 | 3 5");
}

TEST(NormalizedText, LeavesWhatCould) {
  // The literals that stay as they are; one is taken so that there is a result.
  for (const char* kept :
       {"date '2020-01-01' < d", "d < '2020-01-01'::date", "a::numeric(10, 2) = b", "a LIKE 'x%'",
        "lower(b) = f(1)", "doc -> 'k' = b", "x[1] = y", "a || 'x' = b", "a + '1 day' > b",
        "CAST(a AS varchar(3)) = b", "a = ANY ('{1}')", "a AT TIME ZONE 'UTC' = b",
        "a IN (SELECT 3 FROM u LIMIT 4)", "a ~ '^x'", "EXISTS (SELECT 1)",
        "a = (SELECT b FROM (VALUES (1)) v)", "a = 'x'\n'y'"}) {
    const std::string sql = std::string("SELECT 7, 'x' FROM g(1) WHERE z = 5 AND ") + kept;
    if (std::string_view(kept).find('\n') != std::string_view::npos) {
      EXPECT_EQ(Normalize(sql), "no");
      continue;
    }
    EXPECT_EQ(Normalize(sql),
              std::string("SELECT 7, 'x' FROM g(1) WHERE z = $1 AND ") + kept + " | 5");
  }
}

TEST(NormalizedText, RefusesTheUnusual) {
  for (const char* sql : {"",
                          "SELECT 1",
                          "BEGIN",
                          "SELECT a FROM t WHERE b = E'\\n'",
                          "SELECT a FROM t WHERE b = $1",
                          "SELECT a FROM t WHERE b = $$x$$",
                          "SELECT a FROM t WHERE b = 1 -- c",
                          "SELECT a FROM t WHERE b = /* c */ 1",
                          "SELECT a FROM t WHERE b = 1; SELECT 2",
                          "SELECT a + 1 FROM t WHERE b = 1 GROUP BY a + 1",
                          "SELECT DISTINCT a FROM t WHERE b = 1",
                          "SELECT a FROM t WHERE b = 1 UNION SELECT 2",
                          "SELECT a FROM t WHERE b = 1 INTERSECT SELECT 2",
                          "WITH w AS (SELECT 1) SELECT * FROM w WHERE a = 1",
                          "SELECT a INTO u FROM t WHERE b = 1",
                          "SELECT a FROM t WHERE b = 'x",
                          "SELECT a FROM t WHERE b = 1)",
                          "CREATE TABLE t (a int)",
                          "SELECT a FROM t WHERE b = (1",
                          "SELECT a FROM t WHERE b = 0x1F",
                          "SELECT a FROM t WHERE b = 1_0",
                          "SELECT a FROM t WHERE b = -2147483648",
                          "SELECT a FROM t WHERE b = U&'x'",
                          "SELECT a FROM t WHERE b = 'x' 'y",
                          "SELECT a FROM t WHERE b = ARRAY[1]"}) {
    EXPECT_EQ(Normalize(sql), "no") << sql;
  }
  std::string many = "SELECT a FROM t WHERE b IN (1";
  for (int i = 0; i < 64; ++i) many += ",1";
  EXPECT_EQ(Normalize(many + ")"), "no");
  EXPECT_EQ(Normalize("SELECT a FROM t WHERE b = 1" + std::string(5000, ' ')), "no");
  EXPECT_EQ(Normalize("SELECT a FROM t WHERE b = " + std::string(20, '(') + "1"), "no");
}

}  // namespace
}  // namespace oxibase
