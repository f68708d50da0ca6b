#pragma once
// LISTEN and NOTIFY: what all sessions of a database share.
//
// A transaction keeps what it notifies until it commits (session_notifications.h). Such commits
// take turns, so the queue below has their order. An entry stays there until its commit is visible
// to new snapshots (with a log: durable): whoever is woken by it finds what was committed with it.
// Then it goes into the inbox of each session that listens to its channel, which is told.
//
// Nobody ever waits for a listener. What lies in the queue and in inboxes is bounded; beyond that
// commits that notify fail with 54000 until it is taken, as PostgreSQL's do. Nothing of this
// outlives the process, which is PostgreSQL's promise too.

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/hash.h"
#include "common/ids.h"
#include "common/status.h"
#include "engine/session.h"
#include "env/mutex.h"

namespace oxibase {

class Transaction;
class TxnManager;

/// What LISTEN, UNLISTEN and NOTIFY of one transaction ask for, in their order.
struct NotificationChanges {
  struct Action {
    enum class Kind : uint8_t { kListen, kUnlisten, kUnlistenAll } kind;
    std::string channel;
  };
  std::vector<Action> actions;
  std::vector<Notification> notified;
  bool empty() const { return actions.empty() && notified.empty(); }
};

/// Thread-safe.
class NotificationHub {
 public:
  /// Of the queue and the inboxes together: far more than listeners that are alive let gather.
  static constexpr size_t kBytesMax = size_t{64} << 20;

  /// A session's place in it; the hub's own but for its address.
  class Listener;

  /// `txns` outlives it.
  explicit NotificationHub(TxnManager& txns);
  ~NotificationHub();

  /// `wake` is called, from any thread and under a lock, when there is something for Take: at most
  /// once until then. It must be short and not call back. May be null.
  Listener* Add(int32_t pid, std::function<void()> wake);
  void Remove(Listener* listener);

  /// Commits `txn` and makes `changes` of the listener's session happen. Errors: those of
  /// Transaction::Commit, and 54000 when the queue is full; it was then rolled back.
  Result<Lsn> Commit(Transaction& txn, const std::function<void()>& undone, Listener& listener,
                     NotificationChanges changes);

  /// Moves what has come for it to `out`, in the order of commits, until that is `bytes_max` or
  /// more. Its own it gets before they are visible to others: `lsn` is raised to where the log must
  /// be durable before they may be shown.
  void Take(Listener& listener, size_t bytes_max, std::vector<Notification>* out, Lsn* lsn);
  /// What it listens to, in order of names.
  std::vector<std::string> Channels(Listener& listener);
  /// What a notification counts for.
  static size_t BytesOf(std::string_view channel, std::string_view payload);
  /// 0 to 1: how full it is.
  double Usage() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with callbacks of the log
};

}  // namespace oxibase
