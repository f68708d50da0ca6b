// CASE and COALESCE: each row is evaluated in its own branch only, since other branches may fail.

#include "expr/eval_node.h"

namespace oxibase {
namespace {

/// Rows that have no result yet: positions in the result and in the input.
class OpenRows {
 public:
  void Start(const uint32_t* sel, uint32_t rows) {
    uint32_t* at = at_.data();
    uint32_t* from = from_.data();
    for (uint32_t i = 0; i < rows; ++i) {
      at[i] = i;
      from[i] = sel ? sel[i] : i;
    }
    count_ = rows;
  }
  uint32_t count() const { return count_; }
  uint32_t* at() { return at_.data(); }
  uint32_t* from() { return from_.data(); }
  void set_count(uint32_t count) { count_ = count; }

 private:
  RowList at_, from_;
  uint32_t count_ = 0;
};

class CaseNode : public EvalNode {
 public:
  CaseNode(Type type, std::vector<EvalNodePtr> conditions, std::vector<EvalNodePtr> results,
           EvalNodePtr otherwise)
      : EvalNode(type),
        conditions_(std::move(conditions)),
        results_(std::move(results)),
        otherwise_(std::move(otherwise)),
        value_(type) {}

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &value_;
    value_.ResetFlat(rows);
    open_.Start(sel, rows);
    for (size_t k = 0; k < conditions_.size() && open_.count() > 0; ++k) {
      uint32_t* passed = passed_.data();
      uint32_t passed_count = 0;
      RETURN_IF_ERROR(
          conditions_[k]->Select(frame, open_.from(), open_.count(), passed, &passed_count));
      if (passed_count == 0) continue;
      const Vector* result = nullptr;
      RETURN_IF_ERROR(results_[k]->Run(frame, passed, passed_count, &result));
      const VectorView view = result->view();
      // Both lists ascend: one walk hands out the results and keeps the rest open.
      uint32_t kept = 0;
      uint32_t p = 0;
      for (uint32_t i = 0; i < open_.count(); ++i) {
        const uint32_t at = open_.at()[i];
        const uint32_t from = open_.from()[i];
        if (p < passed_count && passed[p] == from) {
          CopyRow(value_, at, view, p++);
        } else {
          open_.at()[kept] = at;
          open_.from()[kept++] = from;
        }
      }
      open_.set_count(kept);
    }
    if (open_.count() == 0) return {};
    if (!otherwise_) {
      for (uint32_t i = 0; i < open_.count(); ++i) SetNull(open_.at()[i]);
      return {};
    }
    const Vector* result = nullptr;
    RETURN_IF_ERROR(otherwise_->Run(frame, open_.from(), open_.count(), &result));
    const VectorView view = result->view();
    for (uint32_t i = 0; i < open_.count(); ++i) CopyRow(value_, open_.at()[i], view, i);
    return {};
  }

 private:
  void SetNull(uint32_t row) { value_.SetValue(row, Value::Null(type_)); }

  std::vector<EvalNodePtr> conditions_, results_;
  EvalNodePtr otherwise_;  // may be null
  Vector value_;
  OpenRows open_;
  RowList passed_;
};

class CoalesceNode : public EvalNode {
 public:
  CoalesceNode(Type type, std::vector<EvalNodePtr> args)
      : EvalNode(type), args_(std::move(args)), value_(type) {}

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    const Vector* first = nullptr;
    RETURN_IF_ERROR(args_[0]->Run(frame, sel, rows, &first));
    const VectorView view = first->view();
    if (args_.size() == 1 || view.validity->all_valid()) {
      *out = first;
      return {};
    }
    *out = &value_;
    value_.ResetFlat(rows);
    open_.Start(sel, rows);
    TakeOver(view);
    for (size_t k = 1; k < args_.size() && open_.count() > 0; ++k) {
      const Vector* value = nullptr;
      RETURN_IF_ERROR(args_[k]->Run(frame, open_.from(), open_.count(), &value));
      TakeOver(value->view());
    }
    return {};
  }

 private:
  /// Row i of `view` is for the i-th open row.
  void TakeOver(const VectorView& view) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < open_.count(); ++i) {
      const uint32_t at = open_.at()[i];
      CopyRow(value_, at, view, i);
      if (!view.IsNull(i)) continue;
      open_.at()[kept] = at;
      open_.from()[kept++] = open_.from()[i];
    }
    open_.set_count(kept);
  }

  std::vector<EvalNodePtr> args_;
  Vector value_;
  OpenRows open_;
};

}  // namespace

Result<EvalNodePtr> CompileCase(const CaseExpr& expr, int depth) {
  std::vector<EvalNodePtr> conditions, results;
  for (const CaseExpr::Branch& branch : expr.branches) {
    ASSIGN_OR_RETURN(auto condition, CompileNode(*branch.condition, depth));
    ASSIGN_OR_RETURN(auto result, CompileNode(*branch.result, depth));
    conditions.push_back(std::move(condition));
    results.push_back(std::move(result));
  }
  EvalNodePtr otherwise;
  if (expr.otherwise) {
    ASSIGN_OR_RETURN(otherwise, CompileNode(*expr.otherwise, depth));
  }
  return EvalNodePtr(std::make_unique<CaseNode>(expr.type, std::move(conditions),
                                                std::move(results), std::move(otherwise)));
}

Result<EvalNodePtr> CompileCoalesce(const CoalesceExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto args, CompileNodes(expr.args, depth));
  return EvalNodePtr(std::make_unique<CoalesceNode>(expr.type, std::move(args)));
}

}  // namespace oxibase
