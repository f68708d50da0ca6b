#pragma once
// The C API's errors: each thread's last one, as errno is.

#include <string_view>

#include "common/status.h"

namespace oxibase::api {

/// Keeps `status` as this thread's last error; returns OXIBASE_ERROR. `sql` is the text that its
/// location counts in. REQUIRES: !status.ok()
int Fail(const Status& status, std::string_view sql = {});

/// A NULL where a handle or a place for a result must be: 22023.
int FailNull(const char* what);

/// The exception being handled, as an error. REQUIRES: called in a catch block
int FailException();

}  // namespace oxibase::api
