#include "sql/optimize/lower.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "expr/function.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/or_list.h"
#include "sql/optimize/passes.h"

namespace oxibase {
namespace {

template <typename Node>
Node& As(LogicalNode& node) {
  return static_cast<Node&>(node);
}

size_t Position(const RowShape& shape, VarId var) {
  return static_cast<size_t>(std::find(shape.begin(), shape.end(), var) - shape.begin());
}

RowShape ShapeOf(const std::vector<OutputColumn>& output) {
  RowShape shape;
  for (const auto& column : output) shape.push_back(column.var);
  return shape;
}

/// Whether rows in order `given` are in order `wished` too.
bool Serves(const std::vector<Wish::Order>& given, const std::vector<Wish::Order>& wished) {
  if (wished.size() > given.size()) return false;
  for (size_t i = 0; i < wished.size(); ++i) {
    if (wished[i].var != given[i].var || wished[i].descending != given[i].descending ||
        wished[i].nulls_first != given[i].nulls_first) {
      return false;
    }
  }
  return true;
}

/// Whether rows that are equal in all columns may come once or often.
bool IgnoresRepeatedRows(const LogicalAggregate& aggregate) {
  return std::all_of(aggregate.aggregates.begin(), aggregate.aggregates.end(),
                     [](const std::unique_ptr<AggregateExpr>& call) {
                       const std::string_view name = call->function->name;
                       return call->distinct || name == "min" || name == "max" ||
                              name == "bool_and" || name == "bool_or" || name == "every";
                     });
}

}  // namespace

VarSet OutputOf(const LogicalNode& node) {
  VarSet vars;
  for (const auto& column : node.output) vars.insert(column.var);
  return vars;
}

Lowerer::Lowerer(LogicalPlan& plan, const OptimizerContext& context, const Estimator& estimator)
    : plan_(plan),
      context_(context),
      estimator_(estimator),
      physical_(std::make_shared<PhysicalPlan>()) {
  physical_->param_count = static_cast<uint32_t>(plan.param_types.size());
  LearnVars(*plan.root);
}

void Lowerer::LearnVars(const LogicalNode& node) {
  for (const auto& column : node.output) vars_.emplace(column.var, column);
  const auto learn_rules = [&](const TableDef& table, const std::vector<VarId>& column_vars) {
    for (size_t i = 0; i < column_vars.size(); ++i) {
      vars_.emplace(column_vars[i],
                    OutputColumn{column_vars[i], table.columns[i].type, table.columns[i].name});
    }
  };
  if (node.kind == LogicalKind::kInsert) {
    const auto& insert = static_cast<const LogicalInsert&>(node);
    learn_rules(*insert.table, insert.rules.column_vars);
    if (insert.on_conflict) {
      learn_rules(*insert.table, insert.on_conflict->existing_vars);
      learn_rules(*insert.table, insert.on_conflict->excluded_vars);
    }
  } else if (node.kind == LogicalKind::kUpdate) {
    const auto& update = static_cast<const LogicalUpdate&>(node);
    learn_rules(*update.table, update.rules.column_vars);
  } else if (node.kind == LogicalKind::kScan) {
    const auto& scan = static_cast<const LogicalScan&>(node);
    if (scan.row_id)
      vars_.emplace(*scan.row_id, OutputColumn{*scan.row_id, TypeId::kInt8, "row_id"});
  } else if (node.kind == LogicalKind::kJoin) {
    const auto& join = static_cast<const LogicalJoin&>(node);
    if (join.type == JoinType::kMark) {
      vars_.emplace(join.mark, OutputColumn{join.mark, TypeId::kBool, "mark"});
    }
  }
  const std::function<void(const Expr&)> walk = [&](const Expr& expr) {
    if (expr.kind == ExprKind::kSubquery) {
      const auto& subquery = static_cast<const SubqueryExpr&>(expr);
      for (const auto& operand : subquery.left) walk(*operand);
      LearnVars(*subquery.plan);
      return;
    }
    ForEachChild(expr, walk);
  };
  ForEachExpr(node, walk);
  for (const auto& child : node.children) LearnVars(*child);
}

const OutputColumn& Lowerer::Var(VarId var) const {
  static const OutputColumn kUnknownVar;
  const auto it = vars_.find(var);
  return it == vars_.end() ? kUnknownVar : it->second;
}

Lowered Lowerer::Finish(PhysicalPtr node, RowShape shape, double rows, double cost) {
  node->types.clear();
  node->names.clear();
  for (const VarId var : shape) {
    node->types.push_back(Var(var).type);
    node->names.push_back(Var(var).name);
  }
  node->rows = rows;
  node->cost = cost;
  return {std::move(node), std::move(shape), false};
}

ExprPtr Lowerer::ColumnAt(const RowShape& shape, VarId var) const {
  const OutputColumn& column = Var(var);
  return std::make_unique<ColumnExpr>(static_cast<VarId>(Position(shape, var)), column.type,
                                      column.name);
}

Lowered Lowerer::Project(Lowered input, const RowShape& wanted) {
  if (input.shape == wanted) return input;
  auto project = std::make_unique<PhysicalProject>();
  for (const VarId var : wanted) project->exprs.push_back(ColumnAt(input.shape, var));
  const double rows = input.node->rows, cost = input.node->cost;
  const bool ordered = input.ordered;
  project->children.push_back(std::move(input.node));
  Lowered result = Finish(std::move(project), wanted, rows, cost);
  result.ordered = ordered;
  return result;
}

// --- Expressions -------------------------------------------------------------------------------

Result<ExprPtr> Lowerer::OuterParam(VarId var, Type type) {
  for (size_t i = scopes_.size(); i-- > 0;) {
    Scope& scope = scopes_[i];
    if (Position(*scope.shape, var) == scope.shape->size()) continue;
    const auto [it, inserted] = scope.params.emplace(var, physical_->param_count);
    if (inserted) ++physical_->param_count;
    // Subplans between here and there cache their results by what they are given: this too.
    for (size_t k = i + 1; k < scopes_.size(); ++k) {
      if (scopes_[k].is_subplan) scopes_[k].passing.emplace(it->second, type);
    }
    return ExprPtr(std::make_unique<ParamExpr>(it->second, type));
  }
  return Error(ErrorCode::kInternalError, "variable {} (\"{}\") is not in scope", var,
               Var(var).name);
}

Status Lowerer::Resolve(ExprPtr& expr, const RowShape& shape) {
  if (!expr) return {};
  if (expr->kind == ExprKind::kColumn) {
    auto& column = static_cast<ColumnExpr&>(*expr);
    const size_t position = Position(shape, column.index);
    if (position < shape.size()) {
      column.index = static_cast<VarId>(position);
      return {};
    }
    ASSIGN_OR_RETURN(expr, OuterParam(column.index, column.type));
    return {};
  }
  if (expr->kind == ExprKind::kSubquery) return ResolveSubquery(expr, shape);
  Status status;
  ForEachChild(*expr, [&](ExprPtr& child) {
    if (status.ok()) status = Resolve(child, shape);
  });
  return status;
}

Status Lowerer::ResolveAll(std::vector<ExprPtr>& exprs, const RowShape& shape) {
  for (auto& expr : exprs) RETURN_IF_ERROR(Resolve(expr, shape));
  return {};
}

Status Lowerer::ResolveKeys(std::vector<SortKey>& keys, const RowShape& shape) {
  for (auto& key : keys) RETURN_IF_ERROR(Resolve(key.expr, shape));
  return {};
}

Status Lowerer::ResolveSubquery(ExprPtr& expr, const RowShape& shape) {
  auto& subquery = static_cast<SubqueryExpr&>(*expr);
  scopes_.push_back({&shape, true, {}, {}});
  Wish wish;
  if (subquery.subquery_kind == SubqueryKind::kExists) wish.rows = 1;
  Result<Lowered> inner = LowerExactly(*subquery.plan, wish);
  const Scope scope = std::move(scopes_.back());
  scopes_.pop_back();
  if (!inner.ok()) return std::move(inner).status();

  auto subplan = std::make_unique<SubplanExpr>(subquery.subquery_kind, subquery.type,
                                               static_cast<uint32_t>(physical_->subplans.size()));
  physical_->subplans.push_back(std::move(inner->node));
  for (const auto& [var, param] : scope.params) {
    subplan->args.push_back(ColumnAt(shape, var));
    subplan->params.push_back(param);
  }
  for (const auto& [param, type] : scope.passing) {
    subplan->args.push_back(std::make_unique<ParamExpr>(param, type));
    subplan->params.push_back(param);
  }
  RETURN_IF_ERROR(ResolveAll(subquery.left, shape));
  subplan->left = std::move(subquery.left);
  subplan->comparisons = subquery.comparisons;
  subplan->location = expr->location;
  expr = std::move(subplan);
  return {};
}

// --- Nodes -------------------------------------------------------------------------------------

Result<Lowered> Lowerer::LowerExactly(LogicalNode& node, const Wish& wish) {
  ASSIGN_OR_RETURN(Lowered lowered, Lower(node, wish));
  return Project(std::move(lowered), ShapeOf(node.output));
}

Result<Lowered> Lowerer::Lower(LogicalNode& node, const Wish& wish) {
  switch (node.kind) {
    case LogicalKind::kScan:
      return LowerScan(As<LogicalScan>(node), {}, OutputOf(node), wish);
    case LogicalKind::kFilter: {
      auto& filter = As<LogicalFilter>(node);
      std::vector<ExprPtr> conjuncts;
      SplitConjuncts(std::move(filter.predicate), &conjuncts);
      for (auto& conjunct : conjuncts) conjunct = OrAsAny(std::move(conjunct));
      if (node.children[0]->kind == LogicalKind::kScan) {
        Wish scan_wish = wish;
        scan_wish.distinct =
            wish.distinct && std::none_of(conjuncts.begin(), conjuncts.end(),
                                          [](const ExprPtr& e) { return IsVolatile(*e); });
        return LowerScan(As<LogicalScan>(*node.children[0]), std::move(conjuncts), OutputOf(node),
                         scan_wish);
      }
      double selectivity = 1;
      for (const auto& conjunct : conjuncts) selectivity *= estimator_.Selectivity(*conjunct);
      Wish below = wish;
      below.distinct = false;
      if (below.rows >= 0) below.rows /= std::max(selectivity, 1e-3);
      ASSIGN_OR_RETURN(Lowered input, Lower(*node.children[0], below));
      auto result = std::make_unique<PhysicalFilter>();
      result->predicate = AndAll(std::move(conjuncts));
      RETURN_IF_ERROR(Resolve(result->predicate, input.shape));
      const double rows = std::max(1.0, input.node->rows * selectivity);
      const double cost = input.node->cost + input.node->rows * 0.5;
      result->children.push_back(std::move(input.node));
      Lowered lowered = Finish(std::move(result), std::move(input.shape), rows, cost);
      lowered.ordered = input.ordered;
      lowered.presorted = input.presorted;
      return lowered;
    }
    case LogicalKind::kProject: {
      auto& project = As<LogicalProject>(node);
      // The wished order in terms of the input, where its columns are just handed up.
      Wish below;
      below.rows = wish.rows;
      below.distinct =
          wish.distinct && std::none_of(project.exprs.begin(), project.exprs.end(),
                                        [](const ExprPtr& e) { return IsVolatile(*e); });
      for (const auto& order : wish.order) {
        const size_t i = Position(ShapeOf(project.output), order.var);
        if (i >= project.exprs.size() || project.exprs[i]->kind != ExprKind::kColumn) {
          below.order.clear();
          break;
        }
        below.order.push_back({static_cast<const ColumnExpr&>(*project.exprs[i]).index,
                               order.descending, order.nulls_first});
      }
      const bool order_passed = !wish.order.empty() && below.order.size() == wish.order.size();
      const LogicalKind child_kind = node.children[0]->kind;
      Result<Lowered> lowered_input = child_kind == LogicalKind::kInsert
                                          ? LowerInsert(As<LogicalInsert>(*node.children[0]), true)
                                      : child_kind == LogicalKind::kUpdate
                                          ? LowerUpdate(As<LogicalUpdate>(*node.children[0]), true)
                                      : child_kind == LogicalKind::kDelete
                                          ? LowerDelete(As<LogicalDelete>(*node.children[0]), true)
                                          : Lower(*node.children[0], below);
      ASSIGN_OR_RETURN(Lowered input, std::move(lowered_input));
      RETURN_IF_ERROR(ResolveAll(project.exprs, input.shape));
      const double rows = input.node->rows, cost = input.node->cost + rows * 0.1;
      RowShape shape = ShapeOf(project.output);
      // Columns in place: no work at run time.
      bool identity = project.exprs.size() == input.shape.size();
      for (size_t i = 0; identity && i < project.exprs.size(); ++i) {
        identity = project.exprs[i]->kind == ExprKind::kColumn &&
                   static_cast<const ColumnExpr&>(*project.exprs[i]).index == i;
      }
      Lowered lowered;
      if (identity) {
        lowered = Finish(std::move(input.node), std::move(shape), rows, cost);
      } else {
        auto result = std::make_unique<PhysicalProject>();
        result->exprs = std::move(project.exprs);
        result->children.push_back(std::move(input.node));
        lowered = Finish(std::move(result), std::move(shape), rows, cost);
      }
      lowered.ordered = order_passed && input.ordered;
      lowered.presorted = order_passed ? input.presorted : 0;
      return lowered;
    }
    case LogicalKind::kValues: {
      auto result = std::make_unique<PhysicalValues>();
      result->rows_exprs = std::move(As<LogicalValues>(node).rows_exprs);
      for (auto& row : result->rows_exprs) RETURN_IF_ERROR(ResolveAll(row, {}));
      const double rows = static_cast<double>(result->rows_exprs.size());
      return Finish(std::move(result), ShapeOf(node.output), rows, rows * 0.1);
    }
    case LogicalKind::kFunctionScan: {
      auto& scan = As<LogicalFunctionScan>(node);
      auto result = std::make_unique<PhysicalFunctionScan>();
      for (auto& call : scan.calls) RETURN_IF_ERROR(Resolve(call.call, {}));
      result->calls = std::move(scan.calls);
      result->with_ordinality = scan.with_ordinality;
      result->alias = scan.alias;
      return Finish(std::move(result), ShapeOf(node.output), 1000, 1000);
    }
    case LogicalKind::kJoin:
      return LowerJoin(As<LogicalJoin>(node), wish);
    case LogicalKind::kAggregate:
      return LowerAggregate(As<LogicalAggregate>(node), wish);
    case LogicalKind::kWindow:
      return LowerWindow(As<LogicalWindow>(node), wish);
    case LogicalKind::kDistinct:
      return LowerDistinct(As<LogicalDistinct>(node));
    case LogicalKind::kSort:
      return LowerSort(As<LogicalSort>(node), wish);
    case LogicalKind::kLimit:
      return LowerLimit(As<LogicalLimit>(node), wish);
    case LogicalKind::kSetOp:
      return LowerSetOp(As<LogicalSetOp>(node));
    case LogicalKind::kCte: {
      auto& cte = As<LogicalCte>(node);
      auto result = std::make_unique<PhysicalCte>();
      result->cte_id = cte.cte_id;
      result->name = cte.name;
      result->modifies = cte.modifies;
      ASSIGN_OR_RETURN(Lowered first, LowerExactly(*node.children[0], {}));
      Wish below = wish;
      below.distinct = false;
      ASSIGN_OR_RETURN(Lowered second, Lower(*node.children[1], below));
      const double rows = second.node->rows, cost = first.node->cost + second.node->cost;
      result->children.push_back(std::move(first.node));
      result->children.push_back(std::move(second.node));
      Lowered lowered = Finish(std::move(result), std::move(second.shape), rows, cost);
      lowered.ordered = second.ordered;
      return lowered;
    }
    case LogicalKind::kCteScan: {
      auto& scan = As<LogicalCteScan>(node);
      auto result = std::make_unique<PhysicalCteScan>();
      result->cte_id = scan.cte_id;
      result->name = scan.name;
      result->working_table = scan.working_table;
      return Finish(std::move(result), ShapeOf(node.output), 1000, 100);
    }
    case LogicalKind::kRecursiveCte: {
      auto& cte = As<LogicalRecursiveCte>(node);
      auto result = std::make_unique<PhysicalRecursiveCte>();
      result->cte_id = cte.cte_id;
      result->name = cte.name;
      result->all = cte.all;
      double rows = 0, cost = 0;
      for (auto& child : node.children) {
        ASSIGN_OR_RETURN(Lowered term, LowerExactly(*child, {}));
        rows += term.node->rows * 10;
        cost += term.node->cost * 10;
        result->children.push_back(std::move(term.node));
      }
      return Finish(std::move(result), ShapeOf(node.output), rows, cost);
    }
    case LogicalKind::kLockRows: {
      auto& lock = As<LogicalLockRows>(node);
      Wish below = wish;
      below.distinct = false;
      ASSIGN_OR_RETURN(Lowered input, Lower(*node.children[0], below));
      auto result = std::make_unique<PhysicalLockRows>();
      for (const auto& target : lock.targets) {
        result->targets.push_back({target.scan_id,
                                   static_cast<uint32_t>(Position(input.shape, target.row_id)),
                                   target.table, target.mode, target.wait});
      }
      const double rows = input.node->rows, cost = input.node->cost + rows * 2;
      result->children.push_back(std::move(input.node));
      Lowered lowered = Finish(std::move(result), std::move(input.shape), rows, cost);
      lowered.ordered = input.ordered;
      return lowered;
    }
    case LogicalKind::kInsert:
      return LowerInsert(As<LogicalInsert>(node), false);
    case LogicalKind::kUpdate:
      return LowerUpdate(As<LogicalUpdate>(node), false);
    case LogicalKind::kDelete:
      return LowerDelete(As<LogicalDelete>(node), false);
  }
  return Error(ErrorCode::kInternalError, "unknown plan node");
}

/// The input of an aggregate of which only some groups are wanted, in the order of its keys. No
/// value: it does not come in that order by itself, and nothing has been done.
Result<std::optional<Lowered>> Lowerer::LowerGroupedInput(const LogicalAggregate& aggregate,
                                                          double groups, const Wish& wish) {
  if (wish.rows < 0 || aggregate.keys.empty() || !aggregate.grouping_sets.empty()) {
    return std::optional<Lowered>();
  }
  Wish below;
  for (const auto& key : aggregate.keys) {
    if (key->kind != ExprKind::kColumn) return std::optional<Lowered>();
    below.order.push_back({static_cast<const ColumnExpr&>(*key).index, false, false});
  }
  // The operator lets groups out early only if no aggregate wants its rows sorted.
  for (const auto& call : aggregate.aggregates) {
    if (!call->order_by.empty()) return std::optional<Lowered>();
  }
  const double part = (wish.rows + 1) / groups;
  if (part > 0.5) return std::optional<Lowered>();
  below.rows = std::max(1.0, estimator_.Rows(*aggregate.children[0]) * part);
  // Tried on a copy, since lowering takes a plan apart.
  const Mark mark = SetMark();
  const LogicalPtr copy = Clone(*aggregate.children[0]);
  ASSIGN_OR_RETURN(Lowered input, Lower(*copy, below));
  if (input.ordered) return std::optional<Lowered>(std::move(input));
  RollbackTo(mark);
  return std::optional<Lowered>();
}

void Lowerer::RollbackTo(const Mark& mark) {
  physical_->subplans.resize(mark.subplans);
  physical_->param_count = mark.params;
  scopes_ = mark.scopes;
}

Result<Lowered> Lowerer::LowerAggregate(LogicalAggregate& aggregate, const Wish& wish) {
  // Lowering takes the children's expressions away, so estimates come first.
  const double rows = estimator_.Rows(aggregate);
  auto result = std::make_unique<PhysicalAggregate>();
  ASSIGN_OR_RETURN(std::optional<Lowered> grouped, LowerGroupedInput(aggregate, rows, wish));
  result->streaming = grouped.has_value();
  if (!grouped) {
    Wish below;
    below.distinct = IgnoresRepeatedRows(aggregate);
    LogicalPtr untouched;
    if (MayBeExtremes(aggregate)) untouched = Clone(*aggregate.children[0]);
    ASSIGN_OR_RETURN(grouped, Lower(*aggregate.children[0], below));
    if (untouched) {
      const double cost = grouped->node->cost + grouped->node->rows * 2;
      ASSIGN_OR_RETURN(auto extreme, LowerExtreme(aggregate, *untouched, cost));
      if (extreme) {
        grouped = std::move(extreme);
      } else {
        ASSIGN_OR_RETURN(auto extremes, LowerExtremes(aggregate, *untouched, cost));
        if (extremes) return std::move(*extremes);
      }
    }
  }
  Lowered input = std::move(*grouped);
  RETURN_IF_ERROR(ResolveAll(aggregate.keys, input.shape));
  for (auto& call : aggregate.aggregates) {
    RETURN_IF_ERROR(ResolveAll(call->args, input.shape));
    RETURN_IF_ERROR(Resolve(call->filter, input.shape));
    RETURN_IF_ERROR(ResolveKeys(call->order_by, input.shape));
  }
  result->keys = std::move(aggregate.keys);
  result->aggregates = std::move(aggregate.aggregates);
  result->grouping_sets = aggregate.grouping_sets;
  result->grouping_calls = aggregate.grouping_calls;
  const double cost = input.node->cost + input.node->rows * 2;
  result->children.push_back(std::move(input.node));
  return Finish(std::move(result), ShapeOf(aggregate.output), rows, cost);
}

Result<Lowered> Lowerer::LowerWindow(LogicalWindow& window, const Wish& wish) {
  Wish below;
  bool plain = true;
  for (const auto& expr : window.partition_by) {
    if (expr->kind != ExprKind::kColumn) plain = false;
    if (plain) below.order.push_back({static_cast<const ColumnExpr&>(*expr).index, false, false});
  }
  for (const auto& key : window.order_by) {
    if (key.expr->kind != ExprKind::kColumn) plain = false;
    if (plain) {
      below.order.push_back(
          {static_cast<const ColumnExpr&>(*key.expr).index, key.descending, key.nulls_first});
    }
  }
  if (!plain) below.order.clear();
  // Functions that look at nothing behind their row let rows through as they come.
  const bool no_keys = window.partition_by.empty() && window.order_by.empty();
  const bool may_stream = std::all_of(
      window.functions.begin(), window.functions.end(), [](const std::unique_ptr<WindowExpr>& f) {
        return f->function->window == WindowFunctionId::kRowNumber ||
               f->function->window == WindowFunctionId::kRank ||
               f->function->window == WindowFunctionId::kDenseRank;
      });
  if (may_stream) below.rows = wish.rows;
  ASSIGN_OR_RETURN(Lowered input, Lower(*window.children[0], below));
  if (may_stream && wish.rows >= 0 && !input.ordered && input.presorted > 0) {
    // The few rows that are wanted: in order piece by piece.
    std::vector<SortKey> keys;
    for (const auto& expr : window.partition_by) keys.push_back({Clone(*expr), false, false});
    for (const auto& key : window.order_by) {
      keys.push_back({Clone(*key.expr), key.descending, key.nulls_first});
    }
    const size_t presorted = input.presorted;
    ASSIGN_OR_RETURN(input, SortRows(std::move(input), std::move(keys), presorted));
    input.ordered = true;
  }
  auto result = std::make_unique<PhysicalWindow>();
  result->input_sorted = !below.order.empty() && input.ordered;
  result->streaming = may_stream && (result->input_sorted || no_keys);
  RETURN_IF_ERROR(ResolveAll(window.partition_by, input.shape));
  RETURN_IF_ERROR(ResolveKeys(window.order_by, input.shape));
  RETURN_IF_ERROR(Resolve(window.frame.start_offset, input.shape));
  RETURN_IF_ERROR(Resolve(window.frame.end_offset, input.shape));
  RowShape shape = input.shape;
  const size_t first = window.output.size() - window.functions.size();
  for (size_t i = 0; i < window.functions.size(); ++i) {
    auto& call = *window.functions[i];
    RETURN_IF_ERROR(ResolveAll(call.args, input.shape));
    RETURN_IF_ERROR(Resolve(call.filter, input.shape));
    shape.push_back(window.output[first + i].var);
  }
  result->partition_by = std::move(window.partition_by);
  result->order_by = std::move(window.order_by);
  result->frame = std::move(window.frame);
  result->functions = std::move(window.functions);
  result->start_function = window.start_function;
  result->end_function = window.end_function;
  const double rows = input.node->rows, cost = input.node->cost + rows * 6;
  result->children.push_back(std::move(input.node));
  Lowered lowered = Finish(std::move(result), std::move(shape), rows, cost);
  lowered.ordered = Serves(below.order, wish.order);
  return lowered;
}

Result<Lowered> Lowerer::LowerSort(LogicalSort& sort, const Wish& wish) {
  Wish below;
  below.rows = wish.rows;
  for (const auto& key : sort.keys) {
    if (key.expr->kind != ExprKind::kColumn) {
      below.order.clear();
      break;
    }
    below.order.push_back(
        {static_cast<const ColumnExpr&>(*key.expr).index, key.descending, key.nulls_first});
  }
  if (below.order.empty()) below.rows = -1;
  // This order need not be the one that the parent wishes for.
  const bool serves_wish = Serves(below.order, wish.order);
  ASSIGN_OR_RETURN(Lowered input, Lower(*sort.children[0], below));
  if (!below.order.empty() && input.ordered) {
    input.ordered = serves_wish;
    return input;
  }
  const size_t presorted = below.rows >= 0 && !below.order.empty() ? input.presorted : 0;
  ASSIGN_OR_RETURN(Lowered lowered, SortRows(std::move(input), std::move(sort.keys), presorted));
  lowered.ordered = serves_wish;
  return lowered;
}

Result<Lowered> Lowerer::SortRows(Lowered input, std::vector<SortKey> keys, size_t presorted) {
  auto result = std::make_unique<PhysicalSort>();
  RETURN_IF_ERROR(ResolveKeys(keys, input.shape));
  result->keys = std::move(keys);
  result->presorted = presorted;
  const double rows = input.node->rows;
  const double cost = input.node->cost + rows * (1 + 0.3 * std::log2(rows + 1));
  result->children.push_back(std::move(input.node));
  return Finish(std::move(result), std::move(input.shape), rows, cost);
}

Result<Lowered> Lowerer::LowerLimit(LogicalLimit& limit, const Wish& wish) {
  const auto constant = [](const ExprPtr& expr, double otherwise) {
    if (!expr) return otherwise;
    if (expr->kind == ExprKind::kConstant) {
      const Value& value = static_cast<const ConstantExpr&>(*expr).value;
      if (!value.is_null() && value.type().id == TypeId::kInt8) {
        return std::max(0.0, static_cast<double>(value.As<int64_t>()));
      }
    }
    return 100.0;
  };
  // Rows are cut before they are computed, where that changes nothing.
  LogicalNode& child = *limit.children[0];
  if (child.kind == LogicalKind::kProject && !limit.with_ties) {
    auto& project = As<LogicalProject>(child);
    const bool fixed = std::none_of(project.exprs.begin(), project.exprs.end(),
                                    [](const ExprPtr& e) { return IsVolatile(*e); });
    const LogicalKind below = project.children[0]->kind;
    const bool modifies = below == LogicalKind::kInsert || below == LogicalKind::kUpdate ||
                          below == LogicalKind::kDelete;
    if (fixed && !modifies) {
      auto inner = std::make_unique<LogicalLimit>();
      inner->limit = std::move(limit.limit);
      inner->offset = std::move(limit.offset);
      inner->output = project.children[0]->output;
      inner->children.push_back(std::move(project.children[0]));
      project.children[0] = std::move(inner);
      return Lower(project, wish);
    }
  }
  Wish below = wish;
  below.distinct = false;
  if (limit.limit) {
    below.rows = constant(limit.limit, 0) + constant(limit.offset, 0);
    if (wish.rows >= 0) below.rows = std::min(below.rows, wish.rows);
  }
  ASSIGN_OR_RETURN(Lowered input, Lower(child, below));
  auto result = std::make_unique<PhysicalLimit>();
  RETURN_IF_ERROR(Resolve(limit.limit, {}));
  RETURN_IF_ERROR(Resolve(limit.offset, {}));
  RETURN_IF_ERROR(ResolveKeys(limit.ties, input.shape));
  if (limit.limit && !limit.with_ties && input.node->kind == PhysicalKind::kSort) {
    auto& sort = static_cast<PhysicalSort&>(*input.node);
    sort.limit = Clone(*limit.limit);
    if (limit.offset) sort.offset = Clone(*limit.offset);
  }
  result->limit = std::move(limit.limit);
  result->offset = std::move(limit.offset);
  result->with_ties = limit.with_ties;
  result->ties = std::move(limit.ties);
  const double all = std::max(1.0, input.node->rows);
  const double rows = result->limit ? std::min(all, std::max(1.0, below.rows)) : all;
  const double cost = input.node->cost * std::min(1.0, rows / all);
  result->children.push_back(std::move(input.node));
  Lowered lowered = Finish(std::move(result), std::move(input.shape), rows, cost);
  lowered.ordered = input.ordered;
  return lowered;
}

Result<Lowered> Lowerer::LowerDistinct(LogicalDistinct& distinct) {
  LogicalNode& child = *distinct.children[0];
  const double rows = estimator_.Rows(distinct);
  if (distinct.on.empty()) {
    Wish below;
    below.distinct = true;
    ASSIGN_OR_RETURN(Lowered input, LowerExactly(child, below));
    auto result = std::make_unique<PhysicalAggregate>();
    for (const VarId var : input.shape) result->keys.push_back(ColumnAt(input.shape, var));
    const double cost = input.node->cost + input.node->rows * 2;
    result->children.push_back(std::move(input.node));
    return Finish(std::move(result), std::move(input.shape), rows, cost);
  }
  if (child.kind != LogicalKind::kSort) {
    auto sort = std::make_unique<LogicalSort>();
    sort->output = child.output;
    for (const auto& expr : distinct.on) sort->keys.push_back({Clone(*expr), false, false});
    sort->children.push_back(std::move(distinct.children[0]));
    distinct.children[0] = std::move(sort);
  }
  ASSIGN_OR_RETURN(Lowered input, Lower(*distinct.children[0], {}));
  auto result = std::make_unique<PhysicalDistinctOn>();
  RETURN_IF_ERROR(ResolveAll(distinct.on, input.shape));
  result->on = std::move(distinct.on);
  const double cost = input.node->cost + input.node->rows;
  result->children.push_back(std::move(input.node));
  return Finish(std::move(result), std::move(input.shape), rows, cost);
}

Result<Lowered> Lowerer::LowerSetOp(LogicalSetOp& set_op) {
  const RowShape shape = ShapeOf(set_op.output);
  if (set_op.op != LogicalSetOp::Op::kUnion) {
    auto result = std::make_unique<PhysicalSetOp>();
    result->op = set_op.op;
    result->all = set_op.all;
    double cost = 0, rows = 0;
    for (auto& child : set_op.children) {
      ASSIGN_OR_RETURN(Lowered input, LowerExactly(*child, {}));
      rows = std::max(rows, input.node->rows);
      cost += input.node->cost + input.node->rows * 2;
      result->children.push_back(std::move(input.node));
    }
    return Finish(std::move(result), shape, rows, cost);
  }
  auto append = std::make_unique<PhysicalAppend>();
  double cost = 0, rows = 0;
  for (auto& child : set_op.children) {
    ASSIGN_OR_RETURN(Lowered input, LowerExactly(*child, {}));
    rows += input.node->rows;
    cost += input.node->cost;
    append->children.push_back(std::move(input.node));
  }
  Lowered appended = Finish(std::move(append), shape, rows, cost);
  if (set_op.all) return appended;
  auto result = std::make_unique<PhysicalAggregate>();
  for (const VarId var : shape) result->keys.push_back(ColumnAt(shape, var));
  result->children.push_back(std::move(appended.node));
  return Finish(std::move(result), shape, rows, cost + rows * 2);
}

Result<std::shared_ptr<const PhysicalPlan>> Lowerer::Run() {
  const bool returns_rows = !plan_.result.empty() || plan_.command == LogicalPlan::Command::kSelect;
  ASSIGN_OR_RETURN(Lowered root, Lower(*plan_.root, {}));
  if (returns_rows) root = Project(std::move(root), ShapeOf(plan_.result));
  physical_->root = std::move(root.node);
  physical_->result = plan_.result;
  physical_->param_types = plan_.param_types;
  physical_->command = plan_.command;
  physical_->modifies = plan_.modifies;
  physical_->depends_on = plan_.depends_on;
  return std::shared_ptr<const PhysicalPlan>(std::move(physical_));
}

Result<std::shared_ptr<const PhysicalPlan>> Optimize(LogicalPlan plan,
                                                     const OptimizerContext& context) {
  if (!context.params.empty()) PutParams(*plan.root, context.params);
  Estimator estimator(context.statistics);
  estimator.Learn(*plan.root);
  UnnestSubqueries(plan, estimator);
  RemoveRenames(plan);
  PushDownPredicates(plan);
  estimator.Learn(*plan.root);
  OrderJoins(plan, estimator);
  PruneColumns(plan);
  return Lowerer(plan, context, estimator).Run();
}

}  // namespace oxibase
