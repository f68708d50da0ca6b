// Aggregates that keep what they see: string_agg, array_agg, json[b]_agg, json[b]_object_agg, and
// the ordered-set ones. Several arguments, NULLs count: written without the templates.

#include <cmath>

#include "common/array.h"
#include "common/datetime.h"
#include "common/record.h"
#include "expr/function_registry.h"
#include "expr/functions/json_build.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

using Args = std::span<const Vector* const>;

constexpr size_t kBytesMax = 0x3FFFFFFF;

Status TooLarge() {
  return Error(ErrorCode::kProgramLimitExceeded, "the result of an aggregate is too large");
}

/// What an implementation offers: a state with `Add(context, site, args, row)` and
/// `Finish(context, site, out, row)`; rows arrive in the order that ORDER BY asks for.
template <typename S>
struct Collecting {
  static void Init(std::byte* state) { new (state) S(); }
  static void Destroy(std::byte* state) { std::destroy_at(reinterpret_cast<S*>(state)); }
  static Status Update(EvalContext& context, CallSite& site, Args args, uint32_t rows,
                       std::byte* const* states, Arena&) {
    for (uint32_t i = 0; i < rows; ++i) {
      RETURN_IF_ERROR(reinterpret_cast<S*>(states[i])->Add(context, site, args, i));
    }
    return {};
  }
  static Status UpdateOne(EvalContext& context, CallSite& site, Args args, uint32_t rows,
                          std::byte* state, Arena&) {
    for (uint32_t i = 0; i < rows; ++i) {
      RETURN_IF_ERROR(reinterpret_cast<S*>(state)->Add(context, site, args, i));
    }
    return {};
  }
  static Status Finalize(EvalContext& context, CallSite& site, std::byte* const* states,
                         uint32_t count, Vector& out) {
    out.ResetFlat(count);
    for (uint32_t i = 0; i < count; ++i) {
      RETURN_IF_ERROR(reinterpret_cast<S*>(states[i])->Finish(context, site, out, i));
    }
    return {};
  }
  static const AggregateImpl* Get() {
    static constexpr AggregateImpl kImpl = {.state_bytes = (sizeof(S) + 15) & ~size_t{15},
                                            .init = Init,
                                            .update = Update,
                                            .update_one = UpdateOne,
                                            .combine = nullptr,
                                            .finalize = Finalize,
                                            .retract = nullptr,
                                            .destroy = Destroy};
    return &kImpl;
  }
};

/// string_agg(value, separator): the separator goes before each value but the first.
struct StringAgg {
  std::string text;
  bool any = false;
  Status Add(EvalContext&, CallSite&, Args args, uint32_t row) {
    const VectorView value = args[0]->view();
    const VectorView separator = args[1]->view();
    if (value.IsNull(row)) return {};
    if (any && !separator.IsNull(row)) text += separator.Get<StringRef>(row).view();
    text += value.Get<StringRef>(row).view();
    any = true;
    return text.size() > kBytesMax ? TooLarge() : Status();
  }
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (any) {
      kernels::Put(out, row, text);
    } else {
      kernels::PutNull(out, row);
    }
    return {};
  }
};

struct ArrayAgg {
  std::optional<ArrayBuilder> builder;
  Status Add(EvalContext&, CallSite& site, Args args, uint32_t row) {
    if (!builder) builder.emplace(ElementTypeOf(site.result.id));
    builder->AddFrom(args[0]->view(), row);
    return builder->size() > kArrayElementsMax ? TooLarge() : Status();
  }
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (!builder) {
      kernels::PutNull(out, row);
      return {};
    }
    std::string bytes;
    builder->Finish(&bytes);
    kernels::Put(out, row, bytes);
    return {};
  }
};

/// array_agg over arrays: one dimension more.
struct ArrayOfArraysAgg {
  std::optional<ArrayBuilder> builder;
  std::vector<ArrayDim> dims;
  int32_t count = 0;
  Status Add(EvalContext&, CallSite& site, Args args, uint32_t row) {
    const VectorView view = args[0]->view();
    if (view.IsNull(row)) {
      return Error(ErrorCode::kNullValueNotAllowed, "cannot accumulate null arrays");
    }
    const ArrayView array(view.Get<StringRef>(row).view());
    if (array.ndim() == 0) {
      return Error(ErrorCode::kArraySubscriptError, "cannot accumulate empty arrays");
    }
    std::vector<ArrayDim> own;
    for (int d = 0; d < array.ndim(); ++d) own.push_back(array.dim(d));
    if (!builder) {
      builder.emplace(ElementTypeOf(site.result.id));
      dims = own;
    } else if (own != dims) {
      return Error(ErrorCode::kArraySubscriptError,
                   "cannot accumulate arrays of different dimensionality");
    }
    for (uint32_t i = 0; i < array.size(); ++i) {
      if (array.IsNull(i)) {
        builder->AddNull();
      } else {
        builder->AddBytes(array.GetBytes(i));
      }
    }
    ++count;
    return {};
  }
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (!builder) {
      kernels::PutNull(out, row);
      return {};
    }
    std::vector<ArrayDim> all = dims;
    all.insert(all.begin(), ArrayDim{count, 1});
    RETURN_IF_ERROR(CheckArraySize(all));
    std::string bytes;
    builder->Finish(&bytes, all);
    kernels::Put(out, row, bytes);
    return {};
  }
};

template <bool kObject>
struct JsonAgg {
  std::string text;
  Status Add(EvalContext& context, CallSite& site, Args args, uint32_t row) {
    const TypeIo io(context);
    const bool first = text.empty();
    if (first) text = kObject ? "{ " : "[";
    if constexpr (kObject) {
      if (!first) text += ", ";
      const Value key = args[0]->GetValue(row);
      if (key.is_null()) {
        return Error(ErrorCode::kInvalidParameterValue, "field name must not be null");
      }
      ASSIGN_OR_RETURN(const std::string name, JsonKeyOf(key, io));
      AppendJsonString(name, &text);
      text += " : ";
      RETURN_IF_ERROR(AppendAsJson(args[1]->GetValue(row), io, &text));
    } else {
      const TypeId type = site.arg_types.empty() ? args[0]->type().id : site.arg_types[0].id;
      const bool lines = type == TypeId::kRecord || IsArrayType(type);
      if (!first) text += lines && !args[0]->IsNull(row) ? ", \n " : ", ";
      RETURN_IF_ERROR(AppendAsJson(args[0]->GetValue(row), io, &text));
    }
    return text.size() > kBytesMax ? TooLarge() : Status();
  }
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (text.empty()) {
      kernels::PutNull(out, row);
    } else {
      kernels::Put(out, row, text + (kObject ? " }" : "]"));
    }
    return {};
  }
};

template <bool kObject>
struct JsonbAgg {
  JsonbBuilder builder;
  bool any = false;
  Status Add(EvalContext& context, CallSite&, Args args, uint32_t row) {
    const TypeIo io(context);
    if (!any) kObject ? builder.BeginObject() : builder.BeginArray();
    any = true;
    if constexpr (kObject) {
      const Value key = args[0]->GetValue(row);
      if (key.is_null()) {
        return Error(ErrorCode::kInvalidParameterValue, "field name must not be null");
      }
      ASSIGN_OR_RETURN(const std::string name, JsonKeyOf(key, io));
      builder.Key(name);
    }
    return AddAsJsonb(args[kObject ? 1 : 0]->GetValue(row), io, &builder);
  }
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (!any) {
      kernels::PutNull(out, row);
      return {};
    }
    kObject ? builder.EndObject() : builder.EndArray();
    kernels::Put(out, row, builder.Finish());
    any = false;
    return {};
  }
};

// ---- Ordered-set aggregates: the sorted values come as the first argument, the direct argument
// behind them.

struct SortedValues {
  std::vector<Value> values;
  Value direct;
  Status Add(EvalContext&, CallSite&, Args args, uint32_t row) {
    if (args.size() > 1 && values.empty()) direct = args[1]->GetValue(row);
    if (!args[0]->IsNull(row)) values.push_back(args[0]->GetValue(row));
    return {};
  }
  static Status CheckFraction(double p) {
    if (p < 0 || p > 1 || std::isnan(p)) {
      return Error(ErrorCode::kNumericValueOutOfRange, "percentile value {} is not between 0 and 1",
                   p);
    }
    return {};
  }
};

struct PercentileDisc : SortedValues {
  Result<Value> At(double p) const {
    RETURN_IF_ERROR(CheckFraction(p));
    const double rank = std::ceil(p * static_cast<double>(values.size()));
    return values[rank < 1 ? 0 : static_cast<size_t>(rank) - 1];
  }
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (values.empty() || direct.is_null()) {
      kernels::PutNull(out, row);
      return {};
    }
    ASSIGN_OR_RETURN(const Value value, At(direct.As<double>()));
    out.SetValue(row, value);
    return {};
  }
};

struct PercentileCont : SortedValues {
  Result<Value> At(double p) const {
    RETURN_IF_ERROR(CheckFraction(p));
    const double place = p * static_cast<double>(values.size() - 1);
    const auto low = static_cast<size_t>(std::floor(place));
    const auto high = static_cast<size_t>(std::ceil(place));
    const double part = place - std::floor(place);
    if (low == high) return values[low];
    if (values[low].type().id == TypeId::kInterval) {
      const auto a = values[low].As<IntervalValue>();
      const auto b = values[high].As<IntervalValue>();
      ASSIGN_OR_RETURN(const IntervalValue distance, IntervalSub(b, a));
      ASSIGN_OR_RETURN(const IntervalValue step, IntervalMul(distance, part));
      ASSIGN_OR_RETURN(const IntervalValue sum, IntervalAdd(a, step));
      return Value::Fixed(TypeId::kInterval, sum);
    }
    const double a = values[low].As<double>();
    return Value::Float8(a + part * (values[high].As<double>() - a));
  }
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (values.empty() || direct.is_null()) {
      kernels::PutNull(out, row);
      return {};
    }
    ASSIGN_OR_RETURN(const Value value, At(direct.As<double>()));
    out.SetValue(row, value);
    return {};
  }
};

/// percentile_*(array of fractions): an array of results.
template <typename Single>
struct Percentiles : Single {
  Status Finish(EvalContext&, CallSite& site, Vector& out, uint32_t row) {
    if (this->values.empty() || this->direct.is_null()) {
      kernels::PutNull(out, row);
      return {};
    }
    const ArrayView fractions(this->direct.bytes());
    ArrayBuilder builder(ElementTypeOf(site.result.id));
    for (uint32_t i = 0; i < fractions.size(); ++i) {
      if (fractions.IsNull(i)) {
        builder.AddNull();
        continue;
      }
      ASSIGN_OR_RETURN(const Value value, this->At(fractions.Get<double>(i)));
      builder.AddValue(value);
    }
    std::string bytes;
    builder.Finish(&bytes);
    kernels::Put(out, row, bytes);
    return {};
  }
};

/// mode(): the most frequent value, the first of them in order.
struct Mode : SortedValues {
  Status Finish(EvalContext&, CallSite&, Vector& out, uint32_t row) {
    if (values.empty()) {
      kernels::PutNull(out, row);
      return {};
    }
    size_t best = 0;
    size_t best_count = 0;
    for (size_t i = 0; i < values.size();) {
      size_t end = i + 1;
      while (end < values.size() && BytesOf(values[end]) == BytesOf(values[i])) ++end;
      if (end - i > best_count) {
        best = i;
        best_count = end - i;
      }
      i = end;
    }
    out.SetValue(row, values[best]);
    return {};
  }
};

}  // namespace

void RegisterAggregateCollect(FunctionRegistry& r) {
  r.Aggregate("string_agg(text,text)", Collecting<StringAgg>::Get());
  r.Aggregate("string_agg(bytea,bytea)", Collecting<StringAgg>::Get());
  r.Aggregate("array_agg(anynonarray)", Collecting<ArrayAgg>::Get());
  r.Aggregate("array_agg(anyarray)", Collecting<ArrayOfArraysAgg>::Get());
  r.Aggregate("json_agg(anyelement)", Collecting<JsonAgg<false>>::Get());
  r.Aggregate("json_object_agg(any,any)", Collecting<JsonAgg<true>>::Get());
  r.Aggregate("jsonb_agg(anyelement)", Collecting<JsonbAgg<false>>::Get());
  r.Aggregate("jsonb_object_agg(any,any)", Collecting<JsonbAgg<true>>::Get());
  r.Aggregate("percentile_disc(float8,anyelement)", Collecting<PercentileDisc>::Get(), true);
  r.Aggregate("percentile_disc(_float8,anyelement)", Collecting<Percentiles<PercentileDisc>>::Get(),
              true);
  r.Aggregate("percentile_cont(float8,float8)", Collecting<PercentileCont>::Get(), true);
  r.Aggregate("percentile_cont(float8,interval)", Collecting<PercentileCont>::Get(), true);
  r.Aggregate("percentile_cont(_float8,float8)", Collecting<Percentiles<PercentileCont>>::Get(),
              true);
  r.Aggregate("percentile_cont(_float8,interval)", Collecting<Percentiles<PercentileCont>>::Get(),
              true);
  r.Aggregate("mode(anyelement)", Collecting<Mode>::Get(), true);
}

}  // namespace oxibase
