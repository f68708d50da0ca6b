// oxibase_next_notification.

#include <utility>

#include "api/handles.h"
#include "api/last_error.h"
#include "env/clock.h"
#include "env/env.h"

using oxibase::ErrorCode;
using oxibase::MutexLock;
using oxibase::Status;
using oxibase::api::Fail;
using oxibase::api::FailNull;

namespace oxibase::api {
namespace {

/// Notifications taken from the session at a time.
constexpr size_t kTakeBytes = size_t{64} << 10;

/// Waits until the session has something, or until that time (negative: for ever); false: the time
/// has come. 57014.
Result<bool> AwaitNews(oxibase_mailbox& box, int64_t until_micros) {
  MutexLock lock(box.mu);
  box.waits = true;
  bool in_time = true;
  while (!box.has_news && !box.cancelled && in_time) {
    if (until_micros < 0) {
      box.changes.Wait(box.mu);
      continue;
    }
    const int64_t left = until_micros - Env::Real().clock().MonotonicMicros();
    in_time = left > 0;
    if (in_time) box.changes.WaitFor(box.mu, left);
  }
  box.waits = false;
  if (std::exchange(box.cancelled, false)) {
    return Error(ErrorCode::kQueryCanceled,
                 "canceling wait for a notification due to user request");
  }
  return box.has_news;
}

/// The next notification to the front of `taken`; false: there is none.
Result<bool> Next(oxibase_connection& connection, int64_t timeout_ms) {
  oxibase_mailbox& box = connection.mailbox;
  if (!box.taken.empty()) box.taken.pop_front();
  const int64_t until =
      timeout_ms < 0 ? -1 : Env::Real().clock().MonotonicMicros() + timeout_ms * 1000;
  while (box.taken.empty()) {
    {
      MutexLock lock(box.mu);
      box.has_news = false;
    }
    for (Notification& one : connection.session->TakeNotifications(kTakeBytes)) {
      box.taken.push_back(std::move(one));
    }
    RETURN_IF_ERROR(connection.session->WaitDurable());
    if (!box.taken.empty()) break;
    if (timeout_ms == 0) return false;
    ASSIGN_OR_RETURN(const bool came, AwaitNews(box, until));
    if (!came) return false;
  }
  return true;
}

}  // namespace
}  // namespace oxibase::api

extern "C" {

int oxibase_next_notification(oxibase_connection* connection, int64_t timeout_ms,
                              oxibase_notification* out) try {
  if (!connection) return FailNull("the connection");
  if (!out) return FailNull("the place for the notification");
  *out = {"", "", 0};
  if (connection->session->transaction_status() != oxibase::TransactionStatus::kIdle) {
    return Fail(oxibase::Error(ErrorCode::kActiveSqlTransaction,
                               "notifications come between transactions, not within one"));
  }
  oxibase::api::DetachRunning(connection);
  const oxibase::Result<bool> got = oxibase::api::Next(*connection, timeout_ms);
  if (!got.ok()) return Fail(got.status());
  if (!*got) return OXIBASE_DONE;
  const oxibase::Notification& next = connection->mailbox.taken.front();
  *out = {next.channel.c_str(), next.payload.c_str(), next.pid};
  return OXIBASE_ROW;
} catch (...) {
  return oxibase::api::FailException();
}

}  // extern "C"
