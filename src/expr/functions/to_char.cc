// to_char, to_date, to_timestamp with patterns.

#include "common/datetime_pattern.h"
#include "expr/function_registry.h"
#include "expr/kernels.h"
#include "expr/time_zone_of.h"

namespace oxibase {
namespace {

using View = std::string_view;
using OptionalText = std::optional<std::string>;

Result<OptionalText> OfTimestamp(int64_t timestamp, View pattern) {
  std::string out;
  ASSIGN_OR_RETURN(const bool finite, FormatTimestamp(timestamp, pattern, &out));
  return finite ? OptionalText(std::move(out)) : OptionalText();
}
Result<OptionalText> OfTimestampTz(Frame& frame, int64_t timestamp, View pattern) {
  std::string out;
  ASSIGN_OR_RETURN(const bool finite,
                   FormatTimestampTz(timestamp, pattern, ZoneOf(frame.context), &out));
  return finite ? OptionalText(std::move(out)) : OptionalText();
}
Result<OptionalText> OfInterval(const IntervalValue& interval, View pattern) {
  std::string out;
  if (pattern.empty()) return OptionalText();
  RETURN_IF_ERROR(FormatInterval(interval, pattern, &out));
  return OptionalText(std::move(out));
}
Result<int64_t> ToTimestamp(Frame& frame, View text, View pattern) {
  return ParseTimestampPattern(text, pattern, ZoneOf(frame.context));
}

}  // namespace

void RegisterToChar(FunctionRegistry& r) {
  r.Scalar("timestamp_to_char", &Strict<&OfTimestamp>);
  r.Scalar("timestamptz_to_char", &Strict<&OfTimestampTz>);
  r.Scalar("interval_to_char", &Strict<&OfInterval>);
  r.Scalar("to_timestamp(text,text)", &Strict<&ToTimestamp>);
  r.Scalar("to_date", &Strict<&ParseDatePattern>);
}

}  // namespace oxibase
