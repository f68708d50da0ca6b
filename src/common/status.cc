#include "common/status.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace oxibase {

std::string_view SqlState(ErrorCode code) {
  static constexpr auto kStates = std::to_array<std::string_view>({
#define OXI_ERROR(name, sqlstate) sqlstate,
#include "common/error_codes.inc"
#undef OXI_ERROR
  });
  return kStates[static_cast<size_t>(code)];
}

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace oxibase
