// generate_series over timestamps.

#include "common/datetime.h"
#include "expr/function_registry.h"
#include "expr/table_function.h"
#include "expr/time_zone_of.h"

namespace oxibase {
namespace {

Status ZeroStep() {
  return Error(ErrorCode::kInvalidParameterValue, "step size cannot equal zero");
}

template <bool kWithZone>
class TimestampSeries : public TableFunctionState {
 public:
  TimestampSeries(int64_t start, int64_t stop, IntervalValue step)
      : next_(start), stop_(stop), step_(step), rising_(CompareIntervals(step, {}) > 0) {}
  Status Next(EvalContext& context, Batch& out) override {
    RETURN_IF_ERROR(context.CheckCancelled());
    const Type type = kWithZone ? TypeId::kTimestampTz : TypeId::kTimestamp;
    StartBatch(out, {&type, 1});
    while (out.size < kVectorSize && (rising_ ? next_ <= stop_ : next_ >= stop_)) {
      out.columns[0].data<int64_t>()[out.size++] = next_;
      if constexpr (kWithZone) {
        ASSIGN_OR_RETURN(next_, TimestampTzAddInterval(next_, step_, ZoneOf(context)));
      } else {
        ASSIGN_OR_RETURN(next_, TimestampAddInterval(next_, step_));
      }
    }
    return {};
  }

 private:
  int64_t next_, stop_;
  IntervalValue step_;
  bool rising_;
};

template <bool kWithZone>
TableRows OpenTimestamps(EvalContext&, CallSite&, std::span<const Value> args) {
  const auto step = args[2].As<IntervalValue>();
  if (CompareIntervals(step, {}) == 0) return ZeroStep();
  return std::unique_ptr<TableFunctionState>(std::make_unique<TimestampSeries<kWithZone>>(
      args[0].As<int64_t>(), args[1].As<int64_t>(), step));
}

}  // namespace

void RegisterSeriesTime(FunctionRegistry& r) {
  r.Table("generate_series_timestamp", &StrictOpen<OpenTimestamps<false>>);
  r.Table("generate_series_timestamptz", &StrictOpen<OpenTimestamps<true>>);
}

}  // namespace oxibase
