#include "sql/parse/parser.h"

#include <gtest/gtest.h>

#include <thread>

#include "sql/parse/ast_ddl.h"
#include "sql/parse/ast_utility.h"
#include "sql/parse/limits.h"
#include "sql/parse/token_cursor.h"

namespace oxibase {
namespace {

using namespace ast;  // NOLINT: the tests are about these names

std::unique_ptr<Statement> One(std::string_view sql) {
  auto result = Parse(sql);
  EXPECT_TRUE(result.ok()) << sql << ": " << result.status().message();
  if (!result.ok() || result->size() != 1) return nullptr;
  return std::move((*result)[0]);
}

/// The statement as what it must be.
template <typename T>
std::unique_ptr<T> One(std::string_view sql) {
  auto statement = One(sql);
  EXPECT_NE(TryAs<T>(statement.get()), nullptr) << sql;
  if (TryAs<T>(statement.get()) == nullptr) return nullptr;
  return std::unique_ptr<T>(static_cast<T*>(statement.release()));
}

/// The only target of a SELECT.
template <typename T>
struct Target {
  explicit Target(std::string_view expression)
      : select(One<SelectStmt>("SELECT " + std::string(expression))),
        node(TryAs<T>(select->targets.at(0).expr.get())) {
    EXPECT_NE(node, nullptr) << expression;
  }
  const T* operator->() const { return node; }
  std::unique_ptr<SelectStmt> select;
  const T* node;
};

/// "SQLSTATE@location", or "ok".
std::string Outcome(std::string_view sql) {
  auto result = Parse(sql);
  if (result.ok()) return "ok";
  return std::string(SqlState(result.code())) + "@" +
         std::to_string(result.status().info().location);
}

TEST(Parser, StatementsCarryTheirRange) {
  const std::string_view sql = " SELECT 1 ;; \n UPDATE t SET a = 2; SELECT 'ä' ";
  auto result = Parse(sql);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->size(), 3u);
  auto text = [&](int i) {
    return std::string(sql.substr((*result)[i]->text_begin, (*result)[i]->text_length));
  };
  EXPECT_EQ(text(0), "SELECT 1");
  EXPECT_EQ(text(1), "UPDATE t SET a = 2");
  EXPECT_EQ(text(2), "SELECT 'ä'");
  EXPECT_TRUE(Parse("").value().empty());
  EXPECT_TRUE(Parse(" ; ;-- nothing\n").value().empty());
}

TEST(Parser, Constants) {
  EXPECT_EQ(Target<Const>("-42")->integer, -42);
  EXPECT_EQ(Target<Const>("2147483648")->text, "2147483648");
  EXPECT_EQ(Target<Const>("2147483648")->type, Const::Type::kFloat);
  EXPECT_EQ(Target<Const>("1_000")->integer, 1000);
  EXPECT_EQ(Target<Const>("0xFF")->integer, 255);
  EXPECT_EQ(Target<Const>("1.5e3")->text, "1.5e3");
  EXPECT_EQ(Target<Const>("'it''s'")->text, "it's");
  EXPECT_EQ(Target<Const>("E'a\\n'")->text, "a\n");
  EXPECT_EQ(Target<Const>("$$x$$")->text, "x");
  EXPECT_EQ(Target<Const>("B'101'")->text, "b101");
  EXPECT_EQ(Target<Const>("NULL")->type, Const::Type::kNull);
  EXPECT_TRUE(Target<Const>("true")->boolean);
}

TEST(Parser, Operators) {
  EXPECT_EQ(Target<OperatorExpr>("a + 1")->op.name, "+");
  EXPECT_EQ(Target<OperatorExpr>("- a")->left, nullptr);
  EXPECT_EQ(Target<OperatorExpr>("a OPERATOR(pg_catalog.<) b")->op.ToString(), "pg_catalog.<");
  EXPECT_EQ(Target<OperatorExpr>("a IN (1, 2, 3)")->list.size(), 3u);
  EXPECT_EQ(Target<OperatorExpr>("a NOT IN (1)")->op.name, "<>");
  EXPECT_EQ(Target<OperatorExpr>("a BETWEEN 1 AND 2")->type, OperatorExpr::Type::kBetween);
  EXPECT_EQ(Target<OperatorExpr>("a NOT BETWEEN SYMMETRIC 1 AND 2")->type,
            OperatorExpr::Type::kNotBetweenSymmetric);
  EXPECT_EQ(Target<OperatorExpr>("a LIKE 'x' ESCAPE '!'")->type, OperatorExpr::Type::kLike);
  EXPECT_EQ(Target<OperatorExpr>("a NOT ILIKE 'x'")->op.name, "!~~*");
  EXPECT_EQ(Target<OperatorExpr>("a IS DISTINCT FROM b")->type, OperatorExpr::Type::kDistinct);
  EXPECT_EQ(Target<OperatorExpr>("NULLIF(a, b)")->type, OperatorExpr::Type::kNullIf);
  EXPECT_EQ(Target<OperatorExpr>("a = ANY (b)")->type, OperatorExpr::Type::kOpAny);
  EXPECT_EQ(Target<OperatorExpr>("a <> ALL (b)")->type, OperatorExpr::Type::kOpAll);
  Target<OperatorExpr> plus("abc + 7");
  EXPECT_EQ(plus->location, 11);
  EXPECT_EQ(plus->right->location, 13);
  EXPECT_EQ(Target<BoolExpr>("a AND b AND c")->args.size(), 3u);
  EXPECT_EQ(Target<BoolExpr>("NOT a")->type, BoolExpr::Type::kNot);
}

TEST(Parser, OtherExpressions) {
  Target<ColumnRef> column("s.t.*");
  EXPECT_EQ(column->fields, (std::vector<std::string>{"s", "t"}));
  EXPECT_TRUE(column->star);
  EXPECT_EQ(Target<ParamRef>("$3")->number, 3);
  EXPECT_EQ(Target<CaseExpr>("CASE a WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE 5 END")->whens.size(), 2u);
  EXPECT_EQ(Target<CaseExpr>("CASE WHEN a THEN 2 END")->else_result, nullptr);
  EXPECT_EQ(Target<CoalesceExpr>("coalesce(a, b)")->args.size(), 2u);
  EXPECT_TRUE(Target<MinMaxExpr>("greatest(a, b)")->greatest);
  EXPECT_TRUE(Target<NullTest>("a IS NOT NULL")->negated);
  EXPECT_EQ(Target<BooleanTest>("a IS NOT UNKNOWN")->type, BooleanTest::Type::kNotUnknown);
  Target<TypeCast> cast("a::numeric(10, 2)[3][]");
  EXPECT_EQ(cast->type.name.ToString(), "pg_catalog.numeric");
  EXPECT_EQ(cast->type.typmods.size(), 2u);
  EXPECT_EQ(cast->type.array_bounds, (std::vector<int32_t>{3, -1}));
  Target<TypeCast> interval("interval '1' day to second(3)");
  EXPECT_EQ(As<Const>(*interval->type.typmods.at(0)).integer,
            kIntervalDay | kIntervalHour | kIntervalMinute | kIntervalSecond);
  EXPECT_EQ(As<Const>(*interval->type.typmods.at(1)).integer, 3);
  EXPECT_EQ(Target<CollateExpr>("a COLLATE \"C\"")->collation.name, "C");
  EXPECT_EQ(Target<ArrayExpr>("ARRAY[1, 2]")->elements.size(), 2u);
  EXPECT_TRUE(Target<RowExpr>("ROW(1, 2)")->explicit_row);
  EXPECT_FALSE(Target<RowExpr>("(1, 2)")->explicit_row);
  Target<IndirectionExpr> steps("(a).b[1][2:]");
  EXPECT_EQ(steps->steps.size(), 3u);
  EXPECT_EQ(steps->steps[2].type, IndirectionStep::Type::kSlice);
  EXPECT_EQ(steps->steps[2].upper, nullptr);
  EXPECT_EQ(Target<SqlValueFunction>("current_timestamp(3)")->precision, 3);
  EXPECT_EQ(Target<SqlValueFunction>("localtime")->type, SqlValueFunction::Type::kLocalTime);
  EXPECT_EQ(Target<GroupingFunc>("grouping(a, b)")->args.size(), 2u);
  EXPECT_EQ(Target<NullTest>("(a, b) IS NULL")->arg->kind, ExprKind::kRow);
}

TEST(Parser, FunctionCalls) {
  Target<FuncCall> aggregate("s.f(DISTINCT a ORDER BY b DESC NULLS LAST) FILTER (WHERE c)");
  EXPECT_EQ(aggregate->name.ToString(), "s.f");
  EXPECT_TRUE(aggregate->distinct);
  EXPECT_EQ(aggregate->agg_order.at(0).direction, SortDirection::kDescending);
  EXPECT_EQ(aggregate->agg_order.at(0).nulls, SortNulls::kLast);
  EXPECT_NE(aggregate->agg_filter, nullptr);
  EXPECT_TRUE(Target<FuncCall>("count(*)")->star);
  EXPECT_TRUE(Target<FuncCall>("f(VARIADIC a)")->variadic);
  EXPECT_TRUE(Target<FuncCall>("mode() WITHIN GROUP (ORDER BY a)")->within_group);
  EXPECT_TRUE(Target<FuncCall>("extract(year FROM a)")->sql_syntax);
  EXPECT_EQ(Target<FuncCall>("a AT TIME ZONE 'UTC'")->name.ToString(), "pg_catalog.timezone");
  EXPECT_EQ(Target<FuncCall>("f(x => 1)")->args.at(0)->kind, ExprKind::kNamedArg);
  Target<FuncCall> window(
      "sum(a) OVER (w PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING "
      "EXCLUDE TIES)");
  ASSERT_NE(window->over, nullptr);
  EXPECT_EQ(window->over->ref_name, "w");
  EXPECT_EQ(window->over->mode, FrameMode::kRows);
  EXPECT_EQ(window->over->start, FrameBound::kOffsetPreceding);
  EXPECT_EQ(window->over->end, FrameBound::kOffsetFollowing);
  EXPECT_EQ(window->over->exclusion, FrameExclusion::kTies);
  EXPECT_NE(window->over->end_offset, nullptr);
  EXPECT_EQ(Target<FuncCall>("sum(a) OVER w")->over->name, "w");
  EXPECT_FALSE(Target<FuncCall>("sum(a) OVER ()")->over->has_frame);
  EXPECT_EQ(Target<FuncCall>("sum(a) OVER (GROUPS CURRENT ROW)")->over->start,
            FrameBound::kCurrentRow);
}

TEST(Parser, SubLinks) {
  EXPECT_EQ(Target<SubLink>("EXISTS (SELECT)")->type, SubLink::Type::kExists);
  EXPECT_TRUE(Target<SubLink>("a IN (SELECT b)")->op.empty());
  EXPECT_EQ(Target<SubLink>("a < ALL (SELECT b)")->op.name, "<");
  EXPECT_EQ(Target<SubLink>("ARRAY(SELECT b)")->type, SubLink::Type::kArray);
  Target<BoolExpr> not_in("a NOT IN (SELECT b)");
  EXPECT_EQ(not_in->args.at(0)->kind, ExprKind::kSubLink);
  EXPECT_EQ(Target<SubLink>("(VALUES (1))")->query->values_lists.size(), 1u);
}

TEST(Parser, SelectClauses) {
  auto select = One<SelectStmt>(
      "WITH RECURSIVE r(n) AS NOT MATERIALIZED (SELECT 1 UNION ALL SELECT n FROM r) "
      "CYCLE n SET c USING p, d AS (DELETE FROM t RETURNING *) "
      "SELECT DISTINCT ON (a) a AS x, b FROM ONLY s.t AS q (k), u WHERE c "
      "GROUP BY DISTINCT a, ROLLUP (b, (c, d)), GROUPING SETS ((), CUBE (e)) HAVING f "
      "WINDOW w AS (ORDER BY a) ORDER BY 1 DESC FETCH FIRST 3 ROWS WITH TIES OFFSET 2 "
      "FOR NO KEY UPDATE OF q NOWAIT FOR KEY SHARE");
  ASSERT_NE(select, nullptr);
  ASSERT_EQ(select->with->ctes.size(), 2u);
  EXPECT_TRUE(select->with->recursive);
  EXPECT_EQ(select->with->ctes[0].materialized, CteMaterialize::kNever);
  EXPECT_EQ(select->with->ctes[0].cycle->path_column, "p");
  EXPECT_TRUE(As<SelectStmt>(*select->with->ctes[0].query).set_all);
  EXPECT_EQ(select->with->ctes[1].query->kind, StatementKind::kDelete);
  EXPECT_EQ(select->distinct_on.size(), 1u);
  EXPECT_EQ(select->targets.at(0).name, "x");
  ASSERT_EQ(select->from.size(), 2u);
  const auto& table = As<RangeVar>(*select->from[0]);
  EXPECT_FALSE(table.inherit);
  EXPECT_EQ(table.name.ToString(), "s.t");
  EXPECT_EQ(table.alias.columns.at(0), "k");
  ASSERT_EQ(select->group_by.size(), 3u);
  EXPECT_TRUE(select->group_distinct);
  EXPECT_EQ(select->group_by[1].type, GroupItem::Type::kRollup);
  EXPECT_EQ(select->group_by[1].content.at(1).expr->kind, ExprKind::kRow);
  EXPECT_EQ(select->group_by[2].content.at(0).type, GroupItem::Type::kEmpty);
  EXPECT_EQ(select->group_by[2].content.at(1).type, GroupItem::Type::kCube);
  EXPECT_NE(select->having, nullptr);
  EXPECT_EQ(select->windows.at(0).name, "w");
  EXPECT_TRUE(select->with_ties);
  EXPECT_NE(select->limit_offset, nullptr);
  ASSERT_EQ(select->locking.size(), 2u);
  EXPECT_EQ(select->locking[0].strength, LockStrength::kNoKeyUpdate);
  EXPECT_EQ(select->locking[0].wait, LockWait::kNoWait);
  EXPECT_EQ(select->locking[0].tables.at(0).name, "q");
  EXPECT_EQ(select->locking[1].strength, LockStrength::kKeyShare);

  auto distinct = One<SelectStmt>("SELECT DISTINCT a EXCEPT ALL (SELECT b) LIMIT ALL");
  EXPECT_EQ(One<SelectStmt>("SELECT FROM t FOR UPDATE SKIP LOCKED")->locking.at(0).wait,
            LockWait::kSkip);
  EXPECT_EQ(distinct->set_op, SetOperation::kExcept);
  EXPECT_TRUE(distinct->left->distinct);
  EXPECT_TRUE(distinct->left->distinct_on.empty());
  EXPECT_EQ(As<Const>(*distinct->limit_count).type, Const::Type::kNull);
}

TEST(Parser, FromItems) {
  auto select = One<SelectStmt>(
      "SELECT FROM a NATURAL LEFT JOIN b, (c CROSS JOIN d) AS j, e FULL JOIN f USING (x, y) AS u, "
      "LATERAL (SELECT 1) AS l, LATERAL f(1) WITH ORDINALITY AS g (h), "
      "ROWS FROM (f(1), g(2) AS (z int)) , h() AS (p text COLLATE \"C\")");
  ASSERT_NE(select, nullptr);
  ASSERT_EQ(select->from.size(), 7u);
  EXPECT_TRUE(As<JoinExpr>(*select->from[0]).natural);
  EXPECT_EQ(As<JoinExpr>(*select->from[0]).type, JoinType::kLeft);
  EXPECT_EQ(As<JoinExpr>(*select->from[1]).alias.name, "j");
  EXPECT_EQ(As<JoinExpr>(*select->from[2]).using_columns.size(), 2u);
  EXPECT_EQ(As<JoinExpr>(*select->from[2]).using_alias.name, "u");
  EXPECT_TRUE(As<RangeSubselect>(*select->from[3]).lateral);
  EXPECT_TRUE(As<RangeFunction>(*select->from[4]).ordinality);
  EXPECT_EQ(As<RangeFunction>(*select->from[5]).functions.at(1).columns.at(0).name, "z");
  EXPECT_EQ(As<RangeFunction>(*select->from[6]).columns.at(0).collation.name, "C");
  EXPECT_EQ(Outcome("SELECT * FROM t TABLESAMPLE system (1)"), "0A000@28");
}

TEST(Parser, DataModification) {
  auto insert = One<InsertStmt>(
      "INSERT INTO t AS q (a, b[1]) OVERRIDING SYSTEM VALUE VALUES (1, DEFAULT) "
      "ON CONFLICT (lower(a) COLLATE \"C\" text_ops) WHERE c DO UPDATE SET (a, b) = ROW (1, 2), "
      "c = 3 WHERE d RETURNING WITH (OLD AS o) *");
  ASSERT_NE(insert, nullptr);
  EXPECT_EQ(insert->table.alias.name, "q");
  EXPECT_EQ(insert->columns.at(1).indirection.size(), 1u);
  EXPECT_EQ(insert->overriding, Overriding::kSystemValue);
  EXPECT_EQ(insert->source->values_lists.at(0).at(1)->kind, ExprKind::kSetToDefault);
  EXPECT_EQ(insert->on_conflict->elements.at(0).opclass.name, "text_ops");
  ASSERT_EQ(insert->on_conflict->set.size(), 2u);
  EXPECT_TRUE(insert->on_conflict->set[0].multi);
  EXPECT_EQ(insert->on_conflict->set[0].targets.size(), 2u);
  EXPECT_EQ(insert->returning->old_alias, "o");
  EXPECT_EQ(One<InsertStmt>("INSERT INTO t DEFAULT VALUES")->source, nullptr);
  EXPECT_EQ(One<InsertStmt>("INSERT INTO t TABLE u ON CONFLICT ON CONSTRAINT k DO NOTHING")
                ->on_conflict->constraint,
            "k");
  auto update = One<UpdateStmt>(
      "UPDATE ONLY t SET (a, b) = (SELECT 1, 2), (c) = (DEFAULT) FROM u WHERE CURRENT OF cur");
  ASSERT_EQ(update->set.size(), 2u);
  EXPECT_EQ(update->set[0].value->kind, ExprKind::kSubLink);
  EXPECT_EQ(update->where->kind, ExprKind::kCurrentOf);
  EXPECT_EQ(One<DeleteStmt>("DELETE FROM t USING u, v WHERE a")->using_items.size(), 2u);
  auto merge = One<MergeStmt>(
      "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED AND x THEN DELETE "
      "WHEN NOT MATCHED THEN INSERT (a) VALUES (1) WHEN NOT MATCHED BY SOURCE THEN UPDATE SET a = "
      "1");
  ASSERT_EQ(merge->whens.size(), 3u);
  EXPECT_EQ(merge->whens[1].values.size(), 1u);
  EXPECT_EQ(merge->whens[2].match, MergeStmt::Match::kNotMatchedBySource);
}

TEST(Parser, CreateTable) {
  auto create = One<CreateTableStmt>(
      "CREATE TEMP TABLE IF NOT EXISTS s.t (id bigint GENERATED BY DEFAULT AS IDENTITY (START 5) "
      "PRIMARY KEY, a numeric(5) DEFAULT 1 + 2 NOT NULL CONSTRAINT pos CHECK (a > 0), "
      "b int GENERATED ALWAYS AS (a * 2) STORED UNIQUE DEFERRABLE INITIALLY DEFERRED, "
      "c int REFERENCES u (x) ON DELETE SET NULL ON UPDATE CASCADE, LIKE v INCLUDING DEFAULTS, "
      "UNIQUE NULLS NOT DISTINCT (a, b) INCLUDE (c), "
      "FOREIGN KEY (a, b) REFERENCES w MATCH FULL NOT VALID) ON COMMIT DROP");
  ASSERT_NE(create, nullptr);
  EXPECT_EQ(create->persistence, RangeVar::Persistence::kTemporary);
  EXPECT_EQ(create->on_commit, OnCommit::kDrop);
  ASSERT_EQ(create->elements.size(), 7u);
  const auto& id = std::get<ColumnDef>(create->elements[0]);
  ASSERT_EQ(id.constraints.size(), 2u);
  EXPECT_FALSE(id.constraints[0].generated_always);
  EXPECT_EQ(id.constraints[0].options.at(0).name, "start");
  const auto& a = std::get<ColumnDef>(create->elements[1]);
  EXPECT_EQ(a.constraints.at(0).expr->kind, ExprKind::kOperator);
  EXPECT_EQ(a.constraints.at(2).name, "pos");
  const auto& b = std::get<ColumnDef>(create->elements[2]);
  ASSERT_EQ(b.constraints.size(), 2u);
  EXPECT_TRUE(b.constraints[0].stored);
  EXPECT_TRUE(b.constraints[1].deferrable && b.constraints[1].initially_deferred);
  const auto& c = std::get<ColumnDef>(create->elements[3]);
  EXPECT_EQ(c.constraints.at(0).on_delete, ForeignKeyAction::kSetNull);
  EXPECT_EQ(c.constraints.at(0).on_update, ForeignKeyAction::kCascade);
  EXPECT_EQ(std::get<LikeClause>(create->elements[4]).including, LikeClause::kDefaults);
  EXPECT_TRUE(std::get<Constraint>(create->elements[5]).nulls_not_distinct);
  EXPECT_EQ(std::get<Constraint>(create->elements[5]).including.size(), 1u);
  EXPECT_EQ(std::get<Constraint>(create->elements[6]).match, ForeignKeyMatch::kFull);
  EXPECT_EQ(Outcome("CREATE TABLE t (a int NOT NULL DEFERRABLE)"), "42601@31");
  EXPECT_EQ(Outcome("CREATE TABLE t (a int UNIQUE NOT DEFERRABLE INITIALLY DEFERRED)"), "42601@44");

  auto as = One<CreateTableAsStmt>("CREATE TABLE t (a, b) AS SELECT 1, 2 WITH NO DATA");
  EXPECT_TRUE(as->with_no_data);
  EXPECT_EQ(as->columns.size(), 2u);
  EXPECT_TRUE(One<CreateTableAsStmt>("SELECT 1 INTO t UNION SELECT 2")->select_into);
  EXPECT_TRUE(One<CreateTableAsStmt>("CREATE MATERIALIZED VIEW m AS SELECT 1")->materialized_view);
  EXPECT_EQ(Outcome("SELECT (SELECT 1 INTO t)"), "42601@22");
}

TEST(Parser, AlterTable) {
  auto alter = One<AlterTableStmt>(
      "ALTER TABLE IF EXISTS s.t ADD COLUMN IF NOT EXISTS a int DEFAULT 1, ALTER a DROP DEFAULT, "
      "ALTER a SET DEFAULT 2, ALTER a TYPE text COLLATE \"C\" USING a::text, DROP COLUMN b "
      "CASCADE, "
      "ADD CONSTRAINT k PRIMARY KEY USING INDEX i, DROP CONSTRAINT IF EXISTS l, "
      "ALTER a ADD GENERATED ALWAYS AS IDENTITY, ALTER a SET GENERATED BY DEFAULT RESTART 7, "
      "OWNER TO bob, SET (fillfactor = 70), VALIDATE CONSTRAINT k, ALTER a SET STATISTICS 10, "
      "REPLICA IDENTITY FULL, ENABLE ALWAYS RULE r");
  ASSERT_NE(alter, nullptr);
  EXPECT_TRUE(alter->missing_ok);
  std::vector<AlterTableKind> kinds;
  for (const auto& command : alter->commands) kinds.push_back(command.kind);
  using K = AlterTableKind;
  EXPECT_EQ(kinds, (std::vector<K>{K::kAddColumn, K::kColumnDefault, K::kColumnDefault,
                                   K::kAlterColumnType, K::kDropColumn, K::kAddConstraint,
                                   K::kDropConstraint, K::kAddIdentity, K::kSetIdentity,
                                   K::kChangeOwner, K::kSetOptions, K::kValidateConstraint,
                                   K::kSetStatistics, K::kReplicaIdentity, K::kUnsupported}));
  EXPECT_TRUE(alter->commands[0].missing_ok);
  EXPECT_EQ(alter->commands[1].expr, nullptr);
  EXPECT_NE(alter->commands[2].expr, nullptr);
  EXPECT_EQ(alter->commands[3].column->collation.name, "C");
  EXPECT_EQ(alter->commands[3].expr->kind, ExprKind::kTypeCast);
  EXPECT_EQ(alter->commands[4].behavior, DropBehavior::kCascade);
  EXPECT_EQ(alter->commands[5].constraint->using_index, "i");
  EXPECT_EQ(alter->commands[9].text, "bob");
  EXPECT_EQ(alter->commands[12].integer, 10);
}

TEST(Parser, OtherDefinitions) {
  auto index = One<CreateIndexStmt>(
      "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t USING hash (a DESC NULLS LAST, (b + "
      "1) "
      "text_ops) INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor = 70) WHERE a > 0");
  EXPECT_TRUE(index->unique && index->concurrently && index->if_not_exists);
  EXPECT_EQ(index->method, "hash");
  EXPECT_EQ(index->elements.at(0).nulls, SortNulls::kLast);
  EXPECT_NE(index->elements.at(1).expr, nullptr);
  EXPECT_EQ(index->including.at(0).name, "c");
  EXPECT_EQ(One<CreateIndexStmt>("CREATE INDEX ON t (a)")->method, "btree");
  auto view = One<CreateViewStmt>("CREATE OR REPLACE VIEW v (a) AS VALUES (1) WITH CHECK OPTION");
  EXPECT_EQ(view->check_option, CreateViewStmt::CheckOption::kCascaded);
  for (const char* sql : {"CREATE VIEW v AS SELECT 1",
                          "create view \"as\" (a, b) WITH (security_barrier) /* as */ as\n"
                          "SELECT 1 WITH LOCAL CHECK OPTION ; SELECT 2",
                          "CREATE VIEW v AS SELECT 1 WITH CHECK OPTION",
                          "CREATE SCHEMA s CREATE VIEW v AS SELECT 1 CREATE TABLE t (a int)"}) {
    auto parsed = Parse(sql);
    const Statement* statement = parsed.value()[0].get();
    if (const auto* schema = TryAs<CreateSchemaStmt>(statement)) {
      statement = schema->elements[0].get();
    }
    const auto& found = As<CreateViewStmt>(*statement);
    EXPECT_EQ(std::string_view(sql).substr(found.query_begin, found.query_length), "SELECT 1");
  }
  EXPECT_TRUE(One<CreateViewStmt>("CREATE RECURSIVE VIEW v (a) AS SELECT 1")->recursive);
  auto sequence = One<CreateSequenceStmt>(
      "CREATE SEQUENCE s AS int INCREMENT -2 NO MAXVALUE START 9999999999 CYCLE OWNED BY t.a");
  ASSERT_EQ(sequence->options.size(), 6u);
  EXPECT_EQ(sequence->options[0].type->name.name, "int4");
  EXPECT_EQ(sequence->options[1].integer, -2);
  EXPECT_EQ(sequence->options[2].value_kind, Option::ValueKind::kNone);
  EXPECT_EQ(sequence->options[3].text, "9999999999");
  EXPECT_TRUE(sequence->options[4].boolean);
  EXPECT_EQ(sequence->options[5].list, (std::vector<std::string>{"t", "a"}));
  EXPECT_EQ(One<CreateSchemaStmt>("CREATE SCHEMA s CREATE TABLE t (a int)")->elements.size(), 1u);
  auto drop = One<DropStmt>("DROP TABLE IF EXISTS a, s.b CASCADE");
  EXPECT_EQ(drop->names.at(1).ToString(), "s.b");
  EXPECT_EQ(One<DropStmt>("DROP SCHEMA s")->names.at(0).name, "s");
  EXPECT_EQ(One<DropStmt>("DROP EVENT TRIGGER s")->type_words, "EVENT TRIGGER");
  EXPECT_TRUE(One<TruncateStmt>("TRUNCATE a, b RESTART IDENTITY")->restart_identity);
  auto comment = One<CommentStmt>("COMMENT ON COLUMN s.t.c IS 'x'");
  EXPECT_EQ(comment->name.ToString(), "s.t");
  EXPECT_EQ(comment->sub_name, "c");
  EXPECT_TRUE(One<CommentStmt>("COMMENT ON SCHEMA s IS NULL")->remove);
  EXPECT_EQ(One<CommentStmt>("COMMENT ON CONSTRAINT k ON s.t IS ''")->sub_name, "k");
  auto rename = One<RenameStmt>("ALTER TABLE t RENAME COLUMN a TO b");
  EXPECT_EQ(rename->sub_name, "a");
  EXPECT_EQ(One<RenameStmt>("ALTER SCHEMA s RENAME TO r")->name.name, "s");
  EXPECT_EQ(One<AlterObjectSchemaStmt>("ALTER TABLE t SET SCHEMA s")->new_schema, "s");
  EXPECT_EQ(One<AlterOwnerStmt>("ALTER SCHEMA s OWNER TO CURRENT_USER")->new_owner, "current_user");
}

TEST(Parser, Utility) {
  auto copy = One<CopyStmt>(
      "COPY s.t (a, b) FROM STDIN WITH (FORMAT csv, HEADER, FORCE_NULL (a), DELIMITER ';')");
  EXPECT_TRUE(copy->from);
  ASSERT_EQ(copy->options.size(), 4u);
  EXPECT_EQ(copy->options[1].value_kind, Option::ValueKind::kNone);
  EXPECT_EQ(copy->options[2].list.at(0), "a");
  EXPECT_NE(One<CopyStmt>("COPY (SELECT 1) TO '/x'")->query, nullptr);
  EXPECT_EQ(One<CopyStmt>("COPY t TO STDOUT CSV")->options.at(0).text, "csv");
  auto begin = One<TransactionStmt>("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  EXPECT_EQ(begin->options.at(0).text, "repeatable read");
  EXPECT_EQ(begin->options.at(1).integer, 1);
  EXPECT_EQ(One<TransactionStmt>("ROLLBACK TO SAVEPOINT x")->savepoint, "x");
  EXPECT_TRUE(One<TransactionStmt>("COMMIT AND CHAIN")->chain);
  EXPECT_EQ(One<TransactionStmt>("PREPARE TRANSACTION 'g'")->global_id, "g");
  EXPECT_EQ(One<PrepareStmt>("PREPARE p (int, text) AS SELECT $1")->argument_types.size(), 2u);
  EXPECT_EQ(One<ExecuteStmt>("EXECUTE p (1, 'x')")->arguments.size(), 2u);
  EXPECT_TRUE(One<DeallocateStmt>("DEALLOCATE ALL")->name.empty());
  auto cursor = One<DeclareCursorStmt>("DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT 1");
  EXPECT_TRUE(cursor->hold);
  EXPECT_EQ(cursor->scroll, DeclareCursorStmt::Scroll::kNoScroll);
  EXPECT_EQ(One<FetchStmt>("FETCH ALL FROM c")->count, FetchStmt::kAll);
  EXPECT_EQ(One<FetchStmt>("MOVE BACKWARD 5 c")->direction, FetchStmt::Direction::kBackward);
  EXPECT_EQ(One<ClosePortalStmt>("CLOSE c")->name, "c");
  EXPECT_EQ(One<SetStmt>("SET LOCAL a.b = 'x', 2, on")->values.at(1).text, "2");
  EXPECT_EQ(One<SetStmt>("SET TIME ZONE 'UTC'")->name, "timezone");
  EXPECT_TRUE(One<SetStmt>("SET TIME ZONE INTERVAL '1' HOUR TO MINUTE")->values.at(0).interval);
  EXPECT_EQ(One<SetStmt>("SET TRANSACTION READ ONLY")->options.at(0).name, "transaction_read_only");
  EXPECT_EQ(One<SetStmt>("RESET ALL")->type, SetStmt::Type::kResetAll);
  EXPECT_EQ(One<SetStmt>("SET x TO DEFAULT")->type, SetStmt::Type::kDefault);
  EXPECT_EQ(One<ShowStmt>("SHOW TRANSACTION ISOLATION LEVEL")->name, "transaction_isolation");
  EXPECT_EQ(One<DiscardStmt>("DISCARD TEMP")->type, DiscardStmt::Type::kTemp);
  auto explain = One<ExplainStmt>("EXPLAIN (ANALYZE, FORMAT json) DELETE FROM t");
  EXPECT_EQ(explain->options.at(1).text, "json");
  EXPECT_EQ(explain->query->kind, StatementKind::kDelete);
  EXPECT_FALSE(One<VacuumStmt>("ANALYZE t (a)")->vacuum);
  EXPECT_EQ(One("CHECKPOINT")->kind, StatementKind::kCheckpoint);
  EXPECT_EQ(One<LockTableStmt>("LOCK t IN SHARE MODE NOWAIT")->mode, 5);
  EXPECT_TRUE(One<SetConstraintsStmt>("SET CONSTRAINTS ALL DEFERRED")->deferred);
  const auto reindex = One<ReindexStmt>("REINDEX (VERBOSE) TABLE CONCURRENTLY s.t");
  EXPECT_EQ(reindex->type, ReindexStmt::Type::kTable);
  EXPECT_EQ(reindex->name.name, "t");
  EXPECT_EQ(reindex->options.size(), 2u);
  EXPECT_EQ(One<ListenStmt>("LISTEN a")->channel, "a");
  EXPECT_EQ(One<NotifyStmt>("NOTIFY a, 'b'")->payload, "b");
  for (const auto& [sql, command] : std::initializer_list<std::pair<const char*, const char*>>{
           {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION"},
           {"DO 'x'", "DO"},
           {"GRANT SELECT ON t TO bob", "GRANT"},
           {"CREATE TYPE e AS ENUM ('a')", "CREATE TYPE"},
           {"CREATE AGGREGATE a (int) (sfunc = f)", "CREATE AGGREGATE"}}) {
    EXPECT_EQ(One<UnsupportedStmt>(sql)->command, command);
  }
}

TEST(Parser, ErrorsKeepCodeAndPosition) {
  EXPECT_EQ(Outcome("SELCT 1"), "42601@0");
  EXPECT_EQ(Outcome("SELECT 'ääää' FRM x y"), "42601@22");  // bytes, not characters
  EXPECT_EQ(Outcome("SELECT * FROM t WHERE (a = 1"), "42601@28");
  EXPECT_EQ(Outcome("SELECT 'abc"), "42601@7");
  EXPECT_EQ(Outcome("SELECT E'\\xZZ', U&'\\00'"), "42601@19");
  EXPECT_EQ(Outcome("SELECT E'\\u00'"), "22025@9");
  EXPECT_EQ(Outcome("SELECT a.b.c.d.e(1)"), "42601@7");
  EXPECT_EQ(Outcome("SELECT xmlelement(name a)"), "0A000@7");
  EXPECT_EQ(Outcome("SELECT 1; SELECT json_object('a': 1)"), "0A000@17");
  EXPECT_EQ(Outcome("CREATE GLOBAL TEMP TABLE t (a int)"), "ok");
  auto error = Parse("SELECT 1 FETCH FIRST 1 ROWS WITH TIES");
  EXPECT_EQ(error.status().message(), "WITH TIES cannot be specified without ORDER BY clause");
}

TEST(Parser, BadTextIsRefused) {
  auto bad = Parse("SELECT '\xE2\x28\xA1'");
  EXPECT_EQ(bad.code(), ErrorCode::kCharacterNotInRepertoire);
  EXPECT_EQ(bad.status().message(), "invalid byte sequence for encoding \"UTF8\": 0xe2 0x28 0xa1");
  EXPECT_EQ(Outcome("SELECT '\xC0\x80'"), "22021@8");
  EXPECT_EQ(Outcome("SELECT '\xED\xA0\x80'"), "22021@8");
  EXPECT_EQ(Outcome("SELECT '\xF4\x90\x80\x80'"), "22021@8");
  EXPECT_EQ(Outcome(std::string("SELECT 1\0 FROM evil", 19)), "22021@8");
  EXPECT_EQ(Outcome("SELECT 'aaaaaaaaaaaaaaa\xff'"), "22021@23");
  EXPECT_EQ(Outcome("SELECT 'äöü€😀'"), "ok");
  EXPECT_EQ(Parse("SELECT 1234567890", 10).code(), ErrorCode::kProgramLimitExceeded);
  EXPECT_EQ(Outcome(std::string(kStatementBytesMax + 1, ' ')), "54000@-1");
}

TEST(Parser, DeepTextIsRefused) {
  auto repeat = [](int n, std::string_view s) {
    std::string out;
    for (int i = 0; i < n; ++i) out += s;
    return out;
  };
  auto code = [](const std::string& sql) { return Outcome(sql).substr(0, 5); };
  for (int n : {1'000, 10'000, 100'000}) {
    EXPECT_EQ(code("SELECT " + repeat(n, "1+") + "1"), "54001") << n;
    EXPECT_EQ(code("SELECT " + repeat(n, "a(") + "1" + repeat(n, ")")), "54001") << n;
    EXPECT_EQ(code("SELECT 1" + repeat(n, " UNION SELECT 1")), "54001") << n;
    EXPECT_EQ(code("SELECT " + repeat(n, "(SELECT ") + "1" + repeat(n, ")")), "54001") << n;
    EXPECT_EQ(code("SELECT FROM a" + repeat(n, " CROSS JOIN b")), "54001") << n;
  }
  EXPECT_EQ(Outcome("SELECT " + repeat(900, "1+") + "1"), "ok");
  EXPECT_EQ(Outcome("SELECT 1" + repeat(50'000, " AND 1")), "ok");
  EXPECT_EQ(Outcome("SELECT " + repeat(9'000, "(") + "1" + repeat(9'000, ")")), "ok");
  EXPECT_EQ(Outcome("SELECT '" + repeat(1'000'000, "0123456789") + "'"), "ok");
}

TEST(Parser, ManyThreadsComeAndGo) {
  for (int i = 0; i < 3'000; ++i) {
    std::thread([] {
      EXPECT_EQ(Outcome("SELECT a FROM t WHERE b = 1"), "ok");
      EXPECT_EQ(Outcome("SELECT a FRM t x"), "42601@13");
    }).join();
  }
}

TEST(TokenCursor, RenamesNamesAlone) {
  EXPECT_EQ(RenameInText("SELECT a, t.A, \"a\", 'a', a(1), aa, $$a$$ -- a\nFROM a", "a", "B c"),
            "SELECT \"B c\", t.\"B c\", \"B c\", 'a', a(1), aa, $$a$$ -- a\nFROM \"B c\"");
  EXPECT_EQ(EndOfStar("SELECT t /* * */ . * FROM t", 7), 20u);
}

TEST(Parser, ExpressionsAndTypesAlone) {
  auto expr = ParseExpression("a + nextval('s'::regclass)");
  ASSERT_TRUE(expr.ok());
  EXPECT_EQ((*expr)->kind, ExprKind::kOperator);
  EXPECT_EQ((*expr)->location, 2);
  EXPECT_EQ(ParseExpression("a, b").code(), ErrorCode::kSyntaxError);
  EXPECT_EQ(ParseExpression("a FROM t").code(), ErrorCode::kSyntaxError);
  EXPECT_EQ(ParseExpression("").code(), ErrorCode::kSyntaxError);
  auto type = ParseTypeName("timestamp(3) with time zone[]");
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(type->name.name, "timestamptz");
  EXPECT_TRUE(type->is_array());
}

}  // namespace
}  // namespace oxibase
