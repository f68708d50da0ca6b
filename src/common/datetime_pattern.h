#pragma once
// to_char, to_timestamp and to_date by patterns ("YYYY-MM-DD HH24:MI:SS").

#include <cstdint>
#include <string>
#include <string_view>

#include "common/datetime.h"
#include "common/numeric.h"

namespace oxibase {

/// to_char(timestamp, pattern). False (NULL) for infinities and an empty pattern.
Result<bool> FormatTimestamp(int64_t timestamp, std::string_view pattern, std::string* out);
Result<bool> FormatTimestampTz(int64_t timestamp, std::string_view pattern, const Zone& zone,
                               std::string* out);
Status FormatInterval(const IntervalValue& interval, std::string_view pattern, std::string* out);
/// to_timestamp(text, pattern). 22007, 22008.
Result<int64_t> ParseTimestampPattern(std::string_view text, std::string_view pattern,
                                      const Zone& zone);
/// to_date(text, pattern)
Result<int32_t> ParseDatePattern(std::string_view text, std::string_view pattern);

}  // namespace oxibase
