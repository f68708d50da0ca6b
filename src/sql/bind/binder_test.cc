#include "sql/bind/binder.h"

#include <gtest/gtest.h>

#include "sql/parse/parser.h"

namespace oxibase {
namespace {

/// Tables t(a int primary key, b text, c numeric(5,2)) and u(a bigint, d date).
class BinderTest : public testing::Test {
 protected:
  BinderTest() {
    auto schema = std::make_shared<SchemaDef>();
    schema->oid = kPublicSchema;
    schema->name = "public";
    catalog_.Put(std::shared_ptr<const SchemaDef>(schema));
    auto t = std::make_shared<TableDef>();
    t->oid = 20000;
    t->schema = kPublicSchema;
    t->name = "t";
    t->columns = {Column(1, "a", TypeId::kInt4), Column(2, "b", TypeId::kText),
                  Column(3, "c", {TypeId::kNumeric, (5 << 16 | 2) + 4})};
    IndexDef index;
    index.oid = 20001;
    index.name = "t_pkey";
    index.unique = index.primary = true;
    index.columns = {IndexColumn{.column = ColumnId(1)}};
    t->indexes = {index};
    ConstraintDef key;
    key.oid = 20002;
    key.name = "t_pkey";
    key.kind = ConstraintKind::kPrimaryKey;
    key.columns = {ColumnId(1)};
    key.index = 20001;
    t->constraints = {key};
    catalog_.Put(std::shared_ptr<const TableDef>(t));
    auto u = std::make_shared<TableDef>();
    u->oid = 20010;
    u->schema = kPublicSchema;
    u->name = "u";
    u->columns = {Column(1, "a", TypeId::kInt8), Column(2, "d", TypeId::kDate)};
    catalog_.Put(std::shared_ptr<const TableDef>(u));
    eval_.settings = &settings_;
  }

  static ColumnDef Column(int16_t id, const char* name, Type type) {
    ColumnDef column;
    column.id = ColumnId(id);
    column.name = name;
    column.type = type;
    return column;
  }

  Result<LogicalPlan> Bind(const std::string& sql) {
    auto statements = Parse(sql);
    if (!statements.ok()) return std::move(statements).status();
    BindContext context{.catalog = catalog_};
    context.eval = &eval_;
    auto plan = BindStatement(*statements->front(), context);
    params_ = context.param_types;
    return plan;
  }

  /// "name type, ..." of the result, or the SQLSTATE.
  std::string Columns(const std::string& sql) {
    auto plan = Bind(sql);
    if (!plan.ok()) return std::string(SqlState(plan.code()));
    std::string text;
    for (const OutputColumn& column : plan->result) {
      if (!text.empty()) text += ", ";
      text += column.name + " " + FormatType(column.type);
    }
    return text;
  }

  std::string Message(const std::string& sql) {
    auto plan = Bind(sql);
    return plan.ok() ? "ok" : std::string(plan.status().message());
  }

  std::string Params(const std::string& sql) {
    auto plan = Bind(sql);
    if (!plan.ok()) return std::string(SqlState(plan.code()));
    std::string text;
    for (const Type type : params_) text += (text.empty() ? "" : ", ") + FormatType(type);
    return text;
  }

  CatalogVersion catalog_;
  IoSettings settings_;
  EvalContext eval_;
  std::vector<Type> params_;
};

TEST_F(BinderTest, NamesAndTypesOfResults) {
  EXPECT_EQ(Columns("SELECT * FROM t"), "a integer, b text, c numeric(5,2)");
  EXPECT_EQ(Columns("SELECT 1, 'x', a + 1, lower(b), NULL FROM t"),
            "?column? integer, ?column? text, ?column? integer, lower text, ?column? text");
  EXPECT_EQ(Columns("SELECT a::bigint, CASE WHEN true THEN 1 END, coalesce(b, 'x') FROM t"),
            "a bigint, case integer, coalesce text");
  EXPECT_EQ(Columns("SELECT count(*), sum(a) FROM t"), "count bigint, sum bigint");
  EXPECT_EQ(Columns("SELECT * FROM t JOIN u USING (a)"),
            "a bigint, b text, c numeric(5,2), d date");
}

TEST_F(BinderTest, ResultsKnowTheColumnsTheyAre) {
  const auto origins = [&](const std::string& sql) {
    const auto plan = Bind(sql);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    std::string text;
    for (const OutputColumn& column : plan->result) {
      text += fmt::format("{}.{} ", column.origin_table, column.origin_column);
    }
    return text;
  };
  EXPECT_EQ(origins("SELECT * FROM t"), "20000.1 20000.2 20000.3 ");
  EXPECT_EQ(origins("SELECT u.d AS x, b, t.a + 1, c FROM t, u"), "20010.2 20000.2 0.0 20000.3 ");
  EXPECT_EQ(origins("SELECT b, count(*) FROM t GROUP BY b ORDER BY b"), "20000.2 0.0 ");
}

TEST_F(BinderTest, NamesThatMeanNothing) {
  EXPECT_EQ(Columns("SELECT x FROM t"), "42703");
  EXPECT_EQ(Columns("SELECT a FROM t, u"), "42702");
  EXPECT_EQ(Columns("SELECT * FROM nosuch"), "42P01");
  EXPECT_EQ(Columns("SELECT u.a FROM t"), "42P01");
  EXPECT_EQ(Columns("SELECT 1 FROM t, t"), "42712");
  EXPECT_EQ(Columns("SELECT * FROM t, (SELECT t.a) s"), "42P01");
  EXPECT_EQ(Columns("SELECT s.* FROM t, LATERAL (SELECT t.a) s"), "a integer");
}

TEST_F(BinderTest, ParameterTypesComeFromTheirPlace) {
  EXPECT_EQ(Params("SELECT * FROM t WHERE a = $1 AND b LIKE $2"), "integer, text");
  EXPECT_EQ(Params("INSERT INTO u VALUES ($1, $2)"), "bigint, date");
  EXPECT_EQ(Params("SELECT $1"), "text");
  EXPECT_EQ(Params("SELECT 1 FROM t LIMIT $1"), "bigint");
  EXPECT_EQ(Params("SELECT $2::int"), "42P18");
}

TEST_F(BinderTest, Grouping) {
  EXPECT_EQ(Message("SELECT b, count(*) FROM t GROUP BY b"), "ok");
  EXPECT_EQ(Message("SELECT b, c FROM t GROUP BY a"), "ok");
  EXPECT_EQ(
      Message("SELECT a FROM t GROUP BY b"),
      "column \"t.a\" must appear in the GROUP BY clause or be used in an aggregate function");
  EXPECT_EQ(Message("SELECT a FROM t WHERE count(*) > 1"),
            "aggregate functions are not allowed in WHERE");
  EXPECT_EQ(Message("SELECT sum(count(*)) FROM t"), "aggregate function calls cannot be nested");
  EXPECT_EQ(Message("SELECT (SELECT max(t.a) FROM u) FROM t"), "ok");
}

TEST_F(BinderTest, DataModification) {
  EXPECT_EQ(Message("INSERT INTO t VALUES (1, 2, 3) RETURNING a"), "ok");
  EXPECT_EQ(Message("INSERT INTO t (a) VALUES (true)"),
            "column \"a\" is of type integer but expression is of type boolean");
  EXPECT_EQ(Message("INSERT INTO t (a) VALUES (1, 2)"),
            "INSERT has more expressions than target columns");
  EXPECT_EQ(Message("UPDATE t SET (b, c) = (SELECT 'x', 1) FROM u WHERE u.a = t.a RETURNING t.*"),
            "ok");
  EXPECT_EQ(Message("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b"),
            "ok");
  EXPECT_EQ(Columns("INSERT INTO t (a) VALUES (1) ON CONFLICT (b) DO NOTHING"), "42P10");
}

TEST_F(BinderTest, EveryOutputVariableIsProduced) {
  for (const char* sql :
       {"SELECT b, a FROM t ORDER BY c LIMIT 1", "SELECT DISTINCT b FROM t ORDER BY b",
        "WITH x AS (SELECT a FROM t) SELECT * FROM x WHERE a IN (SELECT a FROM u)",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM "
        "r",
        "SELECT a, rank() OVER (ORDER BY b) FROM t", "SELECT generate_series(1, a) FROM t"}) {
    auto plan = Bind(sql);
    ASSERT_TRUE(plan.ok()) << sql << ": " << plan.status().message();
    EXPECT_FALSE(Format(*plan->root).empty());
    EXPECT_FALSE(Format(*Clone(*plan->root)).empty());
  }
}

}  // namespace
}  // namespace oxibase
