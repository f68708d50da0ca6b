#include "sql/optimize/access_path.h"

#include <algorithm>
#include <limits>

#include "expr/cast.h"
#include "expr/function.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/implication.h"
#include "sql/optimize/text_prefix.h"

namespace oxibase {
namespace {

using Op = Comparison::Op;

bool IsTextLike(TypeId id) { return id == TypeId::kText || id == TypeId::kVarchar; }

/// Text and varchar have one physical form and one order.
bool SameKeyType(TypeId column, TypeId bound) {
  return column == bound || (IsTextLike(column) && IsTextLike(bound));
}

/// Looks through casts that change the name of a type only.
const Expr& Unwrap(const Expr& expr) {
  if (expr.kind != ExprKind::kCall) return expr;
  const auto& call = static_cast<const CallExpr&>(expr);
  if (call.syntax == CallExpr::Syntax::kFunction || call.syntax == CallExpr::Syntax::kOperator ||
      call.args.size() != 1) {
    return expr;
  }
  const Expr& arg = *call.args[0];
  return IsTextLike(call.type.id) && call.type.typmod < 0 && IsTextLike(arg.type.id) ? Unwrap(arg)
                                                                                     : expr;
}

std::optional<int64_t> AsInteger(const Expr& expr) {
  if (expr.kind != ExprKind::kConstant) return {};
  const Value& value = static_cast<const ConstantExpr&>(expr).value;
  if (value.is_null()) return {};
  switch (value.type().id) {
    case TypeId::kInt2:
      return value.As<int16_t>();
    case TypeId::kInt4:
      return value.As<int32_t>();
    case TypeId::kInt8:
      return value.As<int64_t>();
    default:
      return {};
  }
}

/// An integer constant as the column's type, when it fits.
ExprPtr IntegerAs(int64_t value, TypeId type) {
  if (type == TypeId::kInt8) return std::make_unique<ConstantExpr>(Value::Int8(value));
  if (type == TypeId::kInt4 && value >= INT32_MIN && value <= INT32_MAX) {
    return std::make_unique<ConstantExpr>(Value::Int4(static_cast<int32_t>(value)));
  }
  if (type == TypeId::kInt2 && value >= INT16_MIN && value <= INT16_MAX) {
    return std::make_unique<ConstantExpr>(Value::Int2(static_cast<int16_t>(value)));
  }
  return nullptr;
}

/// A bound of another integer type as the column's: what is narrower is widened; what is wider and
/// does not fit equals nothing, hence NULL. Null where that would not do.
ExprPtr IntegerBoundAs(const Expr& bound, TypeId type, Op op) {
  const auto width = [](TypeId id) { return PhysicalWidth(PhysicalTypeOf(id)); };
  if (!IsInteger(type) || !IsInteger(bound.type.id)) return nullptr;
  if (width(bound.type.id) < width(type)) {
    return MakeCastExpr(Clone(bound), Type(type), CastContext::kImplicit);
  }
  if (op != Op::kEqual) return nullptr;
  const bool small = type == TypeId::kInt2;
  const std::pair<std::string_view, Value> limits[] = {
      {">=", small ? Value::Int2(INT16_MIN) : Value::Int4(INT32_MIN)},
      {"<=", small ? Value::Int2(INT16_MAX) : Value::Int4(INT32_MAX)}};
  std::vector<ExprPtr> fits;
  for (const auto& [name, limit] : limits) {
    const TypeId types[] = {bound.type.id, type};
    const Function* function = FunctionTable::Get().FindExact(name, true, types);
    if (!function) return nullptr;
    std::vector<ExprPtr> args;
    args.push_back(Clone(bound));
    args.push_back(std::make_unique<ConstantExpr>(limit));
    fits.push_back(std::make_unique<CallExpr>(*function, TypeId::kBool, std::move(args),
                                              CallExpr::Syntax::kOperator));
  }
  ExprPtr cast = MakeCastExpr(Clone(bound), Type(type), CastContext::kExplicit);
  if (!cast) return nullptr;
  auto result = std::make_unique<CaseExpr>(Type(type));
  result->branches.push_back(
      {std::make_unique<BoolExpr>(ExprKind::kAnd, std::move(fits)), std::move(cast)});
  return result;
}

/// A condition on one index column.
struct ColumnCondition {
  size_t conjunct;
  Op op = Op::kNone;  // kNone: any_of
  ExprPtr bound;
  double selectivity;
  /// `bound` is the lower end of what begins with a prefix and this, if there is one, the upper.
  bool is_prefix = false;
  ExprPtr end = nullptr;
  bool covers = true;  // nothing is left for a filter to test
};

class PathFinder {
 public:
  PathFinder(const LogicalScan& scan, const std::vector<ExprPtr>& conjuncts,
             std::span<const ExprPtr> facts, const Estimator& estimator, const IsBound& is_bound,
             const std::function<ExprPtr(const IndexDef&, size_t)>& hidden, const Assume& assume)
      : scan_(scan),
        conjuncts_(conjuncts),
        facts_(facts),
        estimator_(estimator),
        is_bound_(is_bound),
        hidden_(hidden),
        assume_(assume) {}

  std::optional<IndexPath> Find(const IndexDef& index, bool with_whole) const {
    IndexPath path;
    path.index = &index;
    if (index.predicate && !UsePredicate(index, &path)) return {};
    for (size_t i = 0; i < index.columns.size(); ++i) {
      std::vector<ColumnCondition> conditions = ConditionsOn(index, i);
      const auto equal = std::find_if(conditions.begin(), conditions.end(),
                                      [](const auto& c) { return c.op == Op::kEqual; });
      if (equal != conditions.end()) {
        path.equal.push_back(std::move(equal->bound));
        if (equal->covers) path.covered.push_back(equal->conjunct);
        path.selectivity *= equal->selectivity;
        ++path.equal_columns;
        continue;
      }
      const auto any = std::find_if(conditions.begin(), conditions.end(),
                                    [](const auto& c) { return c.op == Op::kNone; });
      if (any != conditions.end() && index.method != IndexMethod::kHash) {
        path.any_of = std::move(any->bound);
        path.covered.push_back(any->conjunct);
        path.selectivity *= any->selectivity;
        path.probes = 5;
        break;
      }
      if (index.method == IndexMethod::kBitmap && conditions.empty() &&
          AddIsNull(index, i, &path)) {
        break;
      }
      if (index.method != IndexMethod::kHash) {
        AddRange(std::move(conditions), &path);
        AddNotNull(index, i, &path);
      }
      break;
    }
    if (index.method == IndexMethod::kHash && path.equal_columns < index.columns.size()) return {};
    path.unique = path.equal_columns == index.columns.size() && scan_.table->IsAlwaysUnique(index);
    if (!path.narrows() && !(with_whole && index.method == IndexMethod::kOrdered)) {
      return {};
    }
    return path;
  }

 private:
  /// An index of part of the rows has all that are asked for if the query implies its predicate.
  bool UsePredicate(const IndexDef& index, IndexPath* path) const {
    const ExprPtr predicate = hidden_ ? hidden_(index, index.columns.size()) : nullptr;
    if (!predicate || index.method == IndexMethod::kHash) return false;
    std::vector<const Expr*> facts;
    for (const auto& conjunct : conjuncts_) facts.push_back(conjunct.get());
    for (const auto& fact : facts_) facts.push_back(fact.get());
    if (!Implies(facts, *predicate) && !assume_(facts, *predicate)) return false;
    path->partial = true;
    path->selectivity = estimator_.Selectivity(*predicate);
    std::vector<ExprPtr> parts;
    SplitConjuncts(Clone(*predicate), &parts);
    for (size_t c = 0; c < conjuncts_.size(); ++c) {
      if (std::any_of(parts.begin(), parts.end(),
                      [&](const ExprPtr& part) { return Equal(*part, *conjuncts_[c]); })) {
        path->covered.push_back(c);
      }
    }
    return true;
  }

  void AddRange(std::vector<ColumnCondition> conditions, IndexPath* path) const {
    bool has_lower = false, has_upper = false;
    double part = 1;
    const auto prefix = std::find_if(conditions.begin(), conditions.end(),
                                     [](const auto& c) { return c.is_prefix; });
    if (prefix != conditions.end()) {
      if (prefix->covers) path->covered.push_back(prefix->conjunct);
      path->lower = std::move(prefix->bound);
      path->upper = std::move(prefix->end);
      path->upper_inclusive = false;
      path->selectivity *= prefix->selectivity;
      return;
    }
    for (auto& condition : conditions) {
      const bool is_lower = condition.op == Op::kGreater || condition.op == Op::kGreaterEqual;
      bool& taken = is_lower ? has_lower : has_upper;
      if (taken) continue;
      taken = true;
      path->covered.push_back(condition.conjunct);
      if (is_lower) {
        path->lower = std::move(condition.bound);
        path->lower_inclusive = condition.op == Op::kGreaterEqual;
      } else {
        path->upper = std::move(condition.bound);
        path->upper_inclusive = condition.op == Op::kLessEqual;
      }
      part = has_lower && has_upper ? std::max(0.005, part + condition.selectivity - 1)
                                    : condition.selectivity;
    }
    // Both ends unknown: as PostgreSQL's default for a range.
    if (has_lower && has_upper && part > 0.3) part = 0.05;
    path->selectivity *= part;
  }

  /// Whether there is IS NULL of the column after `equal`.
  bool AddIsNull(const IndexDef& index, size_t i, IndexPath* path) const {
    for (size_t c = 0; c < conjuncts_.size(); ++c) {
      if (conjuncts_[c]->kind != ExprKind::kIsNull) continue;
      const auto& test = static_cast<const IsNullExpr&>(*conjuncts_[c]);
      if (test.negated || test.of_row || !IsIndexColumn(*test.arg, index, i)) continue;
      path->selectivity *= estimator_.Selectivity(test);
      path->is_null = true;
      path->covered.push_back(c);
      return true;
    }
    return false;
  }

  /// IS NOT NULL of the column that the range is on, which leaves out one end of the index.
  void AddNotNull(const IndexDef& index, size_t i, IndexPath* path) const {
    path->not_null = path->lower || path->upper;
    for (size_t c = 0; c < conjuncts_.size(); ++c) {
      if (conjuncts_[c]->kind != ExprKind::kIsNull) continue;
      const auto& test = static_cast<const IsNullExpr&>(*conjuncts_[c]);
      if (!test.negated || test.of_row || !IsIndexColumn(*test.arg, index, i)) continue;
      if (!path->not_null) path->selectivity *= estimator_.Selectivity(test);
      path->not_null = true;
      path->covered.push_back(c);
    }
  }

  bool IsIndexColumn(const Expr& expr, const IndexDef& index, size_t i) const {
    if (!index.columns[i].expression_sql.empty()) {
      const ExprPtr stored = hidden_ ? hidden_(index, i) : nullptr;
      return stored && Equal(*stored, expr);
    }
    const Expr& column = Unwrap(expr);
    if (column.kind != ExprKind::kColumn) return false;
    const VarId var = static_cast<const ColumnExpr&>(column).index;
    for (size_t k = 0; k < scan_.columns.size(); ++k) {
      if (scan_.output[k].var == var) return scan_.columns[k] == index.columns[i].column;
    }
    return false;
  }

  std::vector<ColumnCondition> ConditionsOn(const IndexDef& index, size_t i) const {
    std::vector<ColumnCondition> found;
    const ColumnDef* column = scan_.table->FindColumn(index.columns[i].column);
    if (!column) return found;
    const TypeId type = column->type.id;
    for (size_t c = 0; c < conjuncts_.size(); ++c) {
      const Expr& conjunct = *conjuncts_[c];
      if (conjunct.kind == ExprKind::kAnyAll) {
        const auto& any = static_cast<const AnyAllExpr&>(conjunct);
        if (!any.is_all && any.comparison->name == "=" && IsIndexColumn(*any.left, index, i) &&
            SameKeyType(type, ElementTypeOf(any.array->type.id)) && is_bound_(*any.array)) {
          found.push_back({c, Op::kNone, Clone(*any.array), estimator_.Selectivity(conjunct)});
        }
        continue;
      }
      // A boolean column by itself is a condition: "active" and "NOT active".
      if (type == TypeId::kBool) {
        const bool negated = conjunct.kind == ExprKind::kNot;
        const Expr& inner = negated ? *static_cast<const BoolExpr&>(conjunct).args[0] : conjunct;
        if (IsIndexColumn(inner, index, i)) {
          found.push_back(
              {c, Op::kEqual, std::make_unique<ConstantExpr>(Value::Bool(!negated)), 0.5});
          continue;
        }
      }
      if (IsTextLike(type) && AddPrefix(conjunct, c, index, i, &found)) continue;
      const Comparison comparison = AsComparison(conjunct);
      if (comparison.op == Op::kNone) continue;
      for (const bool flipped : {false, true}) {
        const Expr& side = *comparison.call->args[flipped ? 1 : 0];
        const Expr& bound = *comparison.call->args[flipped ? 0 : 1];
        if (!IsIndexColumn(side, index, i) || !is_bound_(bound)) continue;
        ExprPtr key;
        if (SameKeyType(type, bound.type.id)) {
          key = Clone(bound);
        } else if (const auto integer = AsInteger(bound)) {
          key = IntegerAs(*integer, type);
        }
        const Op op = flipped ? Flip(comparison.op) : comparison.op;
        if (!key) key = IntegerBoundAs(bound, type, op);
        if (!key) continue;
        found.push_back({c, op, std::move(key), estimator_.Selectivity(conjunct)});
        break;
      }
    }
    return found;
  }

  /// False if the conjunct is no pattern of a text of one beginning, or not of this column.
  bool AddPrefix(const Expr& conjunct, size_t c, const IndexDef& index, size_t i,
                 std::vector<ColumnCondition>* found) const {
    const PrefixMatch match = AsPrefixMatch(conjunct);
    if (!match.subject || !IsIndexColumn(*match.subject, index, i)) return false;
    const auto constant = [](std::string text) {
      return std::make_unique<ConstantExpr>(Value::Text(std::move(text)));
    };
    ColumnCondition condition{c, Op::kGreaterEqual, constant(match.prefix.text),
                              estimator_.Selectivity(conjunct)};
    condition.covers = match.prefix.is_exact;
    if (match.prefix.is_whole) {
      condition.op = Op::kEqual;
    } else {
      condition.is_prefix = true;
      if (auto end = EndOfPrefix(match.prefix.text)) condition.end = constant(std::move(*end));
    }
    found->push_back(std::move(condition));
    return true;
  }

  const LogicalScan& scan_;
  const std::vector<ExprPtr>& conjuncts_;
  const std::span<const ExprPtr> facts_;
  const Estimator& estimator_;
  const IsBound& is_bound_;
  const std::function<ExprPtr(const IndexDef&, size_t)>& hidden_;
  const Assume& assume_;
};

}  // namespace

std::vector<IndexPath> FindIndexPaths(
    const LogicalScan& scan, const std::vector<ExprPtr>& conjuncts, std::span<const ExprPtr> facts,
    const Estimator& estimator, const IsBound& is_bound, bool with_whole,
    const std::function<ExprPtr(const IndexDef&, size_t)>& hidden_exprs, const Assume& assume,
    bool bitmaps) {
  std::vector<IndexPath> paths;
  // (Versions that only the past has are in no index.)
  if (scan.table->virtual_table || scan.as_of) return paths;
  const PathFinder finder(scan, conjuncts, facts, estimator, is_bound, hidden_exprs, assume);
  for (const IndexDef& index : scan.table->indexes) {
    if ((index.method == IndexMethod::kBitmap) != bitmaps) continue;
    if (auto path = finder.Find(index, with_whole)) paths.push_back(std::move(*path));
  }
  return paths;
}

LogicalScan* ScanUnder(LogicalNode& inner) {
  LogicalNode* scan = inner.kind == LogicalKind::kFilter ? inner.children[0].get() : &inner;
  return scan->kind == LogicalKind::kScan ? static_cast<LogicalScan*>(scan) : nullptr;
}

IsBound BoundOutside(const LogicalScan& scan) {
  VarSet own;
  CollectOutput(scan, &own);
  return [own = std::move(own)](const Expr& expr) {
    VarSet vars;
    CollectVars(expr, &vars);
    return !Intersects(vars, own) && !IsVolatile(expr) && !ContainsSubquery(expr);
  };
}

std::vector<ExprPtr> FactsOf(const LogicalNode& inner) {
  std::vector<ExprPtr> facts;
  if (inner.kind == LogicalKind::kFilter) {
    SplitConjuncts(Clone(*static_cast<const LogicalFilter&>(inner).predicate), &facts);
  }
  return facts;
}

}  // namespace oxibase
