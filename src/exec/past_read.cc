#include "exec/past_read.h"

#include <algorithm>

#include "common/datetime.h"
#include "expr/type_io.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

constexpr int64_t kMicros2000To2020 = Clock::kUnixMicros2020 - Clock::kUnixMicros2000;

}  // namespace

Status PastRead::Open(const Tablet& tablet) {
  Close();
  ASSIGN_OR_RETURN(const Value value, at_->EvaluateScalar(state_.context->eval));
  if (value.is_null()) {
    return Error(ErrorCode::kNullValueNotAllowed, "argument of AS OF must not be null");
  }
  ASSIGN_OR_RETURN(const Timestamp at,
                   plan_.as_of.is_transaction ? TimeOfTransaction(value) : TimeOf(value));
  pin_ = state_.context->txn->manager().PinPast(tablet, at);
  if (!pin_) return TooOld(tablet, at);
  return {};
}

Result<Timestamp> PastRead::TimeOf(const Value& value) {
  ExecContext& context = *state_.context;
  TxnManager& txns = context.txn->manager();
  const auto micros = value.As<int64_t>();
  const int64_t now = txns.clock().WallMicros() - Clock::kUnixMicros2000;
  if (micros > now) {
    std::string text;
    TextOut(value, TypeIo(context.eval), &text);
    return Error(ErrorCode::kInvalidParameterValue, "AS OF a time in the future: {}", text);
  }
  // What has committed since the statement began counts as later, so that one time is one state.
  if (context.as_of_newest.value == 0) {
    context.as_of_newest = std::max({context.snapshot.read_ts, txns.visible_ts(), Timestamp{1}});
  }
  if (micros < kMicros2000To2020) return Timestamp{0};
  // All that committed within that microsecond.
  const auto since = static_cast<uint64_t>(micros - kMicros2000To2020);
  return std::min(Timestamp{Timestamp::FromMicros(since + 1).value - 1}, context.as_of_newest);
}

Result<Timestamp> PastRead::TimeOfTransaction(const Value& value) {
  const auto id = value.As<int64_t>();
  TxnManager& txns = state_.context->txn->manager();
  if (id > 0) {
    const std::optional<Timestamp> at = txns.commit_times().Find({static_cast<uint64_t>(id)});
    if (at) return *at;
  }
  return Error(ErrorCode::kInvalidParameterValue, "no commit of transaction {} is known", id)
      .Detail("It has not committed, or wrote nothing, or did so before any table kept history.");
}

Status PastRead::TooOld(const Tablet& tablet, Timestamp at) const {
  const Timestamp from = tablet.history().from();
  if (from == Timestamp::Max()) {
    return Error(ErrorCode::kInvalidParameterValue, "table \"{}\" keeps no history",
                 plan_.table->name)
        .Hint(fmt::format("ALTER TABLE {} SET (history_retention = '1 day') keeps it from then on.",
                          plan_.table->name));
  }
  const auto text_of = [&](Timestamp ts) {
    const auto micros = static_cast<int64_t>(ts.micros_since_2020()) + kMicros2000To2020;
    std::string text;
    TextOut(Value::Fixed<int64_t>(TypeId::kTimestampTz, micros), TypeIo(state_.context->eval),
            &text);
    return text;
  };
  return Error(ErrorCode::kInvalidParameterValue,
               "the history of table \"{}\" does not reach back that far", plan_.table->name)
      .Detail(fmt::format("It begins at {}; what was asked for is the state of {}.", text_of(from),
                          text_of(at)));
}

}  // namespace oxibase
