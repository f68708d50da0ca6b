#pragma once

#include <absl/container/flat_hash_set.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/notification_hub.h"

namespace oxibase {

/// LISTEN and NOTIFY of one session: what its transaction has asked for so far, which counts from
/// its commit on. Not thread-safe.
class SessionNotifications {
 public:
  /// `hub` outlives it. `wake`: see NotificationHub::Add.
  SessionNotifications(NotificationHub& hub, int32_t pid, std::function<void()> wake)
      : hub_(hub), listener_(hub.Add(pid, std::move(wake))) {}
  ~SessionNotifications() { hub_.Remove(listener_); }
  SessionNotifications(const SessionNotifications&) = delete;
  SessionNotifications& operator=(const SessionNotifications&) = delete;

  /// The same channel and payload a second time in a transaction is nothing. Errors: 22023 for
  /// lengths, 54000 for more than the queue could ever hold.
  Status Notify(std::string_view channel, std::string_view payload);
  void Listen(std::string_view channel);
  void Unlisten(std::string_view channel);
  void UnlistenAll();

  bool has_changes() const { return !changes_.empty(); }
  /// Of savepoints.
  struct Mark {
    size_t actions = 0;
    size_t notified = 0;
  };
  Mark mark() const { return {changes_.actions.size(), changes_.notified.size()}; }
  void RollbackTo(const Mark& mark);
  /// The transaction was rolled back.
  void Clear();
  /// Commits the transaction; see NotificationHub::Commit. Nothing is left of it afterwards.
  Result<Lsn> Commit(Transaction& txn, const std::function<void()>& undone);

  /// See NotificationHub::Take.
  std::vector<Notification> Take(size_t bytes_max, Lsn* lsn);
  std::vector<std::string> Channels() { return hub_.Channels(*listener_); }

 private:
  NotificationHub& hub_;
  NotificationHub::Listener* const listener_;
  NotificationChanges changes_;
  size_t notified_bytes_ = 0;
  absl::flat_hash_set<std::string> known_;  // channel, a zero byte, payload
};

}  // namespace oxibase
