// AND, OR, NOT and the tests IS NULL, IS TRUE: three-valued logic, and no operand is evaluated for
// rows that are decided without it.

#include <cstring>

#include "common/record.h"
#include "expr/eval_node.h"

namespace oxibase {
namespace {

/// AND, and OR as its mirror: `kDecides` is the operand value that settles a row.
template <bool kDecides>
class AndOrNode : public EvalNode {
 public:
  explicit AndOrNode(std::vector<EvalNodePtr> args)
      : EvalNode(TypeId::kBool), args_(std::move(args)), result_(TypeId::kBool) {}

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &result_;
    result_.ResetFlat(rows);
    auto* result = result_.data<uint8_t>();
    std::memset(result, !kDecides, rows);
    uint32_t* open = open_.data();  // rows of the result that are not settled
    uint32_t open_count = rows;
    for (size_t k = 0; k < args_.size() && open_count > 0; ++k) {
      const uint32_t* chosen = sel;
      if (k > 0 && open_count < rows) {
        uint32_t* positions = positions_.data();
        for (uint32_t i = 0; i < open_count; ++i) positions[i] = sel ? sel[open[i]] : open[i];
        chosen = positions;
      }
      const bool all = open_count == rows;
      const Vector* value = nullptr;
      RETURN_IF_ERROR(args_[k]->Run(frame, chosen, open_count, &value));
      const VectorView view = value->view();
      uint32_t kept = 0;
      for (uint32_t i = 0; i < open_count; ++i) {
        const uint32_t row = all ? i : open[i];
        if (view.IsNull(i)) {
          result_.validity().SetNull(row);
        } else if ((view.Get<uint8_t>(i) != 0) == kDecides) {
          result_.validity().SetValid(row);
          result[row] = kDecides;
          continue;
        }
        open[kept++] = row;
      }
      open_count = kept;
    }
    return {};
  }

  Status Select(EvalFrame& frame, const uint32_t* sel, uint32_t rows, uint32_t* out,
                uint32_t* count) override {
    if constexpr (!kDecides) {
      for (const EvalNodePtr& arg : args_) {
        RETURN_IF_ERROR(arg->Select(frame, sel, rows, out, &rows));
        if (rows == 0) break;
        sel = out;
      }
      *count = rows;
      return {};
    } else {
      // Rows that no operand has accepted yet are tried with the next one.
      if (!accepted_) accepted_ = std::make_unique<uint8_t[]>(kVectorSize);
      uint8_t* accepted = accepted_.get();
      std::memset(accepted, 0, frame.input.size);
      uint32_t* open = open_.data();
      uint32_t* passed = positions_.data();
      uint32_t open_count = rows;
      const uint32_t* remaining = sel;
      for (size_t k = 0; k < args_.size() && open_count > 0; ++k) {
        uint32_t passed_count = 0;
        RETURN_IF_ERROR(args_[k]->Select(frame, remaining, open_count, passed, &passed_count));
        for (uint32_t p = 0; p < passed_count; ++p) accepted[passed[p]] = 1;
        uint32_t kept = 0;
        for (uint32_t i = 0; i < open_count; ++i) {
          const uint32_t row = remaining ? remaining[i] : i;
          open[kept] = row;
          kept += accepted[row] == 0;
        }
        open_count = kept;
        remaining = open;
      }
      uint32_t n = 0;
      for (uint32_t i = 0; i < rows; ++i) {
        const uint32_t row = sel ? sel[i] : i;
        out[n] = row;
        n += accepted[row];
      }
      *count = n;
      return {};
    }
  }

 private:
  std::vector<EvalNodePtr> args_;
  Vector result_;
  RowList open_;
  RowList positions_;
  std::unique_ptr<uint8_t[]> accepted_;  // OR: rows that some operand has accepted
};

/// One operand, one byte or NULL out: NOT, IS NULL, IS TRUE and their like.
class UnaryNode : public EvalNode {
 public:
  explicit UnaryNode(EvalNodePtr arg)
      : EvalNode(TypeId::kBool), arg_(std::move(arg)), result_(TypeId::kBool) {}

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &result_;
    const Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Run(frame, sel, rows, &value));
    const bool constant = value->is_constant();
    if (constant) rows = 1;
    result_.ResetFlat(rows);
    Compute(value->view(), rows);
    if (constant) result_.MarkConstant();
    return {};
  }
  bool is_constant() const override { return arg_->is_constant(); }

 protected:
  virtual void Compute(const VectorView& view, uint32_t rows) = 0;

  EvalNodePtr arg_;
  Vector result_;
};

class NotNode : public UnaryNode {
 public:
  using UnaryNode::UnaryNode;

 private:
  void Compute(const VectorView& view, uint32_t rows) override {
    auto* result = result_.data<uint8_t>();
    for (uint32_t i = 0; i < rows; ++i) {
      const bool is_null = view.IsNull(i);
      result[i] = is_null ? 0 : view.Get<uint8_t>(i) == 0;
      if (is_null) result_.validity().SetNull(i);
    }
  }
};

class IsNullNode : public UnaryNode {
 public:
  IsNullNode(EvalNodePtr arg, const IsNullExpr& expr)
      : UnaryNode(std::move(arg)), negated_(expr.negated), of_row_(expr.of_row) {}

  Status Select(EvalFrame& frame, const uint32_t* sel, uint32_t rows, uint32_t* out,
                uint32_t* count) override {
    if (of_row_ || !arg_->is_leaf()) return EvalNode::Select(frame, sel, rows, out, count);
    const Vector* value = nullptr;
    RETURN_IF_ERROR(arg_->Run(frame, nullptr, frame.input.size, &value));
    const VectorView view = value->view();
    uint32_t n = 0;
    for (uint32_t i = 0; i < rows; ++i) {
      const uint32_t row = sel ? sel[i] : i;
      out[n] = row;
      n += view.IsNull(row) != negated_;
    }
    *count = n;
    return {};
  }

 private:
  void Compute(const VectorView& view, uint32_t rows) override {
    auto* result = result_.data<uint8_t>();
    for (uint32_t i = 0; i < rows; ++i) {
      const bool is_null = view.IsNull(i);
      if (!of_row_ || is_null) {
        result[i] = is_null != negated_;
        continue;
      }
      // Of a row: all fields are null, or (negated) none is.
      RecordReader reader(view.Get<StringRef>(i).view());
      bool all = true;
      while (reader.Next()) all = all && reader.is_null() != negated_;
      result[i] = all;
    }
  }

  bool negated_;
  bool of_row_;
};

class BooleanTestNode : public UnaryNode {
 public:
  BooleanTestNode(EvalNodePtr arg, BooleanTestExpr::Test test)
      : UnaryNode(std::move(arg)), test_(test) {}

 private:
  void Compute(const VectorView& view, uint32_t rows) override {
    using Test = BooleanTestExpr::Test;
    uint8_t answers[3] = {};  // for false, true, unknown
    switch (test_) {
      case Test::kTrue:
        answers[1] = 1;
        break;
      case Test::kNotTrue:
        answers[0] = answers[2] = 1;
        break;
      case Test::kFalse:
        answers[0] = 1;
        break;
      case Test::kNotFalse:
        answers[1] = answers[2] = 1;
        break;
      case Test::kUnknown:
        answers[2] = 1;
        break;
      case Test::kNotUnknown:
        answers[0] = answers[1] = 1;
        break;
    }
    auto* result = result_.data<uint8_t>();
    for (uint32_t i = 0; i < rows; ++i) {
      result[i] = answers[view.IsNull(i) ? 2 : view.Get<uint8_t>(i) != 0];
    }
  }

  BooleanTestExpr::Test test_;
};

}  // namespace

Result<EvalNodePtr> CompileBool(const BoolExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto args, CompileNodes(expr.args, depth));
  if (expr.kind == ExprKind::kNot) {
    return EvalNodePtr(std::make_unique<NotNode>(std::move(args.front())));
  }
  if (expr.kind == ExprKind::kAnd) {
    return EvalNodePtr(std::make_unique<AndOrNode<false>>(std::move(args)));
  }
  return EvalNodePtr(std::make_unique<AndOrNode<true>>(std::move(args)));
}

Result<EvalNodePtr> CompileIsNull(const IsNullExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto arg, CompileNode(*expr.arg, depth));
  return EvalNodePtr(std::make_unique<IsNullNode>(std::move(arg), expr));
}

Result<EvalNodePtr> CompileBooleanTest(const BooleanTestExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto arg, CompileNode(*expr.arg, depth));
  return EvalNodePtr(std::make_unique<BooleanTestNode>(std::move(arg), expr.test));
}

}  // namespace oxibase
