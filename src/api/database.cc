// oxibase_open, oxibase_connect, and what a connection does without a statement's handle.

#include <cstring>

#include "api/handles.h"
#include "api/last_error.h"

using oxibase::ErrorCode;
using oxibase::Result;
using oxibase::Status;
using oxibase::api::Fail;
using oxibase::api::FailNull;

namespace oxibase::api {

void CutOff(oxibase_statement* statement) {
  ShowNothing(statement);
  statement->portal.reset();
  statement->prepared.reset();
  statement->kept.clear();
  statement->kept_error.reset();
  statement->state = oxibase_statement::State::kFailed;
  statement->connection = nullptr;
}

Status Settle(Session& session) {
  RETURN_IF_ERROR(session.EndImplicit());
  if (!session.pending_lsn()) return {};
  return session.WaitDurable();
}

namespace {

/// `sql` with its length worked out; false if there is none.
bool TextOf(const char* sql, ptrdiff_t length, std::string_view* out) {
  if (!sql) return false;
  *out = {sql, length < 0 ? std::strlen(sql) : static_cast<size_t>(length)};
  return true;
}

/// Runs the statement kept in `slot`, preparing it the first time.
int RunKept(oxibase_connection* connection, oxibase_statement** slot, const char* sql) {
  if (!connection) return FailNull("the connection");
  if (!*slot) {
    if (const int made = oxibase_prepare(connection, sql, -1, slot); made < 0) return made;
  }
  return oxibase_run(*slot, nullptr);
}

}  // namespace
}  // namespace oxibase::api

extern "C" {

const char* oxibase_version(void) { return OXI_API_VERSION; }

int oxibase_open(const char* path, uint32_t flags, oxibase_database** out) try {
  if (!out) return FailNull("the place for the database");
  *out = nullptr;
  if ((flags & ~OXIBASE_OPEN_EXISTING) != 0) {
    return Fail(oxibase::Error(ErrorCode::kInvalidParameterValue, "unknown flags {:#x}", flags));
  }
  oxibase::DatabaseOptions options;
  if (path) options.path = path;
  options.create_if_missing = (flags & OXIBASE_OPEN_EXISTING) == 0;
  Result<std::unique_ptr<oxibase::Database>> opened = oxibase::Database::Open(options);
  if (!opened.ok()) return Fail(opened.status());
  auto handle = std::make_unique<oxibase_database>();
  handle->database = std::move(*opened);
  *out = handle.release();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

void oxibase_close(oxibase_database* database) { delete database; }

int oxibase_checkpoint(oxibase_database* database) try {
  if (!database) return FailNull("the database");
  const Status status = database->database->Checkpoint();
  return status.ok() ? OXIBASE_OK : Fail(status);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_connect(oxibase_database* database, oxibase_connection** out) try {
  if (!out) return FailNull("the place for the connection");
  *out = nullptr;
  if (!database) return FailNull("the database");
  auto handle = std::make_unique<oxibase_connection>();
  handle->database = database->database;
  oxibase::SessionOptions options;
  options.on_notice = [connection = handle.get()](std::string_view severity,
                                                  const oxibase::ErrorInfo& info) {
    if (!connection->notice) return;
    connection->notice(connection->notice_user, std::string(severity).c_str(),
                       oxibase::SqlState(info.code).data(), info.message.c_str());
  };
  options.on_notification = [box = &handle->mailbox] {
    oxibase::MutexLock lock(box->mu);
    box->has_news = true;
    box->changes.NotifyAll();
  };
  auto session = handle->database->Connect(options);
  if (!session.ok()) return Fail(session.status());
  handle->session = std::move(*session);
  *out = handle.release();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

void oxibase_disconnect(oxibase_connection* connection) {
  if (!connection) return;
  oxibase_finalize(connection->begin);
  oxibase_finalize(connection->commit);
  oxibase_finalize(connection->rollback);
  for (oxibase_statement* statement = connection->statements; statement;) {
    oxibase_statement* next = statement->next;
    oxibase::api::CutOff(statement);
    statement->previous = statement->next = nullptr;
    statement = next;
  }
  delete connection;
}

int oxibase_execute(oxibase_connection* connection, const char* sql, ptrdiff_t length,
                    uint64_t* rows) try {
  if (rows) *rows = 0;
  if (!connection) return FailNull("the connection");
  std::string_view text;
  if (!oxibase::api::TextOf(sql, length, &text)) return FailNull("the statement's text");
  oxibase::api::DetachRunning(connection);
  uint64_t last = 0;
  const Status status = connection->session->Execute(
      text, [&](oxibase::Portal& portal, const oxibase::Batch* batch) -> Status {
        if (!batch) last = portal.rows();
        return {};
      });
  if (!status.ok()) return Fail(status, text);
  if (rows) *rows = last;
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_cancel(oxibase_connection* connection) {
  if (!connection) return FailNull("the connection");
  {
    oxibase::MutexLock lock(connection->mailbox.mu);
    if (connection->mailbox.waits) {
      connection->mailbox.cancelled = true;
      connection->mailbox.changes.NotifyAll();
      return OXIBASE_OK;
    }
  }
  connection->session->Cancel();
  return OXIBASE_OK;
}

int oxibase_begin(oxibase_connection* connection) {
  if (connection && oxibase_transaction_status(connection) != 'I') {
    return Fail(oxibase::Error(oxibase::ErrorCode::kActiveSqlTransaction,
                               "there is already a transaction in progress"));
  }
  return oxibase::api::RunKept(connection, connection ? &connection->begin : nullptr, "BEGIN");
}

int oxibase_commit(oxibase_connection* connection) {
  if (!connection) return FailNull("the connection");
  const char before = oxibase_transaction_status(connection);
  if (before == 'E') {
    oxibase_rollback(connection);
    return Fail(oxibase::Error(ErrorCode::kInFailedSqlTransaction,
                               "a statement of the transaction has failed: it was rolled back"));
  }
  if (before == 'I') {
    return Fail(oxibase::Error(ErrorCode::kNoActiveSqlTransaction, "there is no transaction open"));
  }
  return oxibase::api::RunKept(connection, &connection->commit, "COMMIT");
}

int oxibase_rollback(oxibase_connection* connection) {
  if (!connection) return FailNull("the connection");
  if (oxibase_transaction_status(connection) == 'I') {
    return Fail(oxibase::Error(ErrorCode::kNoActiveSqlTransaction, "there is no transaction open"));
  }
  return oxibase::api::RunKept(connection, &connection->rollback, "ROLLBACK");
}

char oxibase_transaction_status(const oxibase_connection* connection) {
  return connection ? static_cast<char>(connection->session->transaction_status()) : '\0';
}

int oxibase_set_notice(oxibase_connection* connection, oxibase_notice notice, void* user) {
  if (!connection) return FailNull("the connection");
  connection->notice = notice;
  connection->notice_user = user;
  return OXIBASE_OK;
}

}  // extern "C"
