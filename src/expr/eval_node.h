#pragma once
// The compiled form of an expression: a tree of nodes, each with its kernel and the vector it
// writes. Private to expr.

#include <cstdint>
#include <memory>
#include <vector>

#include "common/status.h"
#include "common/vector.h"
#include "expr/eval_context.h"
#include "expr/expression.h"

namespace oxibase {

struct EvalFrame {
  EvalContext& context;
  const Batch& input;
};

class EvalNode {
 public:
  explicit EvalNode(Type type) : type_(type) {}
  virtual ~EvalNode() = default;
  EvalNode(const EvalNode&) = delete;
  EvalNode& operator=(const EvalNode&) = delete;

  /// Values for the rows `sel[0..rows)` of the input, in ascending order (null: 0..rows), one
  /// after another: row i of the result belongs to sel[i]. The vector stays valid until the next
  /// call. REQUIRES: rows > 0
  virtual Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) = 0;

  /// Of boolean nodes: those of the rows where the value is true, into `out`, which may be `sel`.
  virtual Status Select(EvalFrame& frame, const uint32_t* sel, uint32_t rows, uint32_t* out,
                        uint32_t* count);

  /// Costs nothing to run over rows that nobody asked for, and cannot fail: a column, a constant.
  virtual bool is_leaf() const { return false; }
  /// Gives the same value whenever it is run, in any execution.
  virtual bool is_constant() const { return false; }

  Type type() const { return type_; }

 protected:
  Type type_;
};

using EvalNodePtr = std::unique_ptr<EvalNode>;

/// 54001 when nested too deep; XX000 for kinds that no evaluator can meet.
Result<EvalNodePtr> CompileNode(const Expr& expr, int depth);
Result<std::vector<EvalNodePtr>> CompileNodes(const std::vector<ExprPtr>& exprs, int depth);

// One maker for each file of nodes.
Result<EvalNodePtr> CompileCall(const CallExpr& expr, int depth);
Result<EvalNodePtr> CompileBool(const BoolExpr& expr, int depth);
Result<EvalNodePtr> CompileIsNull(const IsNullExpr& expr, int depth);
Result<EvalNodePtr> CompileBooleanTest(const BooleanTestExpr& expr, int depth);
Result<EvalNodePtr> CompileIsDistinct(const IsDistinctExpr& expr, int depth);
Result<EvalNodePtr> CompileCase(const CaseExpr& expr, int depth);
Result<EvalNodePtr> CompileCoalesce(const CoalesceExpr& expr, int depth);
Result<EvalNodePtr> CompileMinMax(const MinMaxExpr& expr, int depth);
Result<EvalNodePtr> CompileArray(const ArrayExpr& expr, int depth);
Result<EvalNodePtr> CompileRow(const RowExpr& expr, int depth);
Result<EvalNodePtr> CompileFieldSelect(const FieldSelectExpr& expr, int depth);
Result<EvalNodePtr> CompileAnyAll(const AnyAllExpr& expr, int depth);

/// Copies row `from_row` of `from` to row `row` of the flat vector `out`; long strings are
/// borrowed.
void CopyRow(Vector& out, uint32_t row, const VectorView& from, uint32_t from_row);

/// A list of row positions with room for a whole vector, allocated when first used.
class RowList {
 public:
  uint32_t* data() {
    if (!rows_) rows_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
    return rows_.get();
  }

 private:
  std::unique_ptr<uint32_t[]> rows_;
};

}  // namespace oxibase
