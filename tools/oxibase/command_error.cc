#include "command_error.h"

#include <cstdio>

namespace oxibase {

int Fail(const Status& status) {
  std::fprintf(stderr, "oxibase: %.*s (SQLSTATE %.*s)\n", static_cast<int>(status.message().size()),
               status.message().data(), 5, SqlState(status.code()).data());
  if (!status.info().detail.empty()) {
    std::fprintf(stderr, "detail: %s\n", status.info().detail.c_str());
  }
  if (!status.info().hint.empty()) std::fprintf(stderr, "hint: %s\n", status.info().hint.c_str());
  return 1;
}

}  // namespace oxibase
