// left op ANY (array), left op ALL (array). IN lists of constants come here too.

#include <absl/container/flat_hash_set.h>

#include <cstring>
#include <functional>
#include <string>

#include "common/array.h"
#include "expr/eval_node.h"
#include "expr/function.h"

namespace oxibase {
namespace {

/// From how many elements on a constant array of integers or strings is looked up by hash.
constexpr uint32_t kHashElementsMin = 9;

class AnyAllNode : public EvalNode {
 public:
  AnyAllNode(const AnyAllExpr& expr, EvalNodePtr left, EvalNodePtr array)
      : EvalNode(TypeId::kBool),
        function_(*expr.comparison),
        is_all_(expr.is_all),
        left_(std::move(left)),
        array_(std::move(array)),
        element_type_(ElementTypeOf(array_->type().id)),
        element_(element_type_),
        left_value_(left_->type()),
        compared_(TypeId::kBool),
        result_(TypeId::kBool) {
    site_.function = &function_;
    site_.result = TypeId::kBool;
    site_.arg_types = {left_->type(), element_type_};
  }

  Status Run(EvalFrame& frame, const uint32_t* sel, uint32_t rows, const Vector** out) override {
    *out = &result_;
    const Vector* left = nullptr;
    const Vector* array = nullptr;
    RETURN_IF_ERROR(left_->Run(frame, sel, rows, &left));
    RETURN_IF_ERROR(array_->Run(frame, sel, rows, &array));
    const bool constant = left->is_constant() && array->is_constant();
    if (constant) rows = 1;
    result_.ResetFlat(rows);
    Status status = array->is_constant() ? RunConstantArray(frame, *left, *array, rows)
                                         : RunRows(frame, *left, *array, rows);
    if (!status.ok()) return status;
    if (constant) result_.MarkConstant();
    return {};
  }

 private:
  /// The value that one element suffices to give: true for ANY, false for ALL.
  bool decisive() const { return !is_all_; }

  Status RunConstantArray(EvalFrame& frame, const Vector& left, const Vector& array,
                          uint32_t rows) {
    if (array.IsNull(0)) {
      SetAllNull(rows);
      return {};
    }
    const VectorView array_view = array.view();
    const ArrayView elements(array_view.Get<StringRef>(0).view());
    auto* result = result_.data<uint8_t>();
    std::memset(result, !decisive(), rows);
    if (elements.size() == 0) return {};
    if (elements.size() >= kHashElementsMin && CanHash(left)) {
      PrepareSet(array_view.Get<StringRef>(0).view());
      LookUp(left, rows, elements.has_nulls());
      return {};
    }
    for (uint32_t e = 0; e < elements.size(); ++e) {
      element_.ResetFlat(1);
      elements.CopyElement(e, &element_, 0);
      element_.MarkConstant();
      const Vector* const args[2] = {&left, &element_};
      RETURN_IF_ERROR(function_.kernel(frame.context, site_, {args, 2}, rows, compared_));
      const VectorView compared = compared_.view();
      for (uint32_t row = 0; row < rows; ++row) {
        Take(row, compared.IsNull(row), compared.Get<uint8_t>(row) != 0);
      }
    }
    return {};
  }

  /// Adds one element's answer to a row's.
  void Take(uint32_t row, bool is_null, bool value) {
    auto* result = result_.data<uint8_t>();
    if (is_null) {
      if (!(result_.validity().IsValid(row) && (result[row] != 0) == decisive())) {
        result_.validity().SetNull(row);
      }
    } else if (value == decisive()) {
      result[row] = decisive();
      result_.validity().SetValid(row);
    }
  }

  Status RunRows(EvalFrame& frame, const Vector& left, const Vector& array, uint32_t rows) {
    const VectorView left_view = left.view();
    const VectorView array_view = array.view();
    auto* result = result_.data<uint8_t>();
    for (uint32_t row = 0; row < rows; ++row) {
      result[row] = !decisive();
      if (array_view.IsNull(row)) {
        result_.validity().SetNull(row);
        continue;
      }
      const ArrayView elements(array_view.Get<StringRef>(row).view());
      left_value_.ResetFlat(1);
      CopyRow(left_value_, 0, left_view, row);
      left_value_.MarkConstant();
      for (uint32_t first = 0; first < elements.size(); first += kVectorSize) {
        const uint32_t count = std::min(elements.size() - first, kVectorSize);
        element_.ResetFlat(count);
        for (uint32_t i = 0; i < count; ++i) elements.CopyElement(first + i, &element_, i);
        const Vector* const args[2] = {&left_value_, &element_};
        RETURN_IF_ERROR(function_.kernel(frame.context, site_, {args, 2}, count, compared_));
        const VectorView compared = compared_.view();
        for (uint32_t i = 0; i < count; ++i) {
          Take(row, compared.IsNull(i), compared.Get<uint8_t>(i) != 0);
        }
      }
    }
    return {};
  }

  /// Types whose "=" is equality of their bytes.
  bool CanHash(const Vector& left) const {
    if (is_all_ || function_.name != "=" || left.type().id != element_type_) return false;
    switch (element_type_) {
      case TypeId::kInt2:
      case TypeId::kInt4:
      case TypeId::kInt8:
      case TypeId::kOid:
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampTz:
      case TypeId::kText:
      case TypeId::kVarchar:
        return true;
      default:
        return false;
    }
  }

  /// Builds the set, or finds that it was built from these very bytes.
  void PrepareSet(std::string_view array) {
    if (has_set_ && (array_->is_constant() || array == set_bytes_)) return;
    has_set_ = true;
    set_bytes_ = array;
    const ArrayView elements(set_bytes_);
    integers_.clear();
    strings_.clear();
    for (uint32_t i = 0; i < elements.size(); ++i) {
      if (elements.IsNull(i)) continue;
      if (elements.element_physical() == PhysicalType::kString) {
        strings_.emplace(elements.GetBytes(i));
      } else {
        integers_.insert(AsInteger(elements.GetBytes(i)));
      }
    }
  }

  static int64_t AsInteger(std::string_view bytes) {
    int64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }

  void LookUp(const Vector& left, uint32_t rows, bool has_nulls) {
    const VectorView view = left.view();
    const size_t width = PhysicalWidth(left.physical());
    auto* result = result_.data<uint8_t>();
    for (uint32_t row = 0; row < rows; ++row) {
      if (view.IsNull(row)) {
        result_.validity().SetNull(row);
        continue;
      }
      const bool found =
          left.physical() == PhysicalType::kString
              ? strings_.contains(view.Get<StringRef>(row).view())
              : integers_.contains(AsInteger(
                    {reinterpret_cast<const char*>(view.bytes) + view.sel[row] * width, width}));
      result[row] = found;
      if (!found && has_nulls) result_.validity().SetNull(row);
    }
  }

  void SetAllNull(uint32_t rows) {
    for (uint32_t row = 0; row < rows; ++row) result_.validity().SetNull(row);
  }

  const Function& function_;
  bool is_all_;
  EvalNodePtr left_, array_;
  TypeId element_type_;
  CallSite site_;
  Vector element_;
  Vector left_value_;
  Vector compared_;
  Vector result_;
  bool has_set_ = false;
  absl::flat_hash_set<int64_t> integers_;
  absl::flat_hash_set<std::string_view, std::hash<std::string_view>, std::equal_to<>> strings_;
  std::string set_bytes_;  // what strings_ point into
};

}  // namespace

Result<EvalNodePtr> CompileAnyAll(const AnyAllExpr& expr, int depth) {
  ASSIGN_OR_RETURN(auto left, CompileNode(*expr.left, depth));
  ASSIGN_OR_RETURN(auto array, CompileNode(*expr.array, depth));
  return EvalNodePtr(std::make_unique<AnyAllNode>(expr, std::move(left), std::move(array)));
}

}  // namespace oxibase
