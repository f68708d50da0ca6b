#include "txn/txn_manager.h"

#include <algorithm>

#include "common/plant.h"
#include "env/system_memory.h"
#include "storage/mvcc/tablet.h"
#include "txn/row_lock_table.h"
#include "txn/serializable.h"
#include "txn/table_lock_table.h"
#include "txn/wait_graph.h"

namespace oxibase {

SnapshotPin& SnapshotPin::operator=(SnapshotPin&& other) noexcept {
  if (this != &other) {
    Release();
    manager_ = other.manager_;
    read_ts_ = other.read_ts_;
    slot_ = std::exchange(other.slot_, nullptr);
  }
  return *this;
}

void SnapshotPin::Release() {
  if (slot_ == nullptr) return;
  SnapshotSlot* slot = std::exchange(slot_, nullptr);
  slot->ts.store(0, std::memory_order_seq_cst);
  manager_->DisposeHung(slot);
  manager_->snapshots_.ReleaseSlot(slot);
}

TxnManager::TxnManager(Clock& clock)
    : clock_(clock),
      row_locks_(std::make_unique<RowLockTable>()),
      table_locks_(std::make_unique<TableLockTable>()),
      wait_graph_(std::make_unique<WaitGraph>()),
      serializable_(std::make_unique<SerializableTxns>()) {}

TxnManager::~TxnManager() {
  if (collector_.joinable()) {
    {
      MutexLock lock(collector_mu_);
      collector_stop_ = true;
      collector_wakes_.NotifyAll();
    }
    collector_.Join();
  }
  AttachLog(nullptr);
}

void TxnManager::AttachLog(WalManager* wal) {
  if (wal_ != nullptr) wal_->set_durable_observer({});
  wal_ = wal;
  if (wal == nullptr) return;
  {
    MutexLock lock(pending_mu_);
    observed_durable_ = 0;
  }
  wal->set_durable_observer([this](Lsn durable) {
    MutexLock lock(pending_mu_);
    observed_durable_ = durable.value;
    AdvanceLocked(durable.value);
  });
}

void TxnManager::SetRecovered(Timestamp highest, TxnId highest_txn) {
  last_ts_.store(std::max(highest.value, last_ts_.load()));
  stamped_ts_.store(last_ts_.load());
  visible_ts_.store(last_ts_.load());
  next_owner_.store(std::max(next_owner_.load(), highest_txn.value + 1));
}

void TxnManager::StartBackground() {
  collector_ = Thread("oxi-collector", [this] { CollectorLoop(); });
}

std::vector<LockShown> TxnManager::Locks() {
  std::vector<LockShown> locks = table_locks_->All();
  for (const WaitGraph::Waiting& waiting : wait_graph_->All()) {
    if (waiting.wanted.kind != LockWanted::Kind::kTransaction) continue;
    for (const uint64_t blocker : waiting.blockers) {
      locks.push_back(
          {kTransactionSpace, blocker, waiting.process, waiting.wanted.mode, false, false});
    }
  }
  return locks;
}

std::vector<int32_t> TxnManager::BlockersOf(int32_t process) {
  std::vector<int32_t> pids;
  const std::unordered_map<uint64_t, int32_t> processes = table_locks_->Processes();
  for (const WaitGraph::Waiting& waiting : wait_graph_->All()) {
    if (waiting.process != process) continue;
    for (const uint64_t blocker : waiting.blockers) {
      const auto entry = processes.find(blocker);
      if (entry != processes.end()) pids.push_back(entry->second);
    }
  }
  return pids;
}

std::unique_ptr<Transaction> TxnManager::NewTransaction(TxnHooks* hooks) {
  return std::unique_ptr<Transaction>(new Transaction(*this, hooks));
}

Timestamp TxnManager::NextTimestamp(TxnId txn) {
  const int64_t micros = std::max<int64_t>(clock_.WallMicros() - Clock::kUnixMicros2020, 0);
  const uint64_t now = Timestamp::FromMicros(static_cast<uint64_t>(micros)).value;
  const uint64_t ts = std::max(now, last_ts_.load(std::memory_order_relaxed) + 1);
  {
    MutexLock lock(pending_mu_);
    pending_.push_back({ts, UINT64_MAX, false, longest_retention_micros() > 0 ? txn : TxnId()});
  }
  last_ts_.store(ts, std::memory_order_release);
  return {ts};
}

Result<Lsn> TxnManager::Append(Transaction& txn) {
  if (wal_ == nullptr) {
    MutexLock lock(commit_mu_);
    txn.commit_ts_ = NextTimestamp(txn.id_);
    return Lsn(0);
  }
  txn.commit_ts_ = {};
  if (OXI_PLANT(commit_order_swapped)) txn.commit_ts_ = NextTimestamp(txn.id_);
  auto commit_ts = [this, &txn] {
    if (!OXI_PLANT(commit_order_swapped)) txn.commit_ts_ = NextTimestamp(txn.id_);
    return txn.commit_ts_;
  };
  Result<WalRange> range =
      wal_->AppendTxn(txn.id_, txn.redo_, commit_ts, /*has_files=*/!txn.private_.empty());
  if (!range.ok()) {
    // It has no place in the log, but those behind it wait for its timestamp to be passed.
    if (txn.commit_ts_.value != 0) MarkStamped(txn.commit_ts_, Lsn(0), /*failed=*/true);
    txn.commit_ts_ = {};
    return std::move(range).status();
  }
  return range->end;
}

void TxnManager::MarkStamped(Timestamp ts, Lsn lsn, bool failed) {
  MutexLock lock(pending_mu_);
  const auto entry =
      std::lower_bound(pending_.begin(), pending_.end(), ts.value,
                       [](const Pending& pending, uint64_t value) { return pending.ts < value; });
  OXI_CHECK(entry != pending_.end() && entry->ts == ts.value);
  entry->lsn = lsn.value;
  entry->stamped = true;
  if (failed) entry->txn = {};
  AdvanceLocked(std::max(Durable(), observed_durable_));
}

void TxnManager::AdvanceLocked(uint64_t durable) {
  uint64_t stamped = 0;
  while (pending_stamped_ < pending_.size() && pending_[pending_stamped_].stamped) {
    const Pending& next = pending_[pending_stamped_++];
    stamped = next.ts;
    stamped_lsn_.store(std::max(stamped_lsn_.load(std::memory_order_relaxed), next.lsn),
                       std::memory_order_seq_cst);
  }
  if (stamped != 0) {
    stamped_ts_.store(stamped, std::memory_order_seq_cst);
    if (stamped_waited_) {
      stamped_waited_ = false;
      stamped_moves_.NotifyAll();
    }
  }
  uint64_t visible = 0;
  while (pending_stamped_ > 0 &&
         (pending_.front().lsn <= durable || OXI_PLANT(visible_before_durable))) {
    visible = pending_.front().ts;
    if (pending_.front().txn) commit_times_.Add({{visible}, pending_.front().txn});
    pending_.pop_front();
    --pending_stamped_;
  }
  if (visible != 0) visible_ts_.store(visible, std::memory_order_seq_cst);
}

void TxnManager::WaitStamped(Timestamp ts) {
  if (stamped_ts_.load(std::memory_order_seq_cst) >= ts.value) return;
  MutexLock lock(pending_mu_);
  while (stamped_ts_.load(std::memory_order_seq_cst) < ts.value) {
    stamped_waited_ = true;
    stamped_moves_.Wait(pending_mu_);
  }
}

SnapshotPin TxnManager::Pin(const Snapshot& snapshot) {
  SnapshotPin pin;
  pin.manager_ = this;
  pin.read_ts_ = snapshot.read_ts;
  pin.slot_ = snapshots_.AcquireSlot();
  snapshots_.Copy(pin.slot_, snapshot.read_ts.value);
  return pin;
}

SnapshotPin TxnManager::PinVisible() {
  SnapshotPin pin;
  pin.manager_ = this;
  pin.slot_ = snapshots_.AcquireSlot();
  pin.read_ts_ = {visible_ts_.load(std::memory_order_seq_cst)};
  for (;;) {
    pin.slot_->ts.store(std::max<uint64_t>(pin.read_ts_.value, 1), std::memory_order_seq_cst);
    const uint64_t now = visible_ts_.load(std::memory_order_seq_cst);
    if (now <= pin.read_ts_.value) return pin;
    pin.read_ts_ = {now};
  }
}

SnapshotPin TxnManager::PinPast(const Tablet& tablet, Timestamp at) {
  SnapshotPin pin;
  pin.manager_ = this;
  pin.slot_ = snapshots_.AcquireSlot();
  pin.read_ts_ = at;
  // In this order, see TabletHistory.
  pin.slot_->ts.store(std::max<uint64_t>(at.value, 1), std::memory_order_seq_cst);
  if (at < tablet.history().from()) pin.Release();
  return pin;
}

void TxnManager::SetRetention(Tablet& tablet, int64_t micros) {
  TabletHistory& history = tablet.history();
  const int64_t before = history.retention_micros();
  history.set_retention_micros(micros);
  if (micros <= 0) {
    history.Begin(Timestamp::Max());
    return;
  }
  int64_t longest = longest_retention_micros_.load(std::memory_order_relaxed);
  while (longest < micros && !longest_retention_micros_.compare_exchange_weak(
                                 longest, micros, std::memory_order_relaxed)) {
  }
  // (Recovery has found the history of before.)
  if (before <= 0 && history.from() == Timestamp::Max()) BeginHistory(tablet);
}

void TxnManager::BeginHistory(Tablet& tablet) {
  if (tablet.history().retention_micros() <= 0) return;
  // In this order: a commit that did not keep its versions has taken its timestamp before.
  tablet.history().StartKeeping();
  tablet.history().Begin(last_commit_ts());
}

void TxnManager::TrimHistory() {
  if (longest_retention_micros() == 0) return;
  const uint64_t visible = visible_ts_.load(std::memory_order_seq_cst);
  const int64_t now = clock_.WallMicros() - Clock::kUnixMicros2020;
  const auto before = [&](int64_t micros) {
    const uint64_t then = static_cast<uint64_t>(std::max<int64_t>(now - micros, 0));
    return Timestamp{std::min(Timestamp::FromMicros(then).value, visible)};
  };
  commit_times_.Trim(before(longest_retention_micros()));
  for (const std::shared_ptr<Tablet>& tablet : tablets_.All()) {
    TabletHistory& history = tablet->history();
    if (!history.keeps()) continue;
    history.Advance(before(history.retention_micros()));
    ReleaseHistory(*tablet, history.from());
  }
}

void TxnManager::ReleaseHistory(Tablet& tablet, Timestamp as_of) {
  std::vector<DeadVersion> dead;
  for (const TabletHistory::Superseded& old : tablet.history().Take(as_of)) {
    tablet.Pin(1);
    dead.push_back({&tablet, old.row, old.version, old.begin, old.end});
  }
  DisposePinned(dead, /*keep_history=*/false);
}

SnapshotPin TxnManager::PinLastCommit() {
  SnapshotPin pin;
  pin.manager_ = this;
  pin.slot_ = snapshots_.AcquireSlot();
  pin.read_ts_ = last_commit_ts();
  pin.slot_->ts.store(std::max<uint64_t>(pin.read_ts_.value, 1), std::memory_order_seq_cst);
  return pin;
}

std::vector<Timestamp> TxnManager::Snapshots() {
  // First what is visible, then which snapshots are in use: one taken later sees at least this.
  const uint64_t visible = visible_ts_.load(std::memory_order_seq_cst);
  std::vector<uint64_t> in_use;
  snapshots_.Collect(&in_use);
  std::vector<Timestamp> snapshots{{visible}};
  for (const uint64_t ts : in_use) snapshots.push_back({ts});
  std::sort(snapshots.begin(), snapshots.end());
  return snapshots;
}

void TxnManager::DisposeHung(SnapshotSlot* slot) {
  if (!slot->has_hung.load(std::memory_order_seq_cst)) return;
  std::vector<DeadVersion> hung;
  {
    MutexLock lock(slot->mu);
    slot->has_hung.store(false, std::memory_order_seq_cst);
    hung.swap(slot->hung);
  }
  // A reader of the past may have been the last one to see what its tablet no longer keeps.
  DisposePinned(hung, /*keep_history=*/false);
}

void TxnManager::DisposePinned(const std::vector<DeadVersion>& dead, bool keep_history) {
  if (dead.empty()) return;
  std::vector<uint64_t> snapshots;
  EpochGuard guard(epochs_);
  Dispose(dead.data(), dead.size(), &snapshots, keep_history);
  for (const DeadVersion& version : dead) version.tablet->Pin(-1);
}

void TxnManager::Dispose(const DeadVersion* dead, size_t count, std::vector<uint64_t>* snapshots,
                         bool keep_history) {
  // First what is visible, then which snapshots are in use: one taken later sees at least this.
  const uint64_t visible = visible_ts_.load(std::memory_order_seq_cst);
  snapshots_.Collect(snapshots);
  for (size_t i = 0; i < count; ++i) {
    const DeadVersion& version = dead[i];
    if (version.end > visible) {
      version.tablet->Pin(1);
      MutexLock lock(garbage_mu_);
      garbage_.push_back(version);
      garbage_waits_.store(true, std::memory_order_release);
      continue;
    }
    if (keep_history && version.tablet->history().keeps()) [[unlikely]] {
      version.tablet->history().Keep({version.row, version.version, version.begin, version.end});
      continue;
    }
    const auto seen = std::lower_bound(snapshots->begin(), snapshots->end(), version.begin);
    if (seen != snapshots->end() && *seen < version.end && !OXI_PLANT(version_freed_too_early)) {
      version.tablet->Pin(1);
      if (snapshots_.Hang(version)) continue;
      version.tablet->Pin(-1);
    }
    version.tablet->Cut(version.row, version.version);
  }
}

size_t TxnManager::CollectGarbage() {
  if (!garbage_waits_.load(std::memory_order_acquire)) return 0;
  constexpr size_t kAtOnce = 256;
  std::vector<DeadVersion> ready;
  {
    const uint64_t visible = visible_ts_.load(std::memory_order_seq_cst);
    MutexLock lock(garbage_mu_);
    while (!garbage_.empty() && ready.size() < kAtOnce && garbage_.front().end <= visible) {
      ready.push_back(garbage_.front());
      garbage_.pop_front();
    }
    if (garbage_.empty()) garbage_waits_.store(false, std::memory_order_release);
  }
  if (ready.empty()) return 0;
  DisposePinned(ready);
  return ready.size();
}

void TxnManager::CollectorLoop() {
  constexpr int64_t kEveryMicros = 100'000;
  for (;;) {
    {
      MutexLock lock(collector_mu_);
      if (!collector_stop_) collector_wakes_.WaitFor(collector_mu_, kEveryMicros);
      if (collector_stop_) return;
    }
    while (CollectGarbage() > 0) {
    }
    TrimHistory();
    epochs_.Collect();
    tablets_.Sweep();
    ReturnMemory();
  }
}

// What rows, moved ones too, and caches gave back is of use to others only when the allocator lets
// go of it: again when the process has grown by a fraction of what rows may take, and whenever it
// has changed at all, but then in no more than a hundredth of the time.
void TxnManager::ReturnMemory() {
  const uint64_t resident = ResidentBytes();
  const int64_t now = clock_.MonotonicMicros();
  const bool has_grown = resident >= resident_after_ + bounds_.hot_bytes / 8;
  if (!has_grown && (resident == resident_after_ || now < return_again_micros_)) return;
  ReturnFreeMemory();
  resident_after_ = ResidentBytes();
  const int64_t end = clock_.MonotonicMicros();
  return_again_micros_ = end + std::max<int64_t>(100 * (end - now), 1'000'000);
}

}  // namespace oxibase
