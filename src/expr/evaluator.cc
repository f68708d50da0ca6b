#include "expr/evaluator.h"

#include <cstring>

#include "expr/eval_node.h"

namespace oxibase {
namespace {

/// As deep as the stack allows with a wide margin; the parser's own limit is lower.
constexpr int kDepthMax = 20000;

class ConstantNode : public EvalNode {
 public:
  explicit ConstantNode(const Value& value) : EvalNode(value.type()), value_(value.type()) {
    value_.SetConstant(value);
  }
  Status Run(EvalFrame&, const uint32_t*, uint32_t, const Vector** out) override {
    *out = &value_;
    return {};
  }
  bool is_leaf() const override { return true; }
  bool is_constant() const override { return true; }

 private:
  Vector value_;
};

class ColumnNode : public EvalNode {
 public:
  explicit ColumnNode(const ColumnExpr& expr)
      : EvalNode(expr.type), index_(expr.index), rows_(expr.type) {}
  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    if (index_ >= frame.input.columns.size()) {
      return Error(ErrorCode::kInternalError, "an expression asks for column {} of {}", index_,
                   frame.input.columns.size());
    }
    const Vector& column = frame.input.columns[index_];
    if (!sel || column.is_constant()) {
      *out = &column;
      return {};
    }
    rows_.Select(column, sel, rows);
    *out = &rows_;
    return {};
  }
  Status Select(EvalFrame& frame, const uint32_t* sel, uint32_t rows, uint32_t* out,
                uint32_t* count) override {
    const VectorView view = frame.input.columns[index_].view();
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows; ++i) {
      const uint32_t row = sel ? sel[i] : i;
      out[n] = row;
      n += !view.IsNull(row) && view.Get<uint8_t>(row) != 0;
    }
    *count = n;
    return {};
  }
  bool is_leaf() const override { return true; }

 private:
  VarId index_;
  Vector rows_;
};

class ParamNode : public EvalNode {
 public:
  explicit ParamNode(const ParamExpr& expr)
      : EvalNode(expr.type), index_(expr.index), value_(expr.type) {}
  Status Run(EvalFrame& frame, const uint32_t*, uint32_t, const Vector** out) override {
    if (index_ >= frame.context.params.size()) {
      return Error(ErrorCode::kUndefinedParameter, "there is no parameter ${}", index_ + 1);
    }
    value_.SetConstant(frame.context.params[index_]);
    *out = &value_;
    return {};
  }
  bool is_leaf() const override { return true; }

 private:
  uint32_t index_;
  Vector value_;
};

class SubplanNode : public EvalNode {
 public:
  explicit SubplanNode(const SubplanExpr& expr)
      : EvalNode(expr.type), expr_(expr), value_(expr.type) {}
  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &value_;
    if (!frame.context.subplans) {
      return Error(ErrorCode::kFeatureNotSupported, "a subquery cannot be evaluated here");
    }
    if (!sel) return frame.context.subplans->Run(expr_, frame.input, value_);
    if (chosen_.columns.size() != frame.input.columns.size()) {
      chosen_.columns.clear();
      for (const Vector& column : frame.input.columns) chosen_.columns.emplace_back(column.type());
    }
    for (size_t i = 0; i < chosen_.columns.size(); ++i) {
      chosen_.columns[i].Select(frame.input.columns[i], sel, rows);
    }
    chosen_.size = rows;
    return frame.context.subplans->Run(expr_, chosen_, value_);
  }

 private:
  const SubplanExpr& expr_;
  Vector value_;
  Batch chosen_;
};

}  // namespace

Status EvalNode::Select(EvalFrame& frame, const uint32_t* sel, uint32_t rows, uint32_t* out,
                        uint32_t* count) {
  const Vector* value = nullptr;
  RETURN_IF_ERROR(Run(frame, sel, rows, &value));
  const VectorView view = value->view();
  uint32_t n = 0;
  for (uint32_t i = 0; i < rows; ++i) {
    out[n] = sel ? sel[i] : i;
    n += !view.IsNull(i) && view.Get<uint8_t>(i) != 0;
  }
  *count = n;
  return {};
}

void CopyRow(Vector& out, uint32_t row, const VectorView& from, uint32_t from_row) {
  const size_t width = PhysicalWidth(out.physical());
  std::byte* to = out.data<std::byte>() + row * width;
  if (from.IsNull(from_row)) {
    std::memset(to, 0, width);
    out.validity().SetNull(row);
    return;
  }
  out.validity().SetValid(row);
  std::memcpy(to, from.bytes + from.sel[from_row] * width, width);
}

Result<std::vector<EvalNodePtr>> CompileNodes(const std::vector<ExprPtr>& exprs, int depth) {
  std::vector<EvalNodePtr> nodes;
  nodes.reserve(exprs.size());
  for (const ExprPtr& e : exprs) {
    ASSIGN_OR_RETURN(auto node, CompileNode(*e, depth));
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<EvalNodePtr> CompileNode(const Expr& expr, int depth) {
  if (depth > kDepthMax) {
    return Error(ErrorCode::kStatementTooComplex, "the expression is nested too deeply");
  }
  ++depth;
  switch (expr.kind) {
    case ExprKind::kConstant: {
      const auto& e = static_cast<const ConstantExpr&>(expr);
      return EvalNodePtr(std::make_unique<ConstantNode>(e.value));
    }
    case ExprKind::kColumn:
      return EvalNodePtr(std::make_unique<ColumnNode>(static_cast<const ColumnExpr&>(expr)));
    case ExprKind::kParam:
      return EvalNodePtr(std::make_unique<ParamNode>(static_cast<const ParamExpr&>(expr)));
    case ExprKind::kCall:
      return CompileCall(static_cast<const CallExpr&>(expr), depth);
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      return CompileBool(static_cast<const BoolExpr&>(expr), depth);
    case ExprKind::kIsNull:
      return CompileIsNull(static_cast<const IsNullExpr&>(expr), depth);
    case ExprKind::kBooleanTest:
      return CompileBooleanTest(static_cast<const BooleanTestExpr&>(expr), depth);
    case ExprKind::kIsDistinct:
      return CompileIsDistinct(static_cast<const IsDistinctExpr&>(expr), depth);
    case ExprKind::kCase:
      return CompileCase(static_cast<const CaseExpr&>(expr), depth);
    case ExprKind::kCoalesce:
      return CompileCoalesce(static_cast<const CoalesceExpr&>(expr), depth);
    case ExprKind::kMinMax:
      return CompileMinMax(static_cast<const MinMaxExpr&>(expr), depth);
    case ExprKind::kArray:
      return CompileArray(static_cast<const ArrayExpr&>(expr), depth);
    case ExprKind::kRow:
      return CompileRow(static_cast<const RowExpr&>(expr), depth);
    case ExprKind::kFieldSelect:
      return CompileFieldSelect(static_cast<const FieldSelectExpr&>(expr), depth);
    case ExprKind::kAnyAll:
      return CompileAnyAll(static_cast<const AnyAllExpr&>(expr), depth);
    case ExprKind::kSubplan:
      return EvalNodePtr(std::make_unique<SubplanNode>(static_cast<const SubplanExpr&>(expr)));
    case ExprKind::kAggregate:
    case ExprKind::kWindow:
    case ExprKind::kGrouping:
    case ExprKind::kSubquery:
    case ExprKind::kDefault:
      break;
  }
  return Error(ErrorCode::kInternalError, "an expression of kind {} reached the evaluator",
               static_cast<int>(expr.kind))
      .At(expr.location);
}

struct Evaluator::Impl {
  EvalNodePtr root;
  Vector empty;
  Batch no_columns;
};

Evaluator::Evaluator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

Result<Evaluator> Evaluator::Compile(const Expr& expr) {
  auto impl = std::make_unique<Impl>();
  ASSIGN_OR_RETURN(impl->root, CompileNode(expr, 0));
  impl->empty = Vector(expr.type);
  impl->no_columns.size = 1;
  return Evaluator(std::move(impl));
}

Result<const Vector*> Evaluator::Evaluate(EvalContext& context, const Batch& input) {
  if (input.size == 0) {
    impl_->empty.ResetFlat(0);
    return &impl_->empty;
  }
  EvalFrame frame{context, input};
  const Vector* out = nullptr;
  RETURN_IF_ERROR(impl_->root->Run(frame, nullptr, input.size, &out));
  return out;
}

Result<uint32_t> Evaluator::Select(EvalContext& context, const Batch& input, uint32_t* sel) {
  uint32_t count = 0;
  if (input.size == 0) return count;
  EvalFrame frame{context, input};
  RETURN_IF_ERROR(impl_->root->Select(frame, nullptr, input.size, sel, &count));
  return count;
}

Result<Value> Evaluator::EvaluateScalar(EvalContext& context) {
  EvalFrame frame{context, impl_->no_columns};
  const Vector* out = nullptr;
  RETURN_IF_ERROR(impl_->root->Run(frame, nullptr, 1, &out));
  return out->GetValue(0);
}

Type Evaluator::type() const { return impl_->root->type(); }

}  // namespace oxibase
