#include "expr/expression.h"

#include <cstring>

#include "expr/function.h"
#include "expr/hash.h"

namespace oxibase {
namespace {

using Visit = std::function<void(ExprPtr&)>;

void VisitAll(std::vector<ExprPtr>& list, const Visit& visit) {
  for (ExprPtr& e : list) visit(e);
}

void VisitIf(ExprPtr& e, const Visit& visit) {
  if (e) visit(e);
}

std::vector<ExprPtr> CloneAll(const std::vector<ExprPtr>& list) {
  std::vector<ExprPtr> copies;
  copies.reserve(list.size());
  for (const ExprPtr& e : list) copies.push_back(e ? Clone(*e) : nullptr);
  return copies;
}

ExprPtr CloneIf(const ExprPtr& e) { return e ? Clone(*e) : nullptr; }

ExprPtr CloneNode(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kConstant:
      return std::make_unique<ConstantExpr>(static_cast<const ConstantExpr&>(expr).value);
    case ExprKind::kColumn: {
      const auto& e = static_cast<const ColumnExpr&>(expr);
      return std::make_unique<ColumnExpr>(e.index, e.type, e.name);
    }
    case ExprKind::kParam:
      return std::make_unique<ParamExpr>(static_cast<const ParamExpr&>(expr).index, expr.type);
    case ExprKind::kCall: {
      const auto& e = static_cast<const CallExpr&>(expr);
      return std::make_unique<CallExpr>(*e.function, e.type, CloneAll(e.args), e.syntax);
    }
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      return std::make_unique<BoolExpr>(expr.kind,
                                        CloneAll(static_cast<const BoolExpr&>(expr).args));
    case ExprKind::kIsNull: {
      const auto& e = static_cast<const IsNullExpr&>(expr);
      auto copy = std::make_unique<IsNullExpr>(Clone(*e.arg), e.negated);
      copy->of_row = e.of_row;
      return copy;
    }
    case ExprKind::kBooleanTest: {
      const auto& e = static_cast<const BooleanTestExpr&>(expr);
      return std::make_unique<BooleanTestExpr>(Clone(*e.arg), e.test);
    }
    case ExprKind::kIsDistinct: {
      const auto& e = static_cast<const IsDistinctExpr&>(expr);
      return std::make_unique<IsDistinctExpr>(*e.equals, Clone(*e.left), Clone(*e.right),
                                              e.negated);
    }
    case ExprKind::kCase: {
      const auto& e = static_cast<const CaseExpr&>(expr);
      auto copy = std::make_unique<CaseExpr>(e.type);
      for (const auto& b : e.branches) {
        copy->branches.push_back({Clone(*b.condition), Clone(*b.result)});
      }
      copy->otherwise = CloneIf(e.otherwise);
      return copy;
    }
    case ExprKind::kCoalesce:
      return std::make_unique<CoalesceExpr>(expr.type,
                                            CloneAll(static_cast<const CoalesceExpr&>(expr).args));
    case ExprKind::kMinMax: {
      const auto& e = static_cast<const MinMaxExpr&>(expr);
      return std::make_unique<MinMaxExpr>(e.type, *e.less, e.is_greatest, CloneAll(e.args));
    }
    case ExprKind::kArray:
      return std::make_unique<ArrayExpr>(expr.type,
                                         CloneAll(static_cast<const ArrayExpr&>(expr).args));
    case ExprKind::kRow: {
      const auto& e = static_cast<const RowExpr&>(expr);
      auto copy = std::make_unique<RowExpr>(CloneAll(e.args));
      copy->names = e.names;
      return copy;
    }
    case ExprKind::kFieldSelect: {
      const auto& e = static_cast<const FieldSelectExpr&>(expr);
      return std::make_unique<FieldSelectExpr>(Clone(*e.arg), e.index, e.type);
    }
    case ExprKind::kAnyAll: {
      const auto& e = static_cast<const AnyAllExpr&>(expr);
      return std::make_unique<AnyAllExpr>(*e.comparison, e.is_all, Clone(*e.left), Clone(*e.array));
    }
    case ExprKind::kAggregate: {
      const auto& e = static_cast<const AggregateExpr&>(expr);
      auto copy = std::make_unique<AggregateExpr>(*e.function, e.type, CloneAll(e.args));
      copy->distinct = e.distinct;
      copy->filter = CloneIf(e.filter);
      for (const SortKey& k : e.order_by) {
        copy->order_by.push_back({Clone(*k.expr), k.descending, k.nulls_first});
      }
      copy->within_group = e.within_group;
      return copy;
    }
    case ExprKind::kWindow: {
      const auto& e = static_cast<const WindowExpr&>(expr);
      auto copy = std::make_unique<WindowExpr>(*e.function, e.type, CloneAll(e.args));
      copy->filter = CloneIf(e.filter);
      return copy;
    }
    case ExprKind::kGrouping:
      return std::make_unique<GroupingExpr>(CloneAll(static_cast<const GroupingExpr&>(expr).args));
    case ExprKind::kSubquery:
      return static_cast<const SubqueryExprBase&>(expr).CloneSubquery();
    case ExprKind::kSubplan: {
      const auto& e = static_cast<const SubplanExpr&>(expr);
      auto copy = std::make_unique<SubplanExpr>(e.subquery_kind, e.type, e.subplan);
      copy->args = CloneAll(e.args);
      copy->params = e.params;
      copy->left = CloneAll(e.left);
      copy->comparisons = e.comparisons;
      return copy;
    }
    case ExprKind::kDefault:
      return std::make_unique<DefaultExpr>(expr.type);
  }
  return nullptr;
}

std::vector<const Expr*> Children(const Expr& expr) {
  std::vector<const Expr*> children;
  ForEachChild(expr, [&](const Expr& child) { children.push_back(&child); });
  return children;
}

/// What distinguishes two nodes of one kind and type beside their children.
bool SameNode(const Expr& a, const Expr& b, SubqueryPairs& pairs) {
  switch (a.kind) {
    case ExprKind::kConstant:
      return static_cast<const ConstantExpr&>(a).value == static_cast<const ConstantExpr&>(b).value;
    case ExprKind::kColumn: {
      const VarId var = static_cast<const ColumnExpr&>(b).index;
      const auto paired = pairs.vars.find(var);
      return static_cast<const ColumnExpr&>(a).index ==
             (paired == pairs.vars.end() ? var : paired->second);
    }
    case ExprKind::kParam:
      return static_cast<const ParamExpr&>(a).index == static_cast<const ParamExpr&>(b).index;
    case ExprKind::kCall:
      return static_cast<const CallExpr&>(a).function == static_cast<const CallExpr&>(b).function;
    case ExprKind::kIsNull: {
      const auto& x = static_cast<const IsNullExpr&>(a);
      const auto& y = static_cast<const IsNullExpr&>(b);
      return x.negated == y.negated && x.of_row == y.of_row;
    }
    case ExprKind::kBooleanTest:
      return static_cast<const BooleanTestExpr&>(a).test ==
             static_cast<const BooleanTestExpr&>(b).test;
    case ExprKind::kIsDistinct: {
      const auto& x = static_cast<const IsDistinctExpr&>(a);
      const auto& y = static_cast<const IsDistinctExpr&>(b);
      return x.negated == y.negated && x.equals == y.equals;
    }
    case ExprKind::kCase: {
      const auto& x = static_cast<const CaseExpr&>(a);
      const auto& y = static_cast<const CaseExpr&>(b);
      return x.branches.size() == y.branches.size() && !x.otherwise == !y.otherwise;
    }
    case ExprKind::kMinMax:
      return static_cast<const MinMaxExpr&>(a).is_greatest ==
             static_cast<const MinMaxExpr&>(b).is_greatest;
    case ExprKind::kRow:
      return static_cast<const RowExpr&>(a).names == static_cast<const RowExpr&>(b).names;
    case ExprKind::kFieldSelect:
      return static_cast<const FieldSelectExpr&>(a).index ==
             static_cast<const FieldSelectExpr&>(b).index;
    case ExprKind::kAnyAll: {
      const auto& x = static_cast<const AnyAllExpr&>(a);
      const auto& y = static_cast<const AnyAllExpr&>(b);
      return x.is_all == y.is_all && x.comparison == y.comparison;
    }
    case ExprKind::kAggregate: {
      const auto& x = static_cast<const AggregateExpr&>(a);
      const auto& y = static_cast<const AggregateExpr&>(b);
      if (x.function != y.function || x.distinct != y.distinct || !x.filter != !y.filter ||
          x.args.size() != y.args.size() || x.order_by.size() != y.order_by.size() ||
          x.within_group != y.within_group) {
        return false;
      }
      for (size_t i = 0; i < x.order_by.size(); ++i) {
        if (x.order_by[i].descending != y.order_by[i].descending ||
            x.order_by[i].nulls_first != y.order_by[i].nulls_first) {
          return false;
        }
      }
      return true;
    }
    case ExprKind::kWindow: {
      const auto& x = static_cast<const WindowExpr&>(a);
      const auto& y = static_cast<const WindowExpr&>(b);
      return x.function == y.function && !x.filter == !y.filter;
    }
    case ExprKind::kSubplan: {
      const auto& x = static_cast<const SubplanExpr&>(a);
      const auto& y = static_cast<const SubplanExpr&>(b);
      return x.subquery_kind == y.subquery_kind && x.subplan == y.subplan &&
             x.comparisons == y.comparisons && x.args.size() == y.args.size();
    }
    case ExprKind::kSubquery:
      return static_cast<const SubqueryExprBase&>(a).SameSubquery(
          static_cast<const SubqueryExprBase&>(b), pairs);
    default:
      return true;
  }
}

}  // namespace

void ForEachChild(Expr& expr, const Visit& visit) {
  switch (expr.kind) {
    case ExprKind::kConstant:
    case ExprKind::kColumn:
    case ExprKind::kParam:
    case ExprKind::kDefault:
      return;
    case ExprKind::kCall:
      return VisitAll(static_cast<CallExpr&>(expr).args, visit);
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      return VisitAll(static_cast<BoolExpr&>(expr).args, visit);
    case ExprKind::kIsNull:
      return VisitIf(static_cast<IsNullExpr&>(expr).arg, visit);
    case ExprKind::kBooleanTest:
      return VisitIf(static_cast<BooleanTestExpr&>(expr).arg, visit);
    case ExprKind::kIsDistinct: {
      auto& e = static_cast<IsDistinctExpr&>(expr);
      VisitIf(e.left, visit);
      return VisitIf(e.right, visit);
    }
    case ExprKind::kCase: {
      auto& e = static_cast<CaseExpr&>(expr);
      for (auto& b : e.branches) {
        VisitIf(b.condition, visit);
        VisitIf(b.result, visit);
      }
      return VisitIf(e.otherwise, visit);
    }
    case ExprKind::kCoalesce:
      return VisitAll(static_cast<CoalesceExpr&>(expr).args, visit);
    case ExprKind::kMinMax:
      return VisitAll(static_cast<MinMaxExpr&>(expr).args, visit);
    case ExprKind::kArray:
      return VisitAll(static_cast<ArrayExpr&>(expr).args, visit);
    case ExprKind::kRow:
      return VisitAll(static_cast<RowExpr&>(expr).args, visit);
    case ExprKind::kFieldSelect:
      return VisitIf(static_cast<FieldSelectExpr&>(expr).arg, visit);
    case ExprKind::kAnyAll: {
      auto& e = static_cast<AnyAllExpr&>(expr);
      VisitIf(e.left, visit);
      return VisitIf(e.array, visit);
    }
    case ExprKind::kAggregate: {
      auto& e = static_cast<AggregateExpr&>(expr);
      VisitAll(e.args, visit);
      VisitIf(e.filter, visit);
      for (SortKey& k : e.order_by) VisitIf(k.expr, visit);
      return;
    }
    case ExprKind::kWindow: {
      auto& e = static_cast<WindowExpr&>(expr);
      VisitAll(e.args, visit);
      return VisitIf(e.filter, visit);
    }
    case ExprKind::kGrouping:
      return VisitAll(static_cast<GroupingExpr&>(expr).args, visit);
    case ExprKind::kSubquery:
      return static_cast<SubqueryExprBase&>(expr).ForEachOperand(visit);
    case ExprKind::kSubplan: {
      auto& e = static_cast<SubplanExpr&>(expr);
      VisitAll(e.args, visit);
      return VisitAll(e.left, visit);
    }
  }
}

void ForEachChild(const Expr& expr, const std::function<void(const Expr&)>& visit) {
  // The visitor below gets no chance to write.
  ForEachChild(const_cast<Expr&>(expr),
               Visit([&](ExprPtr& child) { visit(static_cast<const Expr&>(*child)); }));
}

ExprPtr Clone(const Expr& expr) {
  ExprPtr copy = CloneNode(expr);
  copy->type = expr.type;
  copy->location = expr.location;
  return copy;
}

bool Equal(const Expr& a, const Expr& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.type != b.type) return false;
  SubqueryPairs pairs;
  return Equal(a, b, pairs);
}

bool Equal(const Expr& a, const Expr& b, SubqueryPairs& pairs) {
  if (a.kind != b.kind || a.type != b.type || !SameNode(a, b, pairs)) return false;
  if (a.kind == ExprKind::kConstant || a.kind == ExprKind::kColumn || a.kind == ExprKind::kParam) {
    return true;
  }
  const auto left = Children(a);
  const auto right = Children(b);
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!Equal(*left[i], *right[i], pairs)) return false;
  }
  return true;
}

size_t HashExpr(const Expr& expr) {
  uint64_t hash = CombineHash(static_cast<uint64_t>(expr.kind), static_cast<Oid>(expr.type.id));
  switch (expr.kind) {
    case ExprKind::kConstant: {
      const Value& v = static_cast<const ConstantExpr&>(expr).value;
      uint64_t word;
      std::memcpy(&word, v.fixed_data(), sizeof word);
      hash = CombineHash(hash, v.is_null() ? 1 : word);
      return CombineHash(hash, std::hash<std::string>()(v.bytes()));
    }
    case ExprKind::kColumn:
      return CombineHash(hash, static_cast<const ColumnExpr&>(expr).index);
    case ExprKind::kParam:
      return CombineHash(hash, static_cast<const ParamExpr&>(expr).index);
    case ExprKind::kCall:
      hash = CombineHash(hash,
                         reinterpret_cast<uintptr_t>(static_cast<const CallExpr&>(expr).function));
      break;
    case ExprKind::kAggregate:
      hash = CombineHash(
          hash, reinterpret_cast<uintptr_t>(static_cast<const AggregateExpr&>(expr).function));
      break;
    default:
      break;
  }
  ForEachChild(expr, [&](const Expr& child) { hash = CombineHash(hash, HashExpr(child)); });
  return hash;
}

bool IsVolatile(const Expr& expr) {
  if (expr.kind == ExprKind::kCall &&
      static_cast<const CallExpr&>(expr).function->volatility == Volatility::kVolatile) {
    return true;
  }
  bool found = false;
  ForEachChild(expr, [&](const Expr& child) { found = found || IsVolatile(child); });
  return found;
}

bool IsConstant(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kColumn:
    case ExprKind::kParam:
    case ExprKind::kSubquery:
    case ExprKind::kSubplan:
    case ExprKind::kAggregate:
    case ExprKind::kWindow:
    case ExprKind::kGrouping:
    case ExprKind::kDefault:
      return false;
    case ExprKind::kCall:
      if (static_cast<const CallExpr&>(expr).function->volatility == Volatility::kVolatile) {
        return false;
      }
      break;
    default:
      break;
  }
  bool constant = true;
  ForEachChild(expr, [&](const Expr& child) { constant = constant && IsConstant(child); });
  return constant;
}

}  // namespace oxibase
