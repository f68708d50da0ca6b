#pragma once
// Bound expressions: every name resolved, every type known, every implicit cast written out.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/types.h"
#include "common/value.h"

namespace oxibase {

struct Function;

/// A column that some plan node produces, unique within a statement. A reference to a variable that
/// no node below produces is a correlated one: no levels are counted.
using VarId = uint32_t;

enum class ExprKind : uint8_t {
  kConstant,
  kColumn,
  kParam,
  kCall,
  kAnd,
  kOr,
  kNot,
  kIsNull,
  kBooleanTest,
  kIsDistinct,
  kCase,
  kCoalesce,
  kMinMax,
  kArray,
  kRow,
  kFieldSelect,
  kAnyAll,
  kAggregate,  // only below LogicalAggregate
  kWindow,     // only below LogicalWindow
  kGrouping,   // GROUPING(...): only until LogicalAggregate is made
  kSubquery,   // in logical plans: sql/plan/logical.h
  kSubplan,    // in physical plans
  kDefault,    // DEFAULT in VALUES or SET: replaced before planning ends
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Expr {
  Expr(ExprKind expr_kind, Type expr_type) : kind(expr_kind), type(expr_type) {}
  virtual ~Expr() = default;
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;

  const ExprKind kind;
  Type type;
  int32_t location = -1;  // byte offset in the statement's text
};

struct ConstantExpr : Expr {
  explicit ConstantExpr(Value v) : Expr(ExprKind::kConstant, v.type()), value(std::move(v)) {}
  Value value;
};

/// A variable in a logical plan, a position in the input batch in a physical one.
struct ColumnExpr : Expr {
  ColumnExpr(VarId var, Type t, std::string column_name = {})
      : Expr(ExprKind::kColumn, t), index(var), name(std::move(column_name)) {}
  VarId index;
  std::string name;  // for EXPLAIN
};

/// $n, counted from 0.
struct ParamExpr : Expr {
  ParamExpr(uint32_t n, Type t) : Expr(ExprKind::kParam, t), index(n) {}
  uint32_t index;
};

/// A function, an operator (which is a function with an operator's name) or a cast.
struct CallExpr : Expr {
  enum class Syntax : uint8_t { kFunction, kOperator, kImplicitCast, kExplicitCast };
  CallExpr(const Function& f, Type result, std::vector<ExprPtr> arguments,
           Syntax s = Syntax::kFunction)
      : Expr(ExprKind::kCall, result), function(&f), args(std::move(arguments)), syntax(s) {}
  const Function* function;  // owned by the function table, which lives as long as the process
  std::vector<ExprPtr> args;
  Syntax syntax;
};

/// AND and OR over two or more operands; NOT over one.
struct BoolExpr : Expr {
  BoolExpr(ExprKind k, std::vector<ExprPtr> operands)
      : Expr(k, TypeId::kBool), args(std::move(operands)) {}
  std::vector<ExprPtr> args;
};

/// IS [NOT] NULL. For a row-typed argument, `of_row`: all fields are (not) null.
struct IsNullExpr : Expr {
  IsNullExpr(ExprPtr a, bool is_negated)
      : Expr(ExprKind::kIsNull, TypeId::kBool), arg(std::move(a)), negated(is_negated) {}
  ExprPtr arg;
  bool negated;
  bool of_row = false;
};

struct BooleanTestExpr : Expr {
  enum class Test : uint8_t { kTrue, kNotTrue, kFalse, kNotFalse, kUnknown, kNotUnknown };
  BooleanTestExpr(ExprPtr a, Test t)
      : Expr(ExprKind::kBooleanTest, TypeId::kBool), arg(std::move(a)), test(t) {}
  ExprPtr arg;
  Test test;
};

/// a IS [NOT] DISTINCT FROM b; `equals` is the "=" of their type. NULLIF is a CaseExpr.
struct IsDistinctExpr : Expr {
  IsDistinctExpr(const Function& eq, ExprPtr l, ExprPtr r, bool is_negated)
      : Expr(ExprKind::kIsDistinct, TypeId::kBool),
        equals(&eq),
        left(std::move(l)),
        right(std::move(r)),
        negated(is_negated) {}
  const Function* equals;
  ExprPtr left, right;
  bool negated;
};

/// CASE WHEN condition THEN result ... ELSE otherwise END. The form with an operand is bound as
/// operand = value conditions. Only the chosen branch is evaluated.
struct CaseExpr : Expr {
  struct Branch {
    ExprPtr condition, result;
  };
  explicit CaseExpr(Type t) : Expr(ExprKind::kCase, t) {}
  std::vector<Branch> branches;
  ExprPtr otherwise;  // null: NULL
};

struct CoalesceExpr : Expr {
  CoalesceExpr(Type t, std::vector<ExprPtr> arguments)
      : Expr(ExprKind::kCoalesce, t), args(std::move(arguments)) {}
  std::vector<ExprPtr> args;
};

/// GREATEST and LEAST: NULLs are left out. `less` is the "<" of the type.
struct MinMaxExpr : Expr {
  MinMaxExpr(Type t, const Function& lt, bool max, std::vector<ExprPtr> arguments)
      : Expr(ExprKind::kMinMax, t), less(&lt), is_greatest(max), args(std::move(arguments)) {}
  const Function* less;
  bool is_greatest;
  std::vector<ExprPtr> args;
};

/// ARRAY[...]; `type` is the array's. Elements that are arrays make a dimension more.
struct ArrayExpr : Expr {
  ArrayExpr(Type t, std::vector<ExprPtr> arguments)
      : Expr(ExprKind::kArray, t), args(std::move(arguments)) {}
  std::vector<ExprPtr> args;
};

/// ROW(...) and whole-row references: a value of type record that carries its field types.
struct RowExpr : Expr {
  explicit RowExpr(std::vector<ExprPtr> arguments)
      : Expr(ExprKind::kRow, TypeId::kRecord), args(std::move(arguments)) {}
  std::vector<ExprPtr> args;
  std::vector<std::string> names;
};

/// (record).field by position from 0.
struct FieldSelectExpr : Expr {
  FieldSelectExpr(ExprPtr a, uint32_t field, Type t)
      : Expr(ExprKind::kFieldSelect, t), arg(std::move(a)), index(field) {}
  ExprPtr arg;
  uint32_t index;
};

/// left op ANY (array) and left op ALL (array); IN lists of constants are bound as = ANY.
struct AnyAllExpr : Expr {
  AnyAllExpr(const Function& op, bool all, ExprPtr l, ExprPtr r)
      : Expr(ExprKind::kAnyAll, TypeId::kBool),
        comparison(&op),
        is_all(all),
        left(std::move(l)),
        array(std::move(r)) {}
  const Function* comparison;  // (element of left's type, element of the array's type) -> boolean
  bool is_all;
  ExprPtr left, array;
};

struct SortKey {
  ExprPtr expr;
  bool descending = false;
  bool nulls_first = false;  // already resolved: PostgreSQL's default is descending
};

/// count(*), sum(DISTINCT x ORDER BY y) FILTER (WHERE z), ...
struct AggregateExpr : Expr {
  AggregateExpr(const Function& f, Type t, std::vector<ExprPtr> arguments)
      : Expr(ExprKind::kAggregate, t), function(&f), args(std::move(arguments)) {}
  const Function* function;
  std::vector<ExprPtr> args;  // empty for count(*); for ordered-set aggregates the direct ones
  bool distinct = false;
  ExprPtr filter;                 // may be null
  std::vector<SortKey> order_by;  // WITHIN GROUP too
  bool within_group = false;
};

struct WindowFrame {
  enum class Mode : uint8_t { kRange, kRows, kGroups };
  enum class Bound : uint8_t {
    kUnboundedPreceding,
    kPreceding,
    kCurrentRow,
    kFollowing,
    kUnboundedFollowing
  };
  enum class Exclusion : uint8_t { kNone, kCurrentRow, kGroup, kTies };
  Mode mode = Mode::kRange;
  Bound start = Bound::kUnboundedPreceding;
  Bound end = Bound::kCurrentRow;
  ExprPtr start_offset, end_offset;  // of kPreceding and kFollowing
  Exclusion exclusion = Exclusion::kNone;
};

/// The function of one OVER clause; its partition, order and frame stand in LogicalWindow.
struct WindowExpr : Expr {
  WindowExpr(const Function& f, Type t, std::vector<ExprPtr> arguments)
      : Expr(ExprKind::kWindow, t), function(&f), args(std::move(arguments)) {}
  const Function* function;  // a window function or an aggregate
  std::vector<ExprPtr> args;
  ExprPtr filter;
};

struct GroupingExpr : Expr {
  explicit GroupingExpr(std::vector<ExprPtr> arguments)
      : Expr(ExprKind::kGrouping, TypeId::kInt4), args(std::move(arguments)) {}
  std::vector<ExprPtr> args;
};

struct DefaultExpr : Expr {
  explicit DefaultExpr(Type t) : Expr(ExprKind::kDefault, t) {}
};

/// What a subquery in an expression asks of its rows.
enum class SubqueryKind : uint8_t { kScalar, kExists, kAny, kAll, kArray, kRowFromQuery };

/// A subquery that the optimizer left in the expression: run through EvalContext::subplans, once
/// for each distinct value of `args` (once in all if there are none).
struct SubplanExpr : Expr {
  SubplanExpr(SubqueryKind k, Type t, uint32_t id)
      : Expr(ExprKind::kSubplan, t), subquery_kind(k), subplan(id) {}
  SubqueryKind subquery_kind;
  uint32_t subplan;  // position in PhysicalPlan::subplans
  /// Outer values the subplan needs, over the row at hand: args[i] is put into internal parameter
  /// params[i] before it runs.
  std::vector<ExprPtr> args;
  std::vector<uint32_t> params;
  /// kAny, kAll: left operands, and for each the comparison with the subplan's column.
  std::vector<ExprPtr> left;
  std::vector<const Function*> comparisons;
};

/// Calls `visit` for each direct child, which it may replace.
void ForEachChild(Expr& expr, const std::function<void(ExprPtr&)>& visit);
void ForEachChild(const Expr& expr, const std::function<void(const Expr&)>& visit);
/// A deep copy. Subqueries are copied through `SubqueryExprBase::Clone`.
ExprPtr Clone(const Expr& expr);
/// Same structure, functions, variables and constants; locations are left out. Subqueries are the
/// same when they ask the same, though each produces variables of its own.
bool Equal(const Expr& a, const Expr& b);
/// What subqueries under comparison call their own: numbers of the second, to those of the first.
struct SubqueryPairs {
  std::unordered_map<VarId, VarId> vars;
  std::unordered_map<uint32_t, uint32_t> scans, ctes;
};
bool Equal(const Expr& a, const Expr& b, SubqueryPairs& pairs);
size_t HashExpr(const Expr& expr);
/// Whether it, or anything in it, is volatile (may give another value when evaluated again).
bool IsVolatile(const Expr& expr);
/// Holds no column, parameter, subquery, aggregate or volatile function.
bool IsConstant(const Expr& expr);
/// For EXPLAIN: SQL text with names where known.
std::string Format(const Expr& expr);

/// What an ExprKind::kSubquery must offer to the functions above; sql/plan/logical.h derives it.
struct SubqueryExprBase : Expr {
  explicit SubqueryExprBase(Type t) : Expr(ExprKind::kSubquery, t) {}
  virtual ExprPtr CloneSubquery() const = 0;
  virtual void ForEachOperand(const std::function<void(ExprPtr&)>& visit) = 0;
  /// Whether it asks the same as `other`, operands left out. Adds to `pairs`.
  virtual bool SameSubquery(const SubqueryExprBase& other, SubqueryPairs& pairs) const = 0;
};

}  // namespace oxibase
