// Arrays and rows: ARRAY[...], ROW(...), (row).field.

#include <string>

#include "common/array.h"
#include "common/record.h"
#include "expr/eval_node.h"

namespace oxibase {
namespace {

/// Runs several nodes over the same rows; tells whether all came out constant.
Status RunAll(const std::vector<EvalNodePtr>& args, EvalFrame& frame, const uint32_t* sel,
              uint32_t rows, std::vector<VectorView>& views, bool* constant) {
  views.resize(args.size());
  *constant = true;
  for (size_t i = 0; i < args.size(); ++i) {
    const Vector* value = nullptr;
    RETURN_IF_ERROR(args[i]->Run(frame, sel, rows, &value));
    views[i] = value->view();
    *constant = *constant && value->is_constant();
  }
  return {};
}

class ArrayNode : public EvalNode {
 public:
  ArrayNode(Type type, std::vector<EvalNodePtr> args)
      : EvalNode(type),
        args_(std::move(args)),
        builder_(ElementTypeOf(type.id)),
        of_arrays_(!args_.empty() && IsArrayType(args_[0]->type().id) &&
                   args_[0]->type().id == type.id),
        value_(type) {}

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &value_;
    bool constant = false;
    RETURN_IF_ERROR(RunAll(args_, frame, sel, rows, views_, &constant));
    if (constant) rows = 1;
    value_.ResetFlat(rows);
    for (uint32_t row = 0; row < rows; ++row) {
      bytes_.clear();
      builder_.Reset(ElementTypeOf(type_.id));
      if (of_arrays_) {
        RETURN_IF_ERROR(Nest(row));
      } else {
        for (const VectorView& view : views_) builder_.AddFrom(view, row);
        builder_.Finish(&bytes_);
      }
      value_.data<StringRef>()[row] = value_.arena().Copy(std::string_view(bytes_));
    }
    if (constant) value_.MarkConstant();
    return {};
  }

 private:
  /// The elements are arrays of equal dimensions: one more around them. Empty ones are left out if
  /// all are empty, as in PostgreSQL.
  Status Nest(uint32_t row) {
    const auto mismatch = [] {
      return Error(ErrorCode::kArraySubscriptError,
                   "multidimensional arrays must have array expressions with matching dimensions");
    };
    std::vector<ArrayDim> dims;
    bool any = false;
    bool empty = false;
    for (const VectorView& view : views_) {
      if (view.IsNull(row)) {
        empty = true;
        continue;
      }
      const ArrayView element(view.Get<StringRef>(row).view());
      if (element.ndim() == 0) {
        empty = true;
        continue;
      }
      std::vector<ArrayDim> own;
      for (int d = 0; d < element.ndim(); ++d) own.push_back(element.dim(d));
      if (any && own != dims) return mismatch();
      dims = std::move(own);
      any = true;
      for (uint32_t i = 0; i < element.size(); ++i) {
        if (element.IsNull(i)) {
          builder_.AddNull();
        } else {
          builder_.AddBytes(element.GetBytes(i));
        }
      }
    }
    if (!any) {
      builder_.Finish(&bytes_);
      return {};
    }
    if (empty) return mismatch();
    if (dims.size() >= static_cast<size_t>(kArrayDimsMax)) {
      return Error(ErrorCode::kProgramLimitExceeded,
                   "number of array dimensions ({}) exceeds the maximum allowed ({})",
                   dims.size() + 1, kArrayDimsMax);
    }
    dims.insert(dims.begin(), ArrayDim{static_cast<int32_t>(views_.size()), 1});
    RETURN_IF_ERROR(CheckArraySize(dims));
    builder_.Finish(&bytes_, dims);
    return {};
  }

  std::vector<EvalNodePtr> args_;
  std::vector<VectorView> views_;
  ArrayBuilder builder_;
  bool of_arrays_;
  std::string bytes_;
  Vector value_;
};

class RowNode : public EvalNode {
 public:
  RowNode(std::vector<EvalNodePtr> args, std::span<const std::string> names)
      : EvalNode(TypeId::kRecord), args_(std::move(args)), value_(TypeId::kRecord) {
    RecordBuilder(&head_, static_cast<uint16_t>(args_.size()), names);
  }

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &value_;
    bool constant = false;
    RETURN_IF_ERROR(RunAll(args_, frame, sel, rows, views_, &constant));
    if (constant) rows = 1;
    value_.ResetFlat(rows);
    for (uint32_t row = 0; row < rows; ++row) {
      bytes_ = head_;
      RecordBuilder builder(&bytes_);
      for (size_t i = 0; i < args_.size(); ++i) {
        builder.AddFrom(args_[i]->type().id, views_[i], row);
      }
      value_.data<StringRef>()[row] = value_.arena().Copy(std::string_view(bytes_));
    }
    if (constant) value_.MarkConstant();
    return {};
  }

 private:
  std::vector<EvalNodePtr> args_;
  std::vector<VectorView> views_;
  std::string head_;  // what all its records begin with
  std::string bytes_;
  Vector value_;
};

class FieldSelectNode : public EvalNode {
 public:
  FieldSelectNode(Type type, EvalNodePtr arg, uint32_t index)
      : EvalNode(type), arg_(std::move(arg)), index_(index), value_(type) {}

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &value_;
    const Vector* arg = nullptr;
    RETURN_IF_ERROR(arg_->Run(frame, sel, rows, &arg));
    const bool constant = arg->is_constant();
    if (constant) rows = 1;
    value_.ResetFlat(rows);
    const VectorView view = arg->view();
    for (uint32_t row = 0; row < rows; ++row) {
      if (view.IsNull(row)) {
        value_.SetValue(row, Value::Null(type_));
        continue;
      }
      RecordReader reader(view.Get<StringRef>(row).view());
      bool found = reader.Next();
      for (uint32_t i = 0; i < index_ && found; ++i) found = reader.Next();
      if (!found || reader.is_null()) {
        value_.SetValue(row, Value::Null(type_));
      } else if (PhysicalTypeOf(reader.type()) != value_.physical()) {
        return Error(ErrorCode::kDatatypeMismatch, "attribute {} of type record has wrong type",
                     index_ + 1)
            .Detail(fmt::format("Table has type {}, but query expects {}.",
                                FormatType(reader.type()), FormatType(type_)));
      } else {
        value_.SetValue(row, ValueFromBytes(type_, reader.bytes()));
      }
    }
    if (constant) value_.MarkConstant();
    return {};
  }

 private:
  EvalNodePtr arg_;
  uint32_t index_;
  Vector value_;
};

}  // namespace

Result<EvalNodePtr> CompileArray(const ArrayExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto args, CompileNodes(expr.args, depth));
  return EvalNodePtr(std::make_unique<ArrayNode>(expr.type, std::move(args)));
}

Result<EvalNodePtr> CompileRow(const RowExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto args, CompileNodes(expr.args, depth));
  return EvalNodePtr(std::make_unique<RowNode>(std::move(args), expr.names));
}

Result<EvalNodePtr> CompileFieldSelect(const FieldSelectExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto arg, CompileNode(*expr.arg, depth));
  return EvalNodePtr(std::make_unique<FieldSelectNode>(expr.type, std::move(arg), expr.index));
}

}  // namespace oxibase
