#include "exec/subplan.h"

#include <algorithm>
#include <array>

#include "common/array.h"
#include "common/record.h"
#include "exec/vector_copy.h"
#include "expr/hash.h"

namespace oxibase {
namespace {

constexpr size_t kCachedAnswersMax = 100000;

enum class Truth : uint8_t { kFalse, kTrue, kUnknown };

Truth TruthAt(const VectorView& view, uint32_t row) {
  if (view.IsNull(row)) return Truth::kUnknown;
  return view.Get<uint8_t>(row) ? Truth::kTrue : Truth::kFalse;
}

Truth And(Truth a, Truth b) {
  if (a == Truth::kFalse || b == Truth::kFalse) return Truth::kFalse;
  return a == Truth::kUnknown || b == Truth::kUnknown ? Truth::kUnknown : Truth::kTrue;
}

Truth Or(Truth a, Truth b) {
  if (a == Truth::kTrue || b == Truth::kTrue) return Truth::kTrue;
  return a == Truth::kUnknown || b == Truth::kUnknown ? Truth::kUnknown : Truth::kFalse;
}

Value ToValue(Truth truth) {
  return truth == Truth::kUnknown ? Value::Null(TypeId::kBool) : Value::Bool(truth == Truth::kTrue);
}

bool SameHashType(TypeId a, TypeId b) {
  const auto text = [](TypeId id) { return id == TypeId::kText || id == TypeId::kVarchar; };
  return (a == b || (text(a) && text(b))) && IsHashable(a) && IsHashable(b);
}

}  // namespace

Status Subplan::Prepare() {
  const PhysicalNode& plan = *state_.plan.subplans[expr_.subplan];
  RETURN_IF_ERROR(args_.AddAll(expr_.args));
  RETURN_IF_ERROR(left_.AddAll(expr_.left));
  const std::string_view wanted = expr_.subquery_kind == SubqueryKind::kAll ? "<>" : "=";
  hashable_ = compares() && args_.size() == 0;
  for (size_t i = 0; i < expr_.left.size(); ++i) {
    CallSite site;
    site.function = expr_.comparisons[i];
    site.result = TypeId::kBool;
    site.arg_types = {expr_.left[i]->type, plan.types[i]};
    sites_.push_back(std::move(site));
    hashable_ = hashable_ && expr_.comparisons[i]->name == wanted &&
                SameHashType(expr_.left[i]->type.id, plan.types[i].id);
    or_columns_ = expr_.comparisons[i]->name == "<>";
  }
  rows_ = std::make_unique<RowStore>(plan.types);
  if (hashable_) hash_.emplace(left_.types(), 0);
  std::vector<Type> outer = args_.types();
  outer.insert(outer.end(), left_.types().begin(), left_.types().end());
  if (std::all_of(outer.begin(), outer.end(), [](Type t) { return IsHashable(t.id); })) {
    cache_.emplace(outer, sizeof(uint32_t));
  }
  found_ = std::make_unique<std::byte*[]>(kVectorSize);
  created_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  ASSIGN_OR_RETURN(root_, BuildOperator(plan, state_));
  return {};
}

void Subplan::Close() {
  if (opened_) root_->Close();
  opened_ = false;
  single_.reset();
  rows_->Clear();
  have_rows_ = null_rows_ = false;
  if (hash_) hash_->Clear();
  if (cache_) cache_->Clear();
  answers_.clear();
  rows_memory_.Set0();
  hash_memory_.Set0();
}

Result<Value> Subplan::Scalar() {
  Value value = Value::Null(expr_.type);
  bool any = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, root_->Next());
    if (!batch) return value;
    if (batch->empty()) continue;
    if (any || batch->size > 1) {
      return Error(ErrorCode::kCardinalityViolation,
                   "more than one row returned by a subquery used as an expression");
    }
    any = true;
    value = batch->columns[0].GetValue(0);
  }
}

Result<Value> Subplan::Exists() {
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, root_->Next());
    if (!batch) return Value::Bool(false);
    if (!batch->empty()) return Value::Bool(true);
  }
}

Result<Value> Subplan::Array() {
  const TypeId element = rows_->types()[0].id;
  const bool nested = IsArrayType(element);
  ArrayBuilder builder(nested ? ElementTypeOf(element) : element);
  std::vector<ArrayDim> dims;
  int32_t outer = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, root_->Next());
    if (!batch) break;
    const VectorView view = batch->columns[0].view();
    for (uint32_t i = 0; i < batch->size; ++i) {
      if (!nested) {
        builder.AddFrom(view, i);
        continue;
      }
      if (view.IsNull(i)) {
        return Error(ErrorCode::kNullValueNotAllowed, "cannot accumulate null arrays");
      }
      const ArrayView inner(view.Get<StringRef>(i).view());
      if (inner.ndim() == 0) {
        return Error(ErrorCode::kArraySubscriptError, "cannot accumulate empty arrays");
      }
      std::vector<ArrayDim> inner_dims;
      for (int d = 0; d < inner.ndim(); ++d) inner_dims.push_back(inner.dim(d));
      if (outer > 0 && inner_dims != dims) {
        return Error(ErrorCode::kArraySubscriptError,
                     "cannot accumulate arrays of different dimensionality");
      }
      dims = std::move(inner_dims);
      ++outer;
      for (uint32_t e = 0; e < inner.size(); ++e) {
        if (inner.IsNull(e)) {
          builder.AddNull();
        } else {
          builder.AddBytes(inner.GetBytes(e));
        }
      }
    }
  }
  std::string bytes;
  if (nested && outer > 0) {
    dims.insert(dims.begin(), ArrayDim{outer, 1});
    if (dims.size() > kArrayDimsMax) {
      return Error(ErrorCode::kProgramLimitExceeded,
                   "number of array dimensions ({}) exceeds the maximum allowed ({})", dims.size(),
                   kArrayDimsMax);
    }
    builder.Finish(&bytes, dims);
  } else {
    builder.Finish(&bytes);
  }
  return Value::String(expr_.type, std::move(bytes));
}

Result<Value> Subplan::Record() {
  Value value = Value::Null(expr_.type);
  bool any = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, root_->Next());
    if (!batch) return value;
    if (batch->empty()) continue;
    if (any || batch->size > 1) {
      return Error(ErrorCode::kCardinalityViolation,
                   "more than one row returned by a subquery used as an expression");
    }
    any = true;
    std::string bytes;
    RecordBuilder builder(&bytes, static_cast<uint16_t>(batch->columns.size()));
    for (const Vector& column : batch->columns) builder.AddValue(column.GetValue(0));
    value = Value::String(expr_.type, std::move(bytes));
  }
}

Status Subplan::Materialize() {
  rows_->Clear();
  null_rows_ = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, root_->Next());
    if (!batch) return {};
    for (const Vector& column : batch->columns) {
      const VectorView view = column.view();
      if (view.validity->all_valid()) continue;
      for (uint32_t i = 0; i < batch->size; ++i) null_rows_ |= view.IsNull(i);
    }
    rows_->Append(*batch);
    RETURN_IF_ERROR(state_.Hold(*rows_, rows_memory_));
  }
}

Result<Value> Subplan::CompareWithRows(uint32_t row) {
  const bool all = expr_.subquery_kind == SubqueryKind::kAll;
  Truth answer = all ? Truth::kTrue : Truth::kFalse;
  std::vector<Vector> left;
  for (size_t i = 0; i < left_.size(); ++i) {
    left.emplace_back(left_.types()[i]);
    RepeatRow(left.back(), left_.result(i), row);
  }
  Vector compared(TypeId::kBool);
  std::vector<Truth> truths;
  for (size_t c = 0; c < rows_->chunk_count(); ++c) {
    RETURN_IF_ERROR(eval().CheckCancelled());
    const Batch& chunk = rows_->chunk(c);
    RETURN_IF_ERROR(rows_->status());
    truths.assign(chunk.size, or_columns_ ? Truth::kFalse : Truth::kTrue);
    for (size_t i = 0; i < left.size(); ++i) {
      const std::array<const Vector*, 2> args = {&left[i], &chunk.columns[i]};
      RETURN_IF_ERROR(sites_[i].function->kernel(eval(), sites_[i], args, chunk.size, compared));
      const VectorView view = compared.view();
      for (uint32_t r = 0; r < chunk.size; ++r) {
        const Truth truth = TruthAt(view, r);
        truths[r] = or_columns_ ? Or(truths[r], truth) : And(truths[r], truth);
      }
    }
    for (const Truth truth : truths) answer = all ? And(answer, truth) : Or(answer, truth);
    if (answer == (all ? Truth::kFalse : Truth::kTrue)) break;
  }
  return ToValue(answer);
}

Result<Value> Subplan::Answer(uint32_t row) {
  for (size_t i = 0; i < args_.size(); ++i) {
    state_.context->params[expr_.params[i]] = args_.result(i).GetValue(row);
  }
  opened_ = true;
  RETURN_IF_ERROR(root_->Open());
  switch (expr_.subquery_kind) {
    case SubqueryKind::kScalar:
      return Scalar();
    case SubqueryKind::kExists:
      return Exists();
    case SubqueryKind::kArray:
      return Array();
    case SubqueryKind::kRowFromQuery:
      return Record();
    case SubqueryKind::kAny:
    case SubqueryKind::kAll:
      RETURN_IF_ERROR(Materialize());
      return CompareWithRows(row);
  }
  return Error(ErrorCode::kInternalError, "unknown kind of subquery");
}

Status Subplan::BuildHash() {
  for (size_t c = 0; c < rows_->chunk_count(); ++c) {
    const Batch& chunk = rows_->chunk(c);
    std::vector<const Vector*> keys;
    for (const Vector& column : chunk.columns) keys.push_back(&column);
    hash_->FindOrInsert(keys, nullptr, chunk.size, found_.get(), nullptr);
    RETURN_IF_ERROR(hash_memory_.Set(hash_->bytes()));
  }
  return rows_->status();
}

Status Subplan::RunHashed(const Batch& input, Vector& out) {
  const bool negated = expr_.subquery_kind == SubqueryKind::kAll;
  hash_->Find(left_.results(), nullptr, input.size, found_.get());
  out.ResetFlat(input.size);
  auto* values = out.data<uint8_t>();
  for (uint32_t row = 0; row < input.size; ++row) {
    bool null = false;
    for (const Vector* left : left_.results()) null |= left->view().IsNull(row);
    if (!null && found_[row]) {
      values[row] = negated ? 0 : 1;
    } else if ((!null && !null_rows_) || rows_->size() == 0) {
      values[row] = negated ? 1 : 0;
    } else if (left_.size() == 1) {
      out.validity().SetNull(row);
    } else {
      ASSIGN_OR_RETURN(const Value value, CompareWithRows(row));
      out.SetValue(row, value);
    }
  }
  return {};
}

Status Subplan::RunUncorrelated(const Batch& input, Vector& out) {
  if (!compares()) {
    if (!single_) {
      ASSIGN_OR_RETURN(single_, Answer(0));
    }
    single_->set_type(expr_.type);
    out.SetConstant(*single_);
    return {};
  }
  if (!have_rows_) {
    opened_ = true;
    RETURN_IF_ERROR(root_->Open());
    RETURN_IF_ERROR(Materialize());
    have_rows_ = true;
    if (hashable_) RETURN_IF_ERROR(BuildHash());
  }
  if (hashable_) return RunHashed(input, out);
  out.ResetFlat(input.size);
  for (uint32_t row = 0; row < input.size; ++row) {
    ASSIGN_OR_RETURN(const Value value, CompareWithRows(row));
    out.SetValue(row, value);
  }
  return {};
}

Status Subplan::RunCached(const Batch& input, Vector& out) {
  std::vector<const Vector*> outer(args_.results().begin(), args_.results().end());
  outer.insert(outer.end(), left_.results().begin(), left_.results().end());
  out.ResetFlat(input.size);
  if (!cache_) {
    for (uint32_t row = 0; row < input.size; ++row) {
      ASSIGN_OR_RETURN(const Value value, Answer(row));
      out.SetValue(row, value);
    }
    return {};
  }
  if (cache_->size() > kCachedAnswersMax) {
    cache_->Clear();
    answers_.clear();
  }
  cache_->FindOrInsert(outer, nullptr, input.size, found_.get(), nullptr);
  for (uint32_t row = 0; row < input.size; ++row) {
    auto* position = reinterpret_cast<uint32_t*>(found_[row]);
    if (*position == 0) {
      ASSIGN_OR_RETURN(Value value, Answer(row));
      answers_.push_back(std::move(value));
      *position = static_cast<uint32_t>(answers_.size());
    }
    out.SetValue(row, answers_[*position - 1]);
  }
  return {};
}

Status Subplan::Run(const Batch& input, Vector& out) {
  RETURN_IF_ERROR(args_.Evaluate(eval(), input));
  RETURN_IF_ERROR(left_.Evaluate(eval(), input));
  return args_.size() == 0 ? RunUncorrelated(input, out) : RunCached(input, out);
}

}  // namespace oxibase
