#include "exec/operators/values.h"

#include <algorithm>

#include "exec/vector_copy.h"

namespace oxibase {

Status ValuesOperator::Prepare() {
  input_.size = 1;
  for (const auto& row : plan_.rows_exprs) {
    for (const ExprPtr& expr : row) {
      if (expr->kind == ExprKind::kConstant) continue;
      ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*expr));
      evaluators_.push_back(std::move(evaluator));
    }
  }
  return {};
}

Status ValuesOperator::DoOpen() {
  next_row_ = 0;
  next_evaluator_ = 0;
  return {};
}

Result<const Batch*> ValuesOperator::DoNext() {
  const auto& rows = plan_.rows_exprs;
  if (next_row_ >= rows.size()) return nullptr;
  const auto count = static_cast<uint32_t>(std::min<size_t>(rows.size() - next_row_, kVectorSize));
  for (Vector& column : out_.columns) column.ResetFlat(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto& row = rows[next_row_ + i];
    for (size_t c = 0; c < out_.columns.size(); ++c) {
      if (row[c]->kind == ExprKind::kConstant) {
        out_.columns[c].SetValue(i, static_cast<const ConstantExpr&>(*row[c]).value);
        continue;
      }
      ASSIGN_OR_RETURN(const Vector* value,
                       evaluators_[next_evaluator_++].Evaluate(eval(), input_));
      CopyRows(out_.columns[c], i, *value, nullptr, 1);
    }
  }
  next_row_ += count;
  out_.size = count;
  return &out_;
}

}  // namespace oxibase
