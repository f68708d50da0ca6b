#include "engine/notification_hub.h"

#include <algorithm>
#include <utility>

#include "storage/wal/wal_manager.h"
#include "txn/transaction.h"
#include "txn/txn_manager.h"

namespace oxibase {
namespace {

/// Of an entry beside its texts, and of its place in an inbox.
constexpr size_t kEntryBytes = 128;
constexpr size_t kInboxBytes = 64;

}  // namespace

/// What the queue and inboxes are made of.
namespace queued {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return HashBytes(text); }
};
template <typename Value>
using ByChannel = absl::flat_hash_map<std::string, Value, TextHash, std::equal_to<>>;

/// What lies in the queue and in inboxes, once.
struct Entry {
  Entry(Notification n, std::atomic<size_t>* t)
      : notification(std::move(n)),
        bytes(NotificationHub::BytesOf(notification.channel, notification.payload)),
        total(t) {
    total->fetch_add(bytes, std::memory_order_relaxed);
  }
  ~Entry() { total->fetch_sub(bytes, std::memory_order_relaxed); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  const Notification notification;
  const size_t bytes;
  std::atomic<size_t>* const total;
};
using EntryPtr = std::shared_ptr<const Entry>;

/// A committed entry that may not be seen yet.
struct Pending {
  uint64_t number = 0;
  EntryPtr entry;
  Timestamp ts;  // 0: its transaction wrote nothing
  Lsn lsn;       // what it saw, or wrote, is durable from here on
};

}  // namespace queued

class NotificationHub::Listener {
 public:
  Listener(int32_t pid, std::function<void()> wake) : pid_(pid), wake_(std::move(wake)) {}

 private:
  friend class NotificationHub;
  friend struct State;

  const int32_t pid_;
  const std::function<void()> wake_;
  /// A look without the lock for sessions that never listen.
  std::atomic<bool> has_news_{false};

  // Under State::mu.
  absl::flat_hash_set<std::string, queued::TextHash, std::equal_to<>> channels_;
  std::deque<queued::EntryPtr> inbox_;
  bool told_ = false;
  uint64_t own_end_ = 0;  // behind its own newest entry
  uint64_t taken_ = 0;    // entries before this one need not come to its inbox
};

struct NotificationHub::State {
  explicit State(TxnManager& t) : txns(t) {}

  /// Entries that have become visible go to who listens.
  void Dispatch() REQUIRES(mu);
  void Apply(Listener& listener, const std::vector<NotificationChanges::Action>& actions)
      REQUIRES(mu);
  void Forget(Listener& listener, const std::string& channel) REQUIRES(mu);
  Status Full() REQUIRES(mu);
  Lsn Durable() const { return txns.wal() ? txns.wal()->durable_lsn() : Lsn(UINT64_MAX); }

  TxnManager& txns;
  std::atomic<size_t> bytes{0};  // before what holds entries

  /// Held from before the commit until its entries are in the queue.
  Mutex commit_mu;
  Mutex mu;  // taken under commit_mu
  bool closed GUARDED_BY(mu) = false;
  uint64_t next_number GUARDED_BY(mu) = 0;
  std::deque<queued::Pending> queue GUARDED_BY(mu);
  queued::ByChannel<std::vector<Listener*>> by_channel GUARDED_BY(mu);
  absl::flat_hash_map<Listener*, std::unique_ptr<Listener>> listeners GUARDED_BY(mu);
};

void NotificationHub::State::Dispatch() {
  const Timestamp visible = txns.visible_ts();
  const Lsn durable = Durable();
  while (!queue.empty() && queue.front().ts <= visible && queue.front().lsn <= durable) {
    const queued::Pending& front = queue.front();
    const auto it = by_channel.find(front.entry->notification.channel);
    if (it != by_channel.end()) {
      for (Listener* listener : it->second) {
        if (front.number < listener->taken_) continue;
        listener->inbox_.push_back(front.entry);
        bytes.fetch_add(kInboxBytes, std::memory_order_relaxed);
        listener->has_news_.store(true, std::memory_order_release);
        if (!std::exchange(listener->told_, true) && listener->wake_) listener->wake_();
      }
    }
    queue.pop_front();
  }
}

void NotificationHub::State::Forget(Listener& listener, const std::string& channel) {
  const auto it = by_channel.find(channel);
  if (it == by_channel.end()) return;
  std::erase(it->second, &listener);
  if (it->second.empty()) by_channel.erase(it);
  const size_t gone = std::erase_if(listener.inbox_, [&](const queued::EntryPtr& entry) {
    return entry->notification.channel == channel;
  });
  bytes.fetch_sub(gone * kInboxBytes, std::memory_order_relaxed);
}

void NotificationHub::State::Apply(Listener& listener,
                                   const std::vector<NotificationChanges::Action>& actions) {
  using Kind = NotificationChanges::Action::Kind;
  for (const auto& action : actions) {
    switch (action.kind) {
      case Kind::kListen:
        if (listener.channels_.insert(action.channel).second) {
          by_channel[action.channel].push_back(&listener);
        }
        break;
      case Kind::kUnlisten:
        if (listener.channels_.erase(action.channel) > 0) Forget(listener, action.channel);
        break;
      case Kind::kUnlistenAll:
        for (const std::string& channel : listener.channels_) Forget(listener, channel);
        listener.channels_.clear();
        break;
    }
  }
}

Status NotificationHub::State::Full() {
  const Listener* slowest = nullptr;
  for (const auto& [address, listener] : listeners) {
    if (!slowest || listener->inbox_.size() > slowest->inbox_.size()) slowest = address;
  }
  Status error =
      Error(ErrorCode::kProgramLimitExceeded, "too many notifications in the NOTIFY queue");
  if (slowest && !slowest->inbox_.empty()) {
    error.info().detail = fmt::format("The server process with PID {} has not taken {} of them.",
                                      slowest->pid_, slowest->inbox_.size());
    error.info().hint =
        "It takes them when it ends its current transaction, or its client reads them.";
  }
  return error;
}

NotificationHub::NotificationHub(TxnManager& txns) : state_(std::make_shared<State>(txns)) {}

NotificationHub::~NotificationHub() {
  MutexLock lock(state_->mu);
  state_->closed = true;
  state_->queue.clear();
}

NotificationHub::Listener* NotificationHub::Add(int32_t pid, std::function<void()> wake) {
  auto made = std::make_unique<Listener>(pid, std::move(wake));
  Listener* const listener = made.get();
  MutexLock lock(state_->mu);
  state_->listeners.emplace(listener, std::move(made));
  return listener;
}

void NotificationHub::Remove(Listener* listener) {
  MutexLock lock(state_->mu);
  state_->Apply(*listener, {{NotificationChanges::Action::Kind::kUnlistenAll, ""}});
  state_->listeners.erase(listener);
}

Result<Lsn> NotificationHub::Commit(Transaction& txn, const std::function<void()>& undone,
                                    Listener& listener, NotificationChanges changes) {
  State& state = *state_;
  if (changes.notified.empty()) {
    Result<Lsn> committed = txn.Commit(undone);
    if (!committed.ok()) return committed;
    MutexLock lock(state.mu);
    state.Apply(listener, changes.actions);
    return committed;
  }
  std::vector<queued::EntryPtr> entries;
  entries.reserve(changes.notified.size());
  for (Notification& one : changes.notified) {
    one.pid = listener.pid_;
    entries.push_back(std::make_shared<const queued::Entry>(std::move(one), &state.bytes));
  }
  Lsn visible_at;
  Result<Lsn> committed = Lsn();
  {
    MutexLock turn(state.commit_mu);
    {
      MutexLock lock(state.mu);
      if (state.bytes.load(std::memory_order_relaxed) > kBytesMax) {
        Status full = state.Full();
        lock.Unlock();
        txn.Rollback(undone);
        return full;
      }
    }
    const bool synchronous = txn.options().synchronous;
    committed = txn.Commit(undone);
    if (!committed.ok()) return committed;
    visible_at = *committed;
    // An earlier commit that waits for the log hides this one, even if this one does not.
    if (!synchronous && state.txns.wal()) visible_at = state.txns.wal()->position().next;
    MutexLock lock(state.mu);
    state.Apply(listener, changes.actions);
    bool for_itself = false;
    for (queued::EntryPtr& entry : entries) {
      for_itself |= listener.channels_.contains(entry->notification.channel);
      state.queue.push_back({state.next_number++, std::move(entry), txn.commit_ts(), *committed});
    }
    listener.own_end_ = state.next_number;
    if (for_itself) listener.has_news_.store(true, std::memory_order_release);
    state.Dispatch();
    if (state.queue.empty()) return committed;
  }
  if (state.txns.wal() == nullptr) return committed;
  state.txns.wal()->OnDurable(visible_at, [weak = std::weak_ptr(state_)](const Status& status) {
    const auto kept = weak.lock();
    if (!kept || !status.ok()) return;
    MutexLock lock(kept->mu);
    if (!kept->closed) kept->Dispatch();
  });
  return committed;
}

void NotificationHub::Take(Listener& listener, size_t bytes_max, std::vector<Notification>* out,
                           Lsn* lsn) {
  if (!listener.has_news_.load(std::memory_order_acquire)) [[likely]]
    return;
  State& state = *state_;
  MutexLock lock(state.mu);
  size_t taken = 0;
  while (!listener.inbox_.empty() && taken < bytes_max) {
    taken += listener.inbox_.front()->bytes;
    out->push_back(listener.inbox_.front()->notification);
    listener.inbox_.pop_front();
    state.bytes.fetch_sub(kInboxBytes, std::memory_order_relaxed);
  }
  if (!listener.inbox_.empty()) return;
  for (const queued::Pending& pending : state.queue) {
    if (pending.number >= listener.own_end_) break;
    if (pending.number < listener.taken_) continue;
    if (taken >= bytes_max) return;
    listener.taken_ = pending.number + 1;
    if (!listener.channels_.contains(pending.entry->notification.channel)) continue;
    taken += pending.entry->bytes;
    out->push_back(pending.entry->notification);
    *lsn = std::max(*lsn, pending.lsn);
  }
  listener.has_news_.store(false, std::memory_order_release);
  listener.told_ = false;
}

std::vector<std::string> NotificationHub::Channels(Listener& listener) {
  MutexLock lock(state_->mu);
  std::vector<std::string> names(listener.channels_.begin(), listener.channels_.end());
  lock.Unlock();
  std::sort(names.begin(), names.end());
  return names;
}

size_t NotificationHub::BytesOf(std::string_view channel, std::string_view payload) {
  return channel.size() + payload.size() + kEntryBytes;
}

double NotificationHub::Usage() const {
  const size_t bytes = state_->bytes.load(std::memory_order_relaxed);
  return std::min(1.0, static_cast<double>(bytes) / static_cast<double>(kBytesMax));
}

}  // namespace oxibase
