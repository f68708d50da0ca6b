// oxibase_copy_*: COPY from and to the caller.

#include "api/handles.h"
#include "api/last_error.h"

using oxibase::Error;
using oxibase::ErrorCode;
using oxibase::PortalKind;
using oxibase::Result;
using oxibase::Status;
using oxibase::api::Fail;
using oxibase::api::FailNull;
using State = oxibase_statement::State;

namespace oxibase::api {
namespace {

/// Begins the COPY unless it runs. OXIBASE_OK or an error.
int EnsureCopy(oxibase_statement* s, PortalKind kind) {
  if (!s) return FailNull("the statement");
  if (!s->connection) {
    return Fail(Error(ErrorCode::kConnectionDoesNotExist, "the statement's connection is closed"));
  }
  if (!s->is_copy) {
    return Fail(Error(ErrorCode::kInvalidCursorState, "the statement is no COPY {}",
                      kind == PortalKind::kCopyIn ? "FROM STDIN" : "TO STDOUT"));
  }
  if (s->state != State::kReady && s->state != State::kRunning) {
    return Fail(Error(ErrorCode::kInvalidCursorState, "the COPY is over")
                    .Hint("Reset the statement to run it anew."));
  }
  if (s->state == State::kReady) {
    s->portal.reset();
    if (Status status = BeginRun(s); !status.ok()) return FailRun(s, status);
    s->rows = 0;
  }
  if (s->portal->kind() != kind) {
    return Fail(Error(ErrorCode::kInvalidCursorState, "the statement is no COPY {}",
                      kind == PortalKind::kCopyIn ? "FROM STDIN" : "TO STDOUT"));
  }
  return OXIBASE_OK;
}

}  // namespace
}  // namespace oxibase::api

using oxibase::api::EnsureCopy;

extern "C" {

int oxibase_copy_write(oxibase_statement* statement, const void* bytes, size_t size) try {
  if (const int begun = EnsureCopy(statement, PortalKind::kCopyIn); begun < 0) return begun;
  if (!bytes && size != 0) return FailNull("the place of the bytes");
  if (size == 0) return OXIBASE_OK;
  const Status status = statement->portal->CopyData({static_cast<const char*>(bytes), size});
  return status.ok() ? OXIBASE_OK : oxibase::api::FailRun(statement, status);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_copy_finish(oxibase_statement* statement, uint64_t* rows) try {
  if (rows) *rows = 0;
  if (const int begun = EnsureCopy(statement, PortalKind::kCopyIn); begun < 0) return begun;
  if (const Status status = statement->portal->CopyDone(); !status.ok()) {
    return oxibase::api::FailRun(statement, status);
  }
  if (oxibase::api::CompleteRun(statement) < 0) return OXIBASE_ERROR;
  if (rows) *rows = statement->rows;
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_copy_read(oxibase_statement* statement, const char** bytes, size_t* size) try {
  if (!bytes || !size) return FailNull("the place for the bytes");
  *bytes = "";
  *size = 0;
  if (statement && statement->is_copy && statement->state == State::kDone) return OXIBASE_DONE;
  if (const int begun = EnsureCopy(statement, PortalKind::kCopyOut); begun < 0) return begun;
  const Result<std::string_view> data = statement->portal->NextCopyData();
  if (!data.ok()) return oxibase::api::FailRun(statement, data.status());
  if (data->empty()) return oxibase::api::CompleteRun(statement);
  *bytes = data->data();
  *size = data->size();
  return OXIBASE_ROW;
} catch (...) {
  return oxibase::api::FailException();
}

}  // extern "C"
