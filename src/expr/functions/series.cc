// generate_series, generate_subscripts, unnest.

#include "common/array.h"
#include "expr/function_registry.h"
#include "expr/functions/keywords.h"
#include "expr/functions/options.h"
#include "expr/table_function.h"

namespace oxibase {
namespace {

Status ZeroStep() {
  return Error(ErrorCode::kInvalidParameterValue, "step size cannot equal zero");
}

template <typename T>
class IntegerSeries : public TableFunctionState {
 public:
  IntegerSeries(Type type, T start, T stop, T step)
      : type_(type), next_(start), stop_(stop), step_(step) {}
  Status Next(EvalContext& context, Batch& out) override {
    RETURN_IF_ERROR(context.CheckCancelled());
    StartBatch(out, {&type_, 1});
    T* values = out.columns[0].data<T>();
    while (!done_ && out.size < kVectorSize && (step_ > 0 ? next_ <= stop_ : next_ >= stop_)) {
      values[out.size++] = next_;
      done_ = __builtin_add_overflow(next_, step_, &next_);
    }
    return {};
  }

 private:
  Type type_;
  T next_, stop_, step_;
  bool done_ = false;
};

template <typename T>
TableRows OpenIntegers(EvalContext&, CallSite& site, std::span<const Value> args) {
  const T step = args.size() > 2 ? args[2].As<T>() : T{1};
  if (step == 0) return ZeroStep();
  return std::unique_ptr<TableFunctionState>(
      std::make_unique<IntegerSeries<T>>(site.result, args[0].As<T>(), args[1].As<T>(), step));
}

class NumericSeries : public TableFunctionState {
 public:
  NumericSeries(Numeric start, Numeric stop, Numeric step)
      : next_(std::move(start)), stop_(std::move(stop)), step_(std::move(step)) {}
  Status Next(EvalContext& context, Batch& out) override {
    RETURN_IF_ERROR(context.CheckCancelled());
    const Type type = TypeId::kNumeric;
    StartBatch(out, {&type, 1});
    while (out.size < kVectorSize) {
      const int order = Numeric::Compare(next_, stop_);
      if (step_.sign() > 0 ? order > 0 : order < 0) break;
      kernels::Put(out.columns[0], out.size++, next_);
      RETURN_IF_ERROR(Numeric::Add(next_, step_, &next_));
    }
    return {};
  }

 private:
  Numeric next_, stop_, step_;
};

TableRows OpenNumerics(EvalContext&, CallSite&, std::span<const Value> args) {
  static constexpr std::string_view kRoles[] = {"start", "stop", "step size"};
  for (size_t i = 0; i < args.size(); ++i) {
    const Numeric n((std::string_view(args[i].bytes())));
    if (n.is_nan()) {
      return Error(ErrorCode::kInvalidParameterValue, "{} {} cannot be NaN", kRoles[i],
                   i < 2 ? "value" : "");
    }
    if (n.is_infinite()) {
      return Error(ErrorCode::kInvalidParameterValue, "{} {} cannot be infinity", kRoles[i],
                   i < 2 ? "value" : "");
    }
  }
  Numeric step =
      args.size() > 2 ? Numeric(std::string_view(args[2].bytes())) : Numeric::FromInt64(1);
  if (step.is_zero()) return ZeroStep();
  return std::unique_ptr<TableFunctionState>(
      std::make_unique<NumericSeries>(Numeric(std::string_view(args[0].bytes())),
                                      Numeric(std::string_view(args[1].bytes())), std::move(step)));
}

/// An array's elements, and if there is a second type their numbers.
class Unnest : public TableFunctionState {
 public:
  Unnest(std::vector<Type> types, std::string array)
      : types_(std::move(types)), bytes_(std::move(array)), array_(bytes_) {}
  Status Next(EvalContext&, Batch& out) override {
    StartBatch(out, types_);
    for (; next_ < array_.size() && out.size < kVectorSize; ++next_) {
      if (types_.size() > 1) {
        out.columns[1].SetValue(out.size, Value::Int4(static_cast<int32_t>(next_) + 1));
      }
      array_.CopyElement(next_, &out.columns[0], out.size++);
    }
    return {};
  }

 private:
  std::vector<Type> types_;
  std::string bytes_;
  ArrayView array_;
  uint32_t next_ = 0;
};

TableRows OpenUnnest(EvalContext&, CallSite& site, std::span<const Value> args) {
  return std::unique_ptr<TableFunctionState>(
      std::make_unique<Unnest>(OutTypes(site), args[0].bytes()));
}

/// information_schema._pg_expandarray, which drivers read keys with.
TableRows OpenExpandArray(EvalContext& context, CallSite& site, std::span<const Value> args) {
  if (ArrayView(args[0].bytes()).ndim() != 1) {
    return std::unique_ptr<TableFunctionState>(std::make_unique<NoRows>(OutTypes(site)));
  }
  return OpenUnnest(context, site, args);
}

/// There are no partitions yet, so nothing has ancestors.
TableRows OpenNothing(EvalContext&, CallSite& site, std::span<const Value>) {
  return std::unique_ptr<TableFunctionState>(std::make_unique<NoRows>(OutTypes(site)));
}

TableRows OpenSubscripts(EvalContext&, CallSite& site, std::span<const Value> args) {
  const ArrayView array(args[0].bytes());
  const int32_t dimension = args[1].As<int32_t>();
  if (dimension < 1 || dimension > array.ndim()) {
    return std::unique_ptr<TableFunctionState>(std::make_unique<NoRows>(OutTypes(site)));
  }
  const ArrayDim dim = array.dim(dimension - 1);
  const int32_t last = dim.lower + dim.size - 1;
  const bool reverse = args.size() > 2 && args[2].AsBool();
  return std::unique_ptr<TableFunctionState>(std::make_unique<IntegerSeries<int32_t>>(
      TypeId::kInt4, reverse ? last : dim.lower, reverse ? dim.lower : last, reverse ? -1 : 1));
}

}  // namespace

void RegisterSeries(FunctionRegistry& r) {
  Function ancestors;
  ancestors.oid = 3425;
  ancestors.name = "pg_partition_ancestors";
  ancestors.kind = FunctionKind::kTable;
  ancestors.args = {TypeId::kRegClass};
  ancestors.result = TypeId::kRegClass;
  ancestors.open = &OpenNothing;
  r.Own(std::move(ancestors));
  Function expand;
  expand.oid = 13208;
  expand.name = "_pg_expandarray";
  expand.kind = FunctionKind::kTable;
  expand.args = {TypeId::kAnyArray};
  expand.result = TypeId::kAnyElement;
  expand.strict = true;
  expand.volatility = Volatility::kImmutable;
  expand.open = &StrictOpen<OpenExpandArray>;
  expand.out_columns = {{"x", TypeId::kAnyElement}, {"n", TypeId::kInt4}};
  r.Own(std::move(expand));
  r.Table("generate_series_int4", &StrictOpen<OpenIntegers<int32_t>>);
  r.Table("generate_series_step_int4", &StrictOpen<OpenIntegers<int32_t>>);
  r.Table("generate_series_int8", &StrictOpen<OpenIntegers<int64_t>>);
  r.Table("generate_series_step_int8", &StrictOpen<OpenIntegers<int64_t>>);
  r.Table("generate_series_numeric", &StrictOpen<OpenNumerics>);
  r.Table("generate_series_step_numeric", &StrictOpen<OpenNumerics>);
  r.Table("generate_subscripts", &StrictOpen<OpenSubscripts>);
  r.Table("generate_subscripts_nodir", &StrictOpen<OpenSubscripts>);
  r.Table("array_unnest", &StrictOpen<OpenUnnest>);
  RegisterKeywords(r);
  RegisterOptions(r);
}

}  // namespace oxibase
