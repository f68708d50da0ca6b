#include "api/last_error.h"

#include <algorithm>
#include <new>

#include "expr/type_io.h"
#include "oxibase/oxibase.h"

namespace oxibase::api {
namespace {

struct LastError {
  ErrorInfo info;
  std::string_view sqlstate;
  int64_t position = 0;
};

LastError& Last() {
  // A C function cannot return more than its code; the rest is asked for on the same thread.
  thread_local LastError last;  // NOLINT(env): the caller's thread, whichever it is
  return last;
}

}  // namespace

int Fail(const Status& status, std::string_view sql) {
  LastError& last = Last();
  last.info = status.info();
  last.sqlstate = SqlState(last.info.code);
  last.position = 0;
  if (last.info.location >= 0 && !sql.empty()) {
    const size_t at = std::min(static_cast<size_t>(last.info.location), sql.size());
    last.position = static_cast<int64_t>(Utf8Length(sql.substr(0, at))) + 1;
  }
  return OXIBASE_ERROR;
}

int FailNull(const char* what) {
  return Fail(Error(ErrorCode::kInvalidParameterValue, "{} is NULL", what));
}

int FailException() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Fail(Error(ErrorCode::kOutOfMemory, "out of memory"));
  } catch (const std::exception& e) {
    return Fail(Error(ErrorCode::kInternalError, "{}", e.what()));
  } catch (...) {
    return Fail(Error(ErrorCode::kInternalError, "unknown exception"));
  }
}

}  // namespace oxibase::api

extern "C" {

const char* oxibase_error_field(oxibase_field field) {
  using oxibase::api::Last;
  const oxibase::ErrorInfo& info = Last().info;
  switch (field) {
    case OXIBASE_SQLSTATE:
      return Last().sqlstate.empty() ? "" : Last().sqlstate.data();  // a literal each
    case OXIBASE_MESSAGE:
      return info.message.c_str();
    case OXIBASE_DETAIL:
      return info.detail.c_str();
    case OXIBASE_HINT:
      return info.hint.c_str();
    case OXIBASE_CONTEXT:
      return info.context.c_str();
    case OXIBASE_SCHEMA:
      return info.schema_name.c_str();
    case OXIBASE_TABLE:
      return info.table_name.c_str();
    case OXIBASE_COLUMN:
      return info.column_name.c_str();
    case OXIBASE_CONSTRAINT:
      return info.constraint_name.c_str();
    case OXIBASE_TYPE:
      return info.datatype_name.c_str();
  }
  return "";
}

int64_t oxibase_error_position(void) { return oxibase::api::Last().position; }

}  // extern "C"
