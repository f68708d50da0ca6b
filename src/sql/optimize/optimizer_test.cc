// The optimizer's choices, on plans made by hand: which rule fires, and which must not.
#include "sql/optimize/optimizer.h"

#include <gtest/gtest.h>

#include <map>

#include "expr/function.h"
#include "sql/optimize/implication.h"
#include "sql/optimize/or_list.h"

namespace oxibase {
namespace {

constexpr int kOpen = 7;  // the state that t_open's predicate wants

class FakeStatistics : public StatisticsProvider {
 public:
  double Rows(const TableDef& table) const override { return rows.at(table.name); }
  const ColumnStatistics* Column(const TableDef& table, ColumnId column) const override {
    const auto found = columns.find({table.name, column.value});
    return found == columns.end() ? nullptr : &found->second;
  }
  std::map<std::string, double> rows = {{"t", 100000}, {"u", 50000}, {"few", 10}};
  std::map<std::pair<std::string, int16_t>, ColumnStatistics> columns;
};

/// Tables t, u and few (k int primary key, a int, b int, state int), all columns but k nullable; t
/// has indexes t_a (a) and t_open (b) WHERE state = 7; u has u_a (a).
class OptimizerTest : public testing::Test {
 protected:
  OptimizerTest() {
    statistics_.columns[{"t", 2}].distinct = 50;     // a
    statistics_.columns[{"t", 3}].distinct = 20000;  // b
    statistics_.columns[{"t", 4}].distinct = 10;     // state
    statistics_.columns[{"u", 2}].distinct = 5000;
    for (const char* name : {"t", "u", "few"}) {
      auto table = std::make_shared<TableDef>();
      table->oid = next_oid_++;
      table->name = name;
      int16_t id = 0;
      for (const char* column : {"k", "a", "b", "state"}) {
        ColumnDef def;
        def.id = ColumnId(++id);
        def.name = column;
        def.type = TypeId::kInt4;
        def.not_null = id == 1;
        table->columns.push_back(def);
      }
      AddIndex(*table, table->name + "_pkey", 1).unique = true;
      table->indexes[0].primary = true;
      if (table->name != "few") AddIndex(*table, table->name + "_a", 2);
      if (table->name == "t") {
        IndexDef& open = AddIndex(*table, "t_open", 3);
        open.predicate = ColumnId(9);
        open.predicate_sql = "state = 7";
      }
      tables_[name] = table;
    }
  }

  IndexDef& AddIndex(TableDef& table, std::string name, int16_t column) {
    IndexDef index;
    index.oid = next_oid_++;
    index.name = std::move(name);
    index.columns = {IndexColumn{.column = ColumnId(column)}};
    table.indexes.push_back(std::move(index));
    return table.indexes.back();
  }

  // ---- Plans. A scan's variables are named by alias and column: "t.a".

  LogicalPtr Scan(const std::string& name, std::vector<std::string> columns,
                  const std::string& alias = "") {
    auto scan = std::make_unique<LogicalScan>();
    scan->table = tables_.at(name);
    scan->alias = alias.empty() ? name : alias;
    scan->scan_id = plan_.next_scan++;
    for (const std::string& column : columns) {
      const ColumnDef* def = scan->table->FindColumn(column);
      const VarId var = plan_.next_var++;
      vars_[scan->alias + "." + column] = var;
      scan->columns.push_back(def->id);
      scan->output.push_back({var, def->type, column});
    }
    return scan;
  }
  ExprPtr Var(const std::string& name) {
    return std::make_unique<ColumnExpr>(vars_.at(name), TypeId::kInt4, name);
  }
  static ExprPtr Int(int value) { return std::make_unique<ConstantExpr>(Value::Int4(value)); }
  static ExprPtr Param(uint32_t index) { return std::make_unique<ParamExpr>(index, TypeId::kInt4); }
  static ExprPtr Call(const char* op, ExprPtr left, ExprPtr right) {
    const TypeId types[] = {left->type.id, right->type.id};
    const Function* function = FunctionTable::Get().FindExact(op, true, types);
    std::vector<ExprPtr> args;
    args.push_back(std::move(left));
    args.push_back(std::move(right));
    return std::make_unique<CallExpr>(*function, function->result, std::move(args),
                                      CallExpr::Syntax::kOperator);
  }
  static ExprPtr Either(ExprPtr left, ExprPtr right) {
    std::vector<ExprPtr> args;
    args.push_back(std::move(left));
    args.push_back(std::move(right));
    return std::make_unique<BoolExpr>(ExprKind::kOr, std::move(args));
  }
  static ExprPtr Both(ExprPtr left, ExprPtr right) {
    std::vector<ExprPtr> args;
    args.push_back(std::move(left));
    args.push_back(std::move(right));
    return std::make_unique<BoolExpr>(ExprKind::kAnd, std::move(args));
  }
  static LogicalPtr Join(LogicalPtr left, LogicalPtr right, JoinType type) {
    auto join = std::make_unique<LogicalJoin>();
    join->type = type;
    join->output = left->output;
    join->children.push_back(std::move(left));
    join->children.push_back(std::move(right));
    return join;
  }
  template <typename... Conjuncts>
  static LogicalPtr Filter(LogicalPtr input, ExprPtr first, Conjuncts... more) {
    auto filter = std::make_unique<LogicalFilter>();
    filter->output = input->output;
    std::vector<ExprPtr> args;
    args.push_back(std::move(first));
    (args.push_back(std::move(more)), ...);
    filter->predicate = args.size() == 1
                            ? std::move(args[0])
                            : std::make_unique<BoolExpr>(ExprKind::kAnd, std::move(args));
    filter->children.push_back(std::move(input));
    return filter;
  }
  LogicalPtr Sort(LogicalPtr input, const std::vector<std::string>& by, bool descending = false) {
    auto sort = std::make_unique<LogicalSort>();
    sort->output = input->output;
    for (const std::string& name : by) sort->keys.push_back({Var(name), descending, descending});
    sort->children.push_back(std::move(input));
    return sort;
  }
  static LogicalPtr Limit(LogicalPtr input, int64_t rows) {
    auto limit = std::make_unique<LogicalLimit>();
    limit->output = input->output;
    limit->limit = std::make_unique<ConstantExpr>(Value::Int8(rows));
    limit->children.push_back(std::move(input));
    return limit;
  }
  static LogicalPtr Distinct(LogicalPtr input) {
    auto distinct = std::make_unique<LogicalDistinct>();
    distinct->output = input->output;
    distinct->children.push_back(std::move(input));
    return distinct;
  }
  /// `calls`: "max", "t.a"; count takes no argument.
  LogicalPtr Aggregate(LogicalPtr input, const std::vector<std::string>& keys,
                       const std::vector<std::pair<std::string, std::string>>& calls) {
    auto aggregate = std::make_unique<LogicalAggregate>();
    for (const std::string& key : keys) {
      aggregate->keys.push_back(Var(key));
      const VarId var = plan_.next_var++;
      vars_["key " + key] = var;
      aggregate->output.push_back({var, TypeId::kInt4, key});
    }
    for (const auto& [name, arg] : calls) {
      std::vector<ExprPtr> args;
      std::vector<TypeId> types;
      if (!arg.empty()) {
        args.push_back(Var(arg));
        types.push_back(TypeId::kInt4);
      }
      const Function* function = FunctionTable::Get().FindExact(name, false, types);
      if (!function) {
        const TypeId any[] = {TypeId::kAny};
        function = FunctionTable::Get().FindExact(name, false, any);
      }
      const VarId var = plan_.next_var++;
      vars_[name] = var;
      aggregate->output.push_back({var, function->result, name});
      aggregate->aggregates.push_back(
          std::make_unique<AggregateExpr>(*function, function->result, std::move(args)));
    }
    aggregate->children.push_back(std::move(input));
    return aggregate;
  }

  // ---- Choices.

  std::shared_ptr<const PhysicalPlan> Plan(LogicalPtr root) {
    plan_.root = std::move(root);
    plan_.result = plan_.root->output;
    OptimizerContext context;
    context.statistics = &statistics_;
    context.assumed = &assumed_;
    context.bind_index_expression = [](const TableDef&, const std::string&,
                                       const std::vector<VarId>& vars) -> Result<ExprPtr> {
      return Call("=", std::make_unique<ColumnExpr>(vars[3], TypeId::kInt4, "state"), Int(kOpen));
    };
    auto plan = Optimize(std::move(plan_), context);
    EXPECT_TRUE(plan.ok());
    plan_ = LogicalPlan();
    return plan.ok() ? *plan : nullptr;
  }
  std::string Shape(LogicalPtr root) { return Describe(*Plan(std::move(root))->root); }

  /// "Limit(IndexScan t_a)"; projections are left out.
  static std::string Describe(const PhysicalNode& node) {
    std::string text;
    switch (node.kind) {
      case PhysicalKind::kProject:
        return Describe(*node.children[0]);
      case PhysicalKind::kTableScan:
        return "TableScan " + static_cast<const PhysicalTableScan&>(node).table->name;
      case PhysicalKind::kIndexScan: {
        const auto& scan = static_cast<const PhysicalIndexScan&>(node);
        text = scan.distinct ? "SkipScan " : scan.backward ? "IndexScanBackward " : "IndexScan ";
        text += scan.table->FindIndex(scan.index)->name;
        return text + (scan.filter ? " filtered" : "");
      }
      case PhysicalKind::kIndexUnionScan: {
        const auto& scan = static_cast<const PhysicalIndexUnionScan&>(node);
        text = "UnionScan";
        for (const auto& part : scan.parts) text += " " + scan.table->FindIndex(part.index)->name;
        return text + (scan.filter ? " filtered" : "");
      }
      case PhysicalKind::kNestedLoopJoin:
        text = static_cast<const PhysicalNestedLoopJoin&>(node).params.empty() ? "NestedLoop"
                                                                               : "Lateral";
        break;
      case PhysicalKind::kSort: {
        const size_t presorted = static_cast<const PhysicalSort&>(node).presorted;
        text = presorted > 0 ? "Sort after " + std::to_string(presorted) : "Sort";
        break;
      }
      case PhysicalKind::kLimit:
        text = "Limit";
        break;
      case PhysicalKind::kFilter:
        text = "Filter";
        break;
      case PhysicalKind::kValues:
        return "Values";
      case PhysicalKind::kAggregate:
        text = static_cast<const PhysicalAggregate&>(node).streaming ? "Groups" : "Aggregate";
        break;
      case PhysicalKind::kHashJoin:
        text = "HashJoin";
        break;
      case PhysicalKind::kIndexJoin:
        text = "IndexJoin";
        break;
      default:
        text = "Node" + std::to_string(static_cast<int>(node.kind));
    }
    text += "(";
    for (size_t i = 0; i < node.children.size(); ++i) {
      text += (i > 0 ? ", " : "") + Describe(*node.children[i]);
    }
    return text + ")";
  }

  /// x > (SELECT `name`(u.b) FROM u WHERE u.a = t.`by`).
  ExprPtr Correlated(const std::string& name, const std::string& by) {
    LogicalPtr inner = Scan("u", {"k", "a", "b"});
    inner = Filter(std::move(inner), Call("=", Var("u.a"), Var(by)));
    inner = Aggregate(std::move(inner), {}, {{name, name == "count" ? "" : "u.b"}});
    auto subquery = std::make_unique<SubqueryExpr>(SubqueryKind::kScalar, inner->output[0].type);
    subquery->plan = std::move(inner);
    return subquery;
  }

  LogicalPlan plan_;
  FakeStatistics statistics_;
  std::vector<ExprPtr> assumed_;
  std::map<std::string, VarId> vars_;
  std::map<std::string, std::shared_ptr<TableDef>> tables_;
  Oid next_oid_ = 20000;
};

TEST_F(OptimizerTest, DistinctKeysAreFoundBySkipping) {
  EXPECT_EQ(Shape(Distinct(Scan("t", {"a"}))), "Aggregate(SkipScan t_a)");
}
TEST_F(OptimizerTest, ManyDistinctKeysAreNotSkippedTo) {
  statistics_.columns[{"t", 2}].distinct = 90000;
  EXPECT_EQ(Shape(Distinct(Scan("t", {"a"}))), "Aggregate(TableScan t)");
}
TEST_F(OptimizerTest, NoSkippingWhereTheIndexLacksAColumn) {
  EXPECT_EQ(Shape(Distinct(Scan("t", {"a", "b"}))), "Aggregate(TableScan t)");
}

TEST_F(OptimizerTest, AnIndexGivesTheOrderOfAFewRows) {
  EXPECT_EQ(Shape(Limit(Sort(Scan("t", {"k", "a"}), {"t.k"}), 10)), "Limit(IndexScan t_pkey)");
  EXPECT_EQ(Shape(Limit(Sort(Scan("t", {"k", "a"}), {"t.k"}, true), 10)),
            "Limit(IndexScanBackward t_pkey)");
}
TEST_F(OptimizerTest, AllRowsAreSortedAfterAScan) {
  EXPECT_EQ(Shape(Sort(Scan("t", {"k", "b"}), {"t.b"})), "Sort(TableScan t)");
}
TEST_F(OptimizerTest, PartOfTheOrderLeavesSmallSorts) {
  statistics_.columns[{"t", 2}].distinct = 20000;
  EXPECT_EQ(Shape(Limit(Sort(Scan("t", {"a", "b"}), {"t.a", "t.b"}), 10)),
            "Limit(Sort after 1(IndexScan t_a))");
}
TEST_F(OptimizerTest, ALimitWithAFilterReadsTheIndexWhileFewRowsAreRefused) {
  LogicalPtr rows = Scan("t", {"k", "b"});
  rows = Filter(std::move(rows), Call(">", Var("t.b"), Int(5)));
  EXPECT_EQ(Shape(Limit(Sort(std::move(rows), {"t.k"}), 10)), "Limit(IndexScan t_pkey filtered)");
}

TEST_F(OptimizerTest, GroupsComeOutEarlyUnderALimit) {
  statistics_.columns[{"t", 2}].distinct = 20000;
  LogicalPtr groups = Aggregate(Scan("t", {"a"}), {"t.a"}, {{"count", ""}});
  EXPECT_EQ(Shape(Limit(std::move(groups), 5)), "Limit(Groups(IndexScan t_a))");
}

TEST_F(OptimizerTest, AnOrListIsLookedUpInTheIndex) {
  LogicalPtr rows = Scan("t", {"k", "b"});
  rows =
      Filter(std::move(rows), Either(Call("=", Var("t.k"), Int(1)), Call("=", Var("t.k"), Int(2))));
  const auto plan = Plan(std::move(rows));
  EXPECT_EQ(Describe(*plan->root), "IndexScan t_pkey");
  EXPECT_TRUE(static_cast<const PhysicalIndexScan&>(*plan->root).range.any_of);
}
TEST_F(OptimizerTest, OrOfDifferentColumnsStaysAsItIs) {
  Scan("t", {"k", "b"});
  const ExprPtr kept =
      OrAsAny(Either(Call("=", Var("t.k"), Int(1)), Call("=", Var("t.b"), Int(2))));
  EXPECT_EQ(kept->kind, ExprKind::kOr);
  const ExprPtr range =
      OrAsAny(Either(Call("=", Var("t.k"), Int(1)), Call(">", Var("t.k"), Int(2))));
  EXPECT_EQ(range->kind, ExprKind::kOr);
}

TEST_F(OptimizerTest, AnOrOverSeveralIndexesReadsTheirRanges) {
  statistics_.columns[{"t", 2}].distinct = 20000;
  LogicalPtr rows = Scan("t", {"k", "a"});
  rows =
      Filter(std::move(rows), Either(Call("=", Var("t.k"), Int(1)), Call("=", Var("t.a"), Int(2))));
  EXPECT_EQ(Shape(std::move(rows)), "UnionScan t_pkey t_a filtered");
}
TEST_F(OptimizerTest, ChoicesWithinChoicesAreRangesOfOneUnion) {
  statistics_.columns[{"t", 2}].distinct = 20000;
  LogicalPtr rows = Scan("t", {"k", "a", "b"});
  rows = Filter(std::move(rows),
                Either(Call("=", Var("t.k"), Int(1)),
                       Both(Call("=", Var("t.b"), Int(3)),
                            Either(Call("=", Var("t.a"), Int(2)), Call("=", Var("t.k"), Int(2))))));
  EXPECT_EQ(Shape(std::move(rows)), "UnionScan t_pkey t_a t_pkey filtered");
}
TEST_F(OptimizerTest, AnOrWithAChoiceWithoutIndexReadsTheTable) {
  statistics_.columns[{"t", 2}].distinct = 20000;
  LogicalPtr rows = Scan("t", {"a", "b"});
  rows =
      Filter(std::move(rows), Either(Call("=", Var("t.b"), Int(1)), Call("=", Var("t.a"), Int(2))));
  EXPECT_EQ(Shape(std::move(rows)), "TableScan t");
}
TEST_F(OptimizerTest, AnOrOfManyRowsReadsTheTable) {
  LogicalPtr rows = Scan("t", {"k", "a"});  // a: 2,000 rows for each value
  rows =
      Filter(std::move(rows), Either(Call(">", Var("t.k"), Int(1)), Call("=", Var("t.a"), Int(2))));
  EXPECT_EQ(Shape(std::move(rows)), "TableScan t");
}
TEST_F(OptimizerTest, AJoinByEitherColumnReadsTheInnersIndexes) {
  statistics_.columns[{"t", 2}].distinct = 20000;
  LogicalPtr left = Scan("few", {"k", "b"});
  LogicalPtr join = Join(std::move(left), Scan("t", {"k", "a"}), JoinType::kSemi);
  static_cast<LogicalJoin&>(*join).condition =
      Either(Call("=", Var("t.k"), Var("few.k")), Call("=", Var("few.b"), Var("t.a")));
  EXPECT_EQ(Shape(std::move(join)), "Lateral(TableScan few, UnionScan t_pkey t_a filtered)");
}

TEST_F(OptimizerTest, APartialIndexServesWhatImpliesItsPredicate) {
  LogicalPtr rows = Scan("t", {"k", "b", "state"});
  rows = Filter(std::move(rows), Call("=", Var("t.state"), Int(kOpen)),
                Call("=", Var("t.b"), Param(0)));
  EXPECT_EQ(Shape(std::move(rows)), "IndexScan t_open");
  rows = Scan("t", {"k", "b", "state"});
  rows = Filter(std::move(rows), Call("=", Var("t.state"), Int(8)), Call("=", Var("t.b"), Int(3)));
  EXPECT_EQ(Shape(std::move(rows)), "TableScan t");
}
TEST_F(OptimizerTest, AParameterMakesAnAssumptionOfThePredicate) {
  const auto rows = [this] {
    LogicalPtr scan = Scan("t", {"k", "b", "state"});
    return Filter(std::move(scan), Call("=", Var("t.state"), Param(0)),
                  Call("=", Var("t.b"), Param(1)));
  };
  const auto general = Plan(rows());
  EXPECT_EQ(Describe(*general->root), "TableScan t");
  ASSERT_EQ(general->assumptions.size(), 1U);
  EXPECT_TRUE(Equal(*general->assumptions[0], *Call("=", Param(0), Int(kOpen))));
  assumed_.push_back(Clone(*general->assumptions[0]));
  EXPECT_EQ(Shape(rows()), "IndexScan t_open filtered");
}
TEST_F(OptimizerTest, ConditionsOnParametersComeFromEqualitiesAlone) {
  Scan("t", {"k", "b", "state"});
  const ExprPtr claim = Call(">", Var("t.b"), Int(3));
  const ExprPtr equal = Call("=", Param(0), Var("t.b"));
  const ExprPtr greater = Call(">", Var("t.b"), Param(0));
  const Expr* equals[] = {equal.get()};
  const Expr* ranges[] = {greater.get()};
  const ExprPtr condition = ParameterCondition(equals, *claim);
  ASSERT_TRUE(condition);
  EXPECT_TRUE(Equal(*condition, *Call(">", Param(0), Int(3))));
  EXPECT_FALSE(ParameterCondition(ranges, *claim));
}
TEST_F(OptimizerTest, Implications) {
  Scan("t", {"k", "b", "state"});
  const auto implies = [](const ExprPtr& fact, const ExprPtr& claim) {
    const Expr* facts[] = {fact.get()};
    return Implies(facts, *claim);
  };
  EXPECT_TRUE(implies(Call(">", Var("t.b"), Int(5)), Call(">", Var("t.b"), Int(3))));
  EXPECT_TRUE(implies(Call("=", Var("t.b"), Int(5)), Call(">=", Var("t.b"), Int(5))));
  EXPECT_FALSE(implies(Call(">", Var("t.b"), Int(3)), Call(">", Var("t.b"), Int(5))));
  EXPECT_FALSE(implies(Call(">", Var("t.k"), Int(5)), Call(">", Var("t.b"), Int(3))));
  EXPECT_TRUE(
      implies(Call("=", Var("t.b"), Param(0)), std::make_unique<IsNullExpr>(Var("t.b"), true)));
  EXPECT_FALSE(
      implies(Call("=", Var("t.k"), Param(0)), std::make_unique<IsNullExpr>(Var("t.b"), true)));
  EXPECT_TRUE(implies(Call("=", Var("t.b"), Int(5)),
                      Either(Call("=", Var("t.b"), Int(4)), Call("=", Var("t.b"), Int(5)))));
}

TEST_F(OptimizerTest, ColumnsOfTheFilterAloneStayBelow) {
  LogicalPtr rows = Scan("t", {"k", "a", "b"});
  rows = Filter(std::move(rows), Call(">", Var("t.b"), Int(3)));
  auto project = std::make_unique<LogicalProject>();
  project->output = {rows->output[0]};
  project->exprs.push_back(Var("t.k"));
  project->children.push_back(std::move(rows));
  const auto plan = Plan(std::move(project));
  ASSERT_EQ(Describe(*plan->root), "TableScan t");
  const auto& scan = static_cast<const PhysicalTableScan&>(*plan->root);
  EXPECT_EQ(scan.columns.size(), 2U);  // k and b
  EXPECT_EQ(scan.projection.size(), 1U);
}

TEST_F(OptimizerTest, AnExtremeIsAnIndexsFirstRow) {
  EXPECT_EQ(Shape(Aggregate(Scan("t", {"k"}), {}, {{"max", "t.k"}})),
            "Aggregate(Limit(IndexScanBackward t_pkey))");
  const auto plan = Plan(Aggregate(Scan("t", {"a"}), {}, {{"min", "t.a"}}));
  ASSERT_EQ(Describe(*plan->root), "Aggregate(Limit(IndexScan t_a))");
  EXPECT_EQ(Shape(Aggregate(Scan("t", {"b"}), {}, {{"min", "t.b"}})), "Aggregate(TableScan t)");
}
TEST_F(OptimizerTest, SeveralExtremesAreSubqueriesOfOneRow) {
  const auto plan = Plan(Aggregate(Scan("t", {"k", "a"}), {}, {{"min", "t.k"}, {"max", "t.a"}}));
  EXPECT_EQ(Describe(*plan->root), "Values");
  EXPECT_EQ(plan->subplans.size(), 2U);
  // One of them without an index: all rows are read anyway.
  EXPECT_EQ(Shape(Aggregate(Scan("t", {"k", "b"}), {}, {{"min", "t.k"}, {"max", "t.b"}})),
            "Aggregate(TableScan t)");
}
TEST_F(OptimizerTest, OtherAggregatesReadAllRows) {
  EXPECT_EQ(Shape(Aggregate(Scan("t", {"k"}), {}, {{"max", "t.k"}, {"count", ""}})),
            "Aggregate(TableScan t)");
  statistics_.rows["few"] = 1;
  EXPECT_EQ(Shape(Aggregate(Scan("few", {"k"}), {}, {{"max", "few.k"}})),
            "Aggregate(TableScan few)");
}

TEST_F(OptimizerTest, ACorrelatedAggregateBecomesAJoinWithGroups) {
  tables_["u"]->indexes.pop_back();  // without u_a each run would read all of u
  LogicalPtr rows = Scan("t", {"k", "a", "b"});
  ExprPtr subquery = Correlated("max", "t.k");
  rows = Filter(std::move(rows), Call(">", Var("t.b"), std::move(subquery)));
  EXPECT_EQ(Shape(std::move(rows)), "IndexJoin(Aggregate(TableScan u))");
}
TEST_F(OptimizerTest, AFewOuterRowsAskTheIndexInstead) {
  LogicalPtr rows = Scan("few", {"k", "a", "b"});
  ExprPtr subquery = Correlated("max", "few.k");
  rows = Filter(std::move(rows), Call(">", Var("few.b"), std::move(subquery)));
  EXPECT_EQ(Shape(std::move(rows)), "TableScan few");
}
TEST_F(OptimizerTest, ACountOfNoRowsIsZeroNotNull) {
  tables_["u"]->indexes.pop_back();
  LogicalPtr rows = Scan("t", {"k", "a", "b"});
  auto project = std::make_unique<LogicalProject>();
  project->exprs.push_back(Correlated("count", "t.k"));
  project->output = {{plan_.next_var++, TypeId::kInt8, "n"}};
  project->children.push_back(std::move(rows));
  const auto plan = Plan(std::move(project));
  ASSERT_EQ(plan->root->kind, PhysicalKind::kProject);
  EXPECT_EQ(static_cast<const PhysicalProject&>(*plan->root).exprs[0]->kind, ExprKind::kCoalesce);
  EXPECT_EQ(Describe(*plan->root), "HashJoin(TableScan t, Aggregate(TableScan u))");
}
TEST_F(OptimizerTest, UnderALimitTheSubqueryRunsForThoseRowsAlone) {
  tables_["u"]->indexes.pop_back();
  LogicalPtr rows = Scan("t", {"k", "a", "b"});
  auto project = std::make_unique<LogicalProject>();
  project->exprs.push_back(Correlated("count", "t.k"));
  project->output = {{plan_.next_var++, TypeId::kInt8, "n"}};
  project->children.push_back(std::move(rows));
  EXPECT_EQ(Shape(Limit(std::move(project), 3)), "Limit(TableScan t)");
}

TEST_F(OptimizerTest, AnExistsBelowOrIsHashedWhereItPays) {
  const auto rows = [this](const char* table, const char* by) {
    LogicalPtr outer = Scan(table, {"k", "a"}, "o");
    LogicalPtr inner = Scan("u", {"k", "a", "b"});
    inner = Filter(std::move(inner), Call("=", Var(by), Var("o.k")));
    auto exists = std::make_unique<SubqueryExpr>(SubqueryKind::kExists, TypeId::kBool);
    exists->plan = std::move(inner);
    return Filter(std::move(outer), Either(Call("=", Var("o.a"), Int(1)), std::move(exists)));
  };
  const auto plan = Plan(rows("t", "u.b"));
  ASSERT_EQ(plan->subplans.size(), 1U);
  EXPECT_EQ(Describe(*plan->subplans[0]), "TableScan u");
  EXPECT_EQ(Format(*static_cast<const PhysicalTableScan&>(*plan->root).filter),
            "((o.a = 1) OR ((o.k IS NOT NULL) AND (hashed SubPlan 1)))");
  // Ten rows ask an index.
  EXPECT_EQ(Describe(*Plan(rows("few", "u.a"))->subplans[0]), "IndexScan u_a");
}

}  // namespace
}  // namespace oxibase
