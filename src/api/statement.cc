// Statements: prepared, run step by step, run anew.

#include <algorithm>
#include <cstring>

#include "api/handles.h"
#include "api/last_error.h"

using oxibase::Batch;
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

int FailClosed() {
  return Fail(Error(ErrorCode::kConnectionDoesNotExist, "the statement's connection is closed"));
}

}  // namespace

int FailRun(oxibase_statement* s, const Status& status) {
  ShowNothing(s);
  s->state = State::kFailed;
  oxibase_connection* connection = s->connection;
  if (connection->running == s) connection->running = nullptr;
  connection->session->FailTransaction();
  connection->session->EndImplicit().Ignore("it rolls back");
  return Fail(status, s->sql);
}

int CompleteRun(oxibase_statement* s) {
  ShowNothing(s);
  s->state = State::kDone;
  oxibase_connection* connection = s->connection;
  if (connection->running == s) connection->running = nullptr;
  s->rows = s->portal->rows();
  if (Status status = Settle(*connection->session); !status.ok()) {
    s->state = State::kFailed;
    return Fail(status);
  }
  return OXIBASE_DONE;
}

Status BeginRun(oxibase_statement* s) {
  oxibase_connection* connection = s->connection;
  Session& session = *connection->session;
  if (connection->running) [[unlikely]]
    DetachRunning(connection);
  if (s->portal && session.transaction_status() != TransactionStatus::kFailed) [[likely]] {
    RETURN_IF_ERROR(s->portal->Rebind(s->params));
  } else {
    s->portal.reset();
    ASSIGN_OR_RETURN(s->portal, session.Bind(s->prepared, s->params));
  }
  s->state = State::kRunning;
  if (s->is_copy || session.transaction_status() == TransactionStatus::kIdle) {
    connection->running = s;
  }
  return {};
}

namespace {

/// The next of the rows that were taken into memory.
int StepKept(oxibase_statement* s) {
  if (s->cursor.rows != 0) s->kept.pop_front();
  if (!s->kept.empty()) {
    ShowBatch(s, s->kept.front());
    s->rows += s->kept.front().size;
    return OXIBASE_ROW;
  }
  ShowNothing(s);
  if (s->kept_error) {
    s->state = State::kFailed;
    return Fail(*s->kept_error, s->sql);
  }
  s->state = State::kDone;
  return OXIBASE_DONE;
}

}  // namespace

void DetachRunning(oxibase_connection* connection) {
  oxibase_statement* s = connection->running;
  if (!s) return;
  connection->running = nullptr;
  if (s->is_copy) {
    if (s->portal->kind() == PortalKind::kCopyIn) {
      s->portal->CopyFail("another statement was run").Ignore("it is told below");
    }
    s->portal.reset();
    FailRun(s, Error(ErrorCode::kInvalidCursorState, "another statement was run during COPY"));
    return;
  }
  // The batch that is being read is the portal's, so it is copied as well.
  const auto keep = [s](const Batch& batch) {
    Batch& copy = s->kept.emplace_back();
    for (const Vector& column : batch.columns) {
      Vector& to = copy.columns.emplace_back(column.type());
      to.ResetFlat(batch.size);
      to.Append(0, column, 0, batch.size);
    }
    copy.size = batch.size;
  };
  const uint32_t row = s->cursor.row;
  const bool has_batch = s->cursor.rows != 0;
  if (has_batch) keep(*s->batch);
  for (;;) {
    Result<const Batch*> batch = s->portal->Next(0);
    if (!batch.ok()) {
      s->kept_error = std::make_unique<Status>(std::move(batch).status());
      connection->session->FailTransaction();
      break;
    }
    if (!*batch) break;
    keep(**batch);
  }
  Status status = Settle(*connection->session);
  if (!status.ok() && !s->kept_error) s->kept_error = std::make_unique<Status>(std::move(status));
  s->state = State::kDetached;
  if (has_batch) {
    ShowBatch(s, s->kept.front());
    s->cursor.row = row;
  }
}

int Reset(oxibase_statement* s) {
  const State state = s->state;
  ShowNothing(s);
  if (!s->connection) return FailClosed();
  s->state = State::kReady;
  if (state == State::kDetached) {
    s->kept.clear();
    s->kept_error.reset();
  }
  if (state != State::kRunning) return OXIBASE_OK;
  oxibase_connection* connection = s->connection;
  if (s->is_copy) {
    if (connection->running == s) connection->running = nullptr;
    if (s->portal->kind() == PortalKind::kCopyIn) {
      s->portal->CopyFail("the statement was reset").Ignore("as the caller wishes");
      connection->session->FailTransaction();
    }
    s->portal.reset();
    const Status status = Settle(*connection->session);
    return status.ok() ? OXIBASE_OK : Fail(status);
  }
  while (s->changes_data) {
    Result<const Batch*> batch = s->portal->Next(0);
    if (!batch.ok()) {
      const int failed = FailRun(s, batch.status());
      s->state = State::kReady;
      return failed;
    }
    if (!*batch) break;
  }
  const bool was_running = connection->running == s;
  if (was_running) connection->running = nullptr;
  // In a block the portal is closed now, so that it holds no snapshot.
  if (Status status = s->portal->Rebind(s->params); !status.ok()) return Fail(status);
  if (was_running) {
    if (Status status = Settle(*connection->session); !status.ok()) return Fail(status);
  }
  return OXIBASE_OK;
}

namespace {

/// The next batch.
int Fetch(oxibase_statement* s) {
  if (!s->connection) return FailClosed();
  switch (s->state) {
    case State::kReady:
      if (s->is_copy) {
        return Fail(Error(ErrorCode::kFeatureNotSupported, "COPY has no rows to step through")
                        .Hint("Use oxibase_copy_write or oxibase_copy_read."));
      }
      if (Status status = BeginRun(s); !status.ok()) return FailRun(s, status);
      s->rows = 0;
      break;
    case State::kRunning:
      break;
    case State::kDetached:
      return StepKept(s);
    case State::kDone:
      ShowNothing(s);
      return OXIBASE_DONE;
    case State::kFailed:
      return Fail(Error(ErrorCode::kInvalidCursorState, "the run has failed")
                      .Hint("Reset the statement to run it anew."));
  }
  Result<const Batch*> batch = s->portal->Next(0);
  if (!batch.ok()) return FailRun(s, batch.status());
  if (!*batch) return CompleteRun(s);
  s->rows += (*batch)->size;
  ShowBatch(s, **batch);
  return OXIBASE_ROW;
}

}  // namespace
}  // namespace oxibase::api

extern "C" {

int oxibase_prepare(oxibase_connection* connection, const char* sql, ptrdiff_t length,
                    oxibase_statement** out) try {
  if (!out) return FailNull("the place for the statement");
  *out = nullptr;
  if (!connection) return FailNull("the connection");
  if (!sql) return FailNull("the statement's text");
  const std::string_view text(sql, length < 0 ? std::strlen(sql) : static_cast<size_t>(length));
  auto prepared = connection->session->Prepare(text, {});
  if (!prepared.ok()) {
    // Outside of a block nothing has been done yet, and another statement may have rows left.
    if (connection->session->transaction_status() == oxibase::TransactionStatus::kInTransaction) {
      connection->session->FailTransaction();
    }
    return Fail(prepared.status(), text);
  }
  auto s = std::make_unique<oxibase_statement>();
  s->prepared = std::move(*prepared);
  s->sql = text;
  s->is_copy = s->prepared->copies_data();
  s->changes_data = s->prepared->changes_data();
  const auto types = s->prepared->param_types();
  s->types.assign(types.begin(), types.end());
  for (const oxibase::Type type : types) s->params.push_back(oxibase::Value::Null(type));
  const auto result = s->prepared->columns();
  s->result.assign(result.begin(), result.end());
  s->connection = connection;
  s->next = connection->statements;
  if (s->next) s->next->previous = s.get();
  connection->statements = s.get();
  *out = s.release();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

void oxibase_finalize(oxibase_statement* statement) {
  if (!statement) return;
  if (oxibase_connection* connection = statement->connection) {
    try {
      oxibase::api::Reset(statement);
    } catch (...) {
      oxibase::api::FailException();
    }
    (statement->previous ? statement->previous->next : connection->statements) = statement->next;
    if (statement->next) statement->next->previous = statement->previous;
  }
  delete statement;
}

int oxibase_step(oxibase_statement* statement) try {
  if (!statement) return FailNull("the statement");
  oxibase_cursor& cursor = statement->cursor;
  if (cursor.row + 1 < cursor.rows) {
    ++cursor.row;
    return OXIBASE_ROW;
  }
  return oxibase::api::Fetch(statement);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_fetch(oxibase_statement* statement) try {
  if (!statement) return FailNull("the statement");
  return oxibase::api::Fetch(statement);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_reset(oxibase_statement* statement) try {
  if (!statement) return FailNull("the statement");
  return oxibase::api::Reset(statement);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_run(oxibase_statement* statement, uint64_t* rows) try {
  if (rows) *rows = 0;
  if (!statement) return FailNull("the statement");
  if (statement->state != State::kReady) {
    if (const int failed = oxibase::api::Reset(statement); failed < 0) return failed;
  }
  for (;;) {
    const int result = oxibase::api::Fetch(statement);
    if (result < 0) return result;
    if (result == OXIBASE_ROW) continue;
    if (rows) *rows = statement->rows;
    return OXIBASE_OK;
  }
} catch (...) {
  return oxibase::api::FailException();
}

uint64_t oxibase_rows(const oxibase_statement* statement) {
  return statement ? statement->rows : 0;
}

const char* oxibase_command_tag(const oxibase_statement* statement) {
  if (!statement || !statement->portal || statement->state != State::kDone) return "";
  return statement->portal->tag().data();  // of a std::string
}

int32_t oxibase_parameter_count(const oxibase_statement* statement) {
  return statement ? static_cast<int32_t>(statement->types.size()) : 0;
}

uint32_t oxibase_parameter_type(const oxibase_statement* statement, int32_t parameter) {
  if (!statement || parameter < 1 || static_cast<size_t>(parameter) > statement->types.size()) {
    return 0;
  }
  return static_cast<uint32_t>(statement->types[static_cast<size_t>(parameter) - 1].id);
}

}  // extern "C"
