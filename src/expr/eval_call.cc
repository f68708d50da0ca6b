// Calls of functions, operators and casts; IS DISTINCT FROM, GREATEST and LEAST, which call one.

#include "expr/eval_node.h"
#include "expr/function.h"

namespace oxibase {
namespace {

CallSite MakeSite(const Function& function, Type result, const std::vector<EvalNodePtr>& args) {
  CallSite site;
  site.function = &function;
  site.result = result;
  for (const EvalNodePtr& arg : args) site.arg_types.push_back(arg->type());
  return site;
}

class CallNode : public EvalNode {
 public:
  CallNode(const CallExpr& expr, std::vector<EvalNodePtr> args)
      : EvalNode(expr.type),
        function_(*expr.function),
        args_(std::move(args)),
        values_(args_.size()),
        site_(MakeSite(*expr.function, expr.type, args_)),
        result_(expr.type) {
    is_constant_ = function_.volatility == Volatility::kImmutable;
    leaves_only_ = true;
    for (const EvalNodePtr& arg : args_) {
      is_constant_ = is_constant_ && arg->is_constant();
      leaves_only_ = leaves_only_ && arg->is_leaf();
    }
  }

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &result_;
    if (has_cached_) return {};
    bool constant = function_.volatility != Volatility::kVolatile;
    for (size_t i = 0; i < args_.size(); ++i) {
      RETURN_IF_ERROR(args_[i]->Run(frame, sel, rows, &values_[i]));
      if (!values_[i]->is_constant()) {
        constant = false;
      } else if (function_.strict && values_[i]->IsNull(0)) {
        // Later arguments are evaluated all the same: they may fail.
        null_argument_ = true;
      }
    }
    if (null_argument_) {
      null_argument_ = false;
      result_.SetConstantNull();
      return {};
    }
    Status status = function_.kernel(frame.context, site_, values_, constant ? 1 : rows, result_);
    if (!status.ok()) [[unlikely]]
      return status;
    if (constant) {
      result_.MarkConstant();
      has_cached_ = is_constant_;
    }
    return {};
  }

  Status Select(EvalFrame& frame, const uint32_t* sel, uint32_t rows, uint32_t* out,
                uint32_t* count) override {
    if (!function_.select || is_constant_) return EvalNode::Select(frame, sel, rows, out, count);
    // Leaves are looked at in place, by `sel`; anything else is computed for the chosen rows only.
    const bool in_place = leaves_only_ || !sel;
    for (size_t i = 0; i < args_.size(); ++i) {
      RETURN_IF_ERROR(args_[i]->Run(frame, in_place ? nullptr : sel,
                                    in_place ? frame.input.size : rows, &values_[i]));
    }
    if (in_place) return function_.select(frame.context, site_, values_, sel, rows, out, count);
    uint32_t* chosen = chosen_.data();
    RETURN_IF_ERROR(function_.select(frame.context, site_, values_, nullptr, rows, chosen, count));
    for (uint32_t i = 0; i < *count; ++i) out[i] = sel[chosen[i]];
    return {};
  }

  bool is_constant() const override { return is_constant_; }

 private:
  const Function& function_;
  std::vector<EvalNodePtr> args_;
  std::vector<const Vector*> values_;
  CallSite site_;
  bool is_constant_;
  bool leaves_only_;
  bool has_cached_ = false;
  bool null_argument_ = false;
  Vector result_;
  RowList chosen_;
};

class IsDistinctNode : public EvalNode {
 public:
  IsDistinctNode(const IsDistinctExpr& expr, std::vector<EvalNodePtr> args)
      : EvalNode(TypeId::kBool),
        function_(*expr.equals),
        args_(std::move(args)),
        site_(MakeSite(*expr.equals, TypeId::kBool, args_)),
        negated_(expr.negated),
        equal_(TypeId::kBool),
        result_(TypeId::kBool) {}

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &result_;
    const Vector* values[2];
    for (int i = 0; i < 2; ++i) RETURN_IF_ERROR(args_[i]->Run(frame, sel, rows, &values[i]));
    const bool constant = values[0]->is_constant() && values[1]->is_constant();
    if (constant) rows = 1;
    RETURN_IF_ERROR(function_.kernel(frame.context, site_, {values, 2}, rows, equal_));
    const VectorView a = values[0]->view();
    const VectorView b = values[1]->view();
    const VectorView equal = equal_.view();
    result_.ResetFlat(rows);
    auto* result = result_.data<uint8_t>();
    for (uint32_t i = 0; i < rows; ++i) {
      const bool a_null = a.IsNull(i);
      const bool b_null = b.IsNull(i);
      const bool distinct =
          a_null || b_null ? a_null != b_null : equal.IsNull(i) || equal.Get<uint8_t>(i) == 0;
      result[i] = distinct != negated_;
    }
    if (constant) result_.MarkConstant();
    return {};
  }

 private:
  const Function& function_;
  std::vector<EvalNodePtr> args_;
  CallSite site_;
  bool negated_;
  Vector equal_;
  Vector result_;
};

class MinMaxNode : public EvalNode {
 public:
  MinMaxNode(const MinMaxExpr& expr, std::vector<EvalNodePtr> args)
      : EvalNode(expr.type),
        function_(*expr.less),
        args_(std::move(args)),
        is_greatest_(expr.is_greatest),
        less_(TypeId::kBool),
        result_(expr.type) {
    site_.function = expr.less;
    site_.result = TypeId::kBool;
    site_.arg_types = {expr.type, expr.type};
  }

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &result_;
    result_.ResetFlat(rows);
    for (size_t k = 0; k < args_.size(); ++k) {
      const Vector* value = nullptr;
      RETURN_IF_ERROR(args_[k]->Run(frame, sel, rows, &value));
      const VectorView view = value->view();
      if (k == 0) {
        for (uint32_t i = 0; i < rows; ++i) CopyRow(result_, i, view, i);
        continue;
      }
      const Vector* operands[2] = {value, &result_};
      if (is_greatest_) std::swap(operands[0], operands[1]);
      RETURN_IF_ERROR(function_.kernel(frame.context, site_, {operands, 2}, rows, less_));
      const VectorView less = less_.view();
      for (uint32_t i = 0; i < rows; ++i) {
        if (view.IsNull(i)) continue;
        if (!result_.validity().IsValid(i) || (!less.IsNull(i) && less.Get<uint8_t>(i) != 0)) {
          CopyRow(result_, i, view, i);
        }
      }
    }
    return {};
  }

 private:
  const Function& function_;
  std::vector<EvalNodePtr> args_;
  CallSite site_;
  bool is_greatest_;
  Vector less_;
  Vector result_;
};

}  // namespace

Result<EvalNodePtr> CompileCall(const CallExpr& expr, int depth) {
  if (!expr.function->kernel) {
    return Error(ErrorCode::kFeatureNotSupported, "function {}() cannot be used here",
                 expr.function->name)
        .At(expr.location);
  }
  ASSIGN_OR_RETURN(auto args, CompileNodes(expr.args, depth));
  return EvalNodePtr(std::make_unique<CallNode>(expr, std::move(args)));
}

Result<EvalNodePtr> CompileIsDistinct(const IsDistinctExpr& expr, int depth) {
  std::vector<EvalNodePtr> args(2);
  ASSIGN_OR_RETURN(args[0], CompileNode(*expr.left, depth));
  ASSIGN_OR_RETURN(args[1], CompileNode(*expr.right, depth));
  return EvalNodePtr(std::make_unique<IsDistinctNode>(expr, std::move(args)));
}

Result<EvalNodePtr> CompileMinMax(const MinMaxExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto args, CompileNodes(expr.args, depth));
  return EvalNodePtr(std::make_unique<MinMaxNode>(expr, std::move(args)));
}

}  // namespace oxibase
