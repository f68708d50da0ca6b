#pragma once

#include <algorithm>
#include <cstddef>

#include "common/status.h"
#include "expr/eval_context.h"

namespace oxibase {

/// PostgreSQL's limit of one value of text or bytea.
inline constexpr size_t kTextBytesMax = 0x3FFFFFFF;

inline Status TextTooLong() {
  return Error(ErrorCode::kProgramLimitExceeded, "requested length too large");
}

/// For results that are put together piece by piece: 54000 past the limit, and every so many bytes
/// whether the statement is cancelled.
class TextGrowth {
 public:
  explicit TextGrowth(const EvalContext& context) : context_(context) {}
  /// The result is to have `bytes` now.
  Status Reach(size_t bytes) {
    if (bytes < next_look_) [[likely]]
      return {};
    if (bytes > kTextBytesMax) return TextTooLong();
    next_look_ = std::min(bytes + kBytesBetweenLooks, kTextBytesMax + 1);
    return context_.CheckCancelled();
  }

 private:
  static constexpr size_t kBytesBetweenLooks = 1 << 20;
  const EvalContext& context_;
  size_t next_look_ = kBytesBetweenLooks;
};

}  // namespace oxibase
