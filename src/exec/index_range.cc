#include "exec/index_range.h"

#include <algorithm>

#include "common/array.h"

namespace oxibase {
namespace {

/// Values of parameters and constants.
struct ScalarSource {
  const IndexRange& plan;
  ExpressionList& equal;
  OptionalExpression &any_of, &lower, &upper;
  EvalContext& context;

  Result<bool> AppendEqual(size_t i, std::string* out, SortOrder order) const {
    return AppendScalar(*plan.equal[i], equal.evaluator(i), out, order);
  }
  Result<bool> AppendScalar(const Expr& expr, Evaluator& evaluator, std::string* out,
                            SortOrder order) const {
    if (expr.kind == ExprKind::kParam) {  // nothing to evaluate
      const uint32_t index = static_cast<const ParamExpr&>(expr).index;
      if (index < context.params.size()) return AppendValue(context.params[index], out, order);
    } else if (expr.kind == ExprKind::kConstant) {
      return AppendValue(static_cast<const ConstantExpr&>(expr).value, out, order);
    }
    ASSIGN_OR_RETURN(const Value value, evaluator.EvaluateScalar(context));
    return AppendValue(value, out, order);
  }
  static bool AppendValue(const Value& value, std::string* out, SortOrder order) {
    if (value.is_null()) return false;
    AppendKey(out, value, order);
    return true;
  }
  Result<Value> AnyOf() const { return any_of->EvaluateScalar(context); }
  Result<bool> AppendLower(std::string* out, SortOrder order) const {
    return AppendScalar(*plan.lower, *lower, out, order);
  }
  Result<bool> AppendUpper(std::string* out, SortOrder order) const {
    return AppendScalar(*plan.upper, *upper, out, order);
  }
};

/// Values of one row of an outer batch.
struct RowSource {
  const std::vector<const Vector*>& equal;
  const Vector *any_of, *lower, *upper;
  uint32_t row;

  static bool Append(const Vector& vector, uint32_t row, std::string* out, SortOrder order) {
    const VectorView view = vector.view();
    if (view.IsNull(row)) return false;
    AppendKey(out, vector.type(), view, row, order);
    return true;
  }
  Result<bool> AppendEqual(size_t i, std::string* out, SortOrder order) const {
    return Append(*equal[i], row, out, order);
  }
  Result<Value> AnyOf() const { return any_of->GetValue(row); }
  Result<bool> AppendLower(std::string* out, SortOrder order) const {
    return Append(*lower, row, out, order);
  }
  Result<bool> AppendUpper(std::string* out, SortOrder order) const {
    return Append(*upper, row, out, order);
  }
};

bool HasPrefix(std::string_view key, std::string_view prefix) {
  return key.substr(0, prefix.size()) == prefix;
}

}  // namespace

bool RangeContains(const KeyRange& range, std::string_view key) {
  if (range.has_lower) {
    const bool begins = HasPrefix(key, range.lower);
    if (begins ? !range.lower_inclusive : key < std::string_view(range.lower)) return false;
  }
  if (range.has_upper) {
    const bool begins = HasPrefix(key, range.upper);
    if (begins ? !range.upper_inclusive : key > std::string_view(range.upper)) return false;
  }
  return true;
}

Status IndexRangeBuilder::Prepare() {
  for (const ExprPtr& expr : plan_.equal) {
    RETURN_IF_ERROR(equal_.Add(*expr));
  }
  RETURN_IF_ERROR(any_of_.Compile(plan_.any_of.get()));
  RETURN_IF_ERROR(lower_.Compile(plan_.lower.get()));
  RETURN_IF_ERROR(upper_.Compile(plan_.upper.get()));
  unique_point_ = spec_.always_unique() && !any_of_ && equal_.size() == spec_.columns.size();
  outer_equal_.resize(equal_.size());
  return {};
}

Result<bool> IndexRangeBuilder::BeginScalar(EvalContext& context, bool backward) {
  return Begin(ScalarSource{plan_, equal_, any_of_, lower_, upper_, context}, backward);
}

Status IndexRangeBuilder::EvaluateOuter(EvalContext& context, const Batch& outer) {
  RETURN_IF_ERROR(equal_.Evaluate(context, outer));
  for (size_t i = 0; i < equal_.size(); ++i) outer_equal_[i] = &equal_.result(i);
  if (any_of_) {
    ASSIGN_OR_RETURN(outer_any_of_, any_of_->Evaluate(context, outer));
  }
  if (lower_) {
    ASSIGN_OR_RETURN(outer_lower_, lower_->Evaluate(context, outer));
  }
  if (upper_) {
    ASSIGN_OR_RETURN(outer_upper_, upper_->Evaluate(context, outer));
  }
  return {};
}

Result<bool> IndexRangeBuilder::BeginRow(uint32_t row, bool backward) {
  return Begin(RowSource{outer_equal_, outer_any_of_, outer_lower_, outer_upper_, row}, backward);
}

Status IndexRangeBuilder::MakeElements(const Value& array, bool backward) {
  const SortOrder order = spec_.columns[equal_.size()].order;
  elements_.clear();
  const ArrayView view(array.bytes());
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (view.IsNull(i)) continue;
    std::string key;
    AppendKey(&key, view.GetValue(i), order);
    elements_.push_back(std::move(key));
  }
  std::sort(elements_.begin(), elements_.end());
  elements_.erase(std::unique(elements_.begin(), elements_.end()), elements_.end());
  if (backward) std::reverse(elements_.begin(), elements_.end());
  return {};
}

Result<bool> IndexRangeBuilder::BeginPoint(EvalContext& context) {
  return AppendEqual(ScalarSource{plan_, equal_, any_of_, lower_, upper_, context});
}

template <typename Source>
Result<bool> IndexRangeBuilder::AppendEqual(const Source& source) {
  prefix_.clear();
  for (size_t i = 0; i < equal_.size(); ++i) {
    ASSIGN_OR_RETURN(const bool not_null, source.AppendEqual(i, &prefix_, spec_.columns[i].order));
    if (!not_null) return false;
  }
  return true;
}

template <typename Source>
Result<bool> IndexRangeBuilder::Begin(const Source& source, bool backward) {
  lower_key_.clear();
  upper_key_.clear();
  elements_.clear();
  element_ = 0;
  ASSIGN_OR_RETURN(const bool none_null, AppendEqual(source));
  if (!none_null) return false;
  size_t next = equal_.size();
  if (any_of_) {
    ASSIGN_OR_RETURN(const Value array, source.AnyOf());
    if (array.is_null()) return false;
    RETURN_IF_ERROR(MakeElements(array, backward));
    if (elements_.empty()) return false;
    ++next;
  }
  if (lower_) {
    ASSIGN_OR_RETURN(const bool not_null,
                     source.AppendLower(&lower_key_, spec_.columns[next].order));
    if (!not_null) return false;
  }
  if (upper_) {
    ASSIGN_OR_RETURN(const bool not_null,
                     source.AppendUpper(&upper_key_, spec_.columns[next].order));
    if (!not_null) return false;
  }
  MakeRange();
  return true;
}

void IndexRangeBuilder::MakeRange() {
  range_.lower.assign(prefix_);
  if (any_of_) range_.lower.append(elements_[element_]);
  range_.upper.assign(range_.lower);
  range_.lower_inclusive = range_.upper_inclusive = true;
  const size_t next = equal_.size() + (any_of_ ? 1 : 0);
  if (plan_.only_null) {
    AppendNullKey(&range_.lower, spec_.columns[next].order);
    range_.upper.assign(range_.lower);
  }
  const bool exclude_null = lower_ || upper_ || plan_.exclude_null;
  if (exclude_null) {
    // Where the values lie between the NULLs: a bound of the other kind than the one given.
    const SortOrder order = spec_.columns[next].order;
    const bool swap = order.descending;
    const bool has_low = swap ? bool{upper_} : bool{lower_};
    const bool has_high = swap ? bool{lower_} : bool{upper_};
    if (has_low) {
      range_.lower.append(swap ? upper_key_ : lower_key_);
      range_.lower_inclusive = swap ? plan_.upper_inclusive : plan_.lower_inclusive;
    } else if (order.nulls_first) {
      AppendNullKey(&range_.lower, order);
      range_.lower_inclusive = false;
    }
    if (has_high) {
      range_.upper.append(swap ? lower_key_ : upper_key_);
      range_.upper_inclusive = swap ? plan_.lower_inclusive : plan_.upper_inclusive;
    } else if (!order.nulls_first) {
      AppendNullKey(&range_.upper, order);
      range_.upper_inclusive = false;
    }
  }
  range_.has_lower = !range_.lower.empty();
  range_.has_upper = !range_.upper.empty();
}

bool IndexRangeBuilder::NextRange() {
  if (element_ + 1 >= elements_.size()) return false;
  ++element_;
  MakeRange();
  return true;
}

bool IndexRangeBuilder::Contains(std::string_view key) {
  const size_t current = element_;
  bool found = false;
  element_ = 0;
  do {
    MakeRange();
    found = RangeContains(range_, key);
  } while (!found && ++element_ < elements_.size());
  element_ = current;
  return found;
}

}  // namespace oxibase
