#include "storage/wal/wal_replay_pool.h"

#include <algorithm>

namespace oxibase {

WalReplayPool::~WalReplayPool() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    moved_.NotifyAll();
  }
  for (const auto& worker : workers_) worker->thread.Join();
}

Status WalReplayPool::Apply(WalReplayPart& part, const Batch& batch) {
  for (const Entry& entry : batch) {
    Status status = part.ApplyTxn(entry.commit.txn, entry.commit.timestamp, entry.record.payload);
    if (status.ok()) continue;
    return std::move(status).Context(fmt::format("replay of the log's {} record at position {}",
                                                 WalRecordKindName(entry.record.header.kind),
                                                 entry.record.header.lsn));
  }
  return {};
}

Status WalReplayPool::Add(const WalReader::Record& record, const WalRecordHeader& commit) {
  gathering_.push_back({commit, record});
  gathering_bytes_ += record.header.total_bytes();
  return gathering_bytes_ < kBatchBytes ? Status() : Push();
}

void WalReplayPool::Start() {
  for (size_t i = 0; i < threads_; ++i) workers_.push_back(std::make_unique<Worker>());
  for (size_t i = 0; i < threads_; ++i) {
    WalReplayPart& part = target_.Part(i, threads_);
    workers_[i]->thread = Thread("wal-replay", [this, i, &part] { Work(i, part); });
  }
}

Status WalReplayPool::Push() {
  if (workers_.empty()) Start();
  auto batch = std::make_shared<const Batch>(std::move(gathering_));
  gathering_.clear();
  gathering_bytes_ = 0;
  MutexLock lock(mu_);
  while (failure_.ok() && batches_.size() >= kBatchesAhead) moved_.Wait(mu_);
  if (!failure_.ok()) return failure_;
  batches_.push_back(std::move(batch));
  moved_.NotifyAll();
  return {};
}

uint64_t WalReplayPool::Slowest() {
  uint64_t slowest = UINT64_MAX;
  for (const auto& worker : workers_) slowest = std::min(slowest, worker->done);
  return slowest;
}

void WalReplayPool::Work(size_t number, WalReplayPart& part) {
  Worker& self = *workers_[number];
  for (;;) {
    std::shared_ptr<const Batch> batch;
    uint64_t at = 0;
    {
      MutexLock lock(mu_);
      while (!stop_ && self.done >= first_ + batches_.size()) moved_.Wait(mu_);
      // After a failure the batches before it are still applied: the first one is told.
      if (stop_ || self.done >= failed_at_) return;
      at = self.done;
      batch = batches_[at - first_];
    }
    Status status = Apply(part, *batch);
    batch.reset();
    MutexLock lock(mu_);
    ++self.done;
    if (!status.ok() && at < failed_at_) {
      failed_at_ = at;
      failure_ = std::move(status);
    }
    const uint64_t slowest = Slowest();
    while (first_ < slowest && !batches_.empty()) {
      batches_.pop_front();
      ++first_;
    }
    moved_.NotifyAll();
  }
}

Status WalReplayPool::Finish() {
  if (workers_.empty()) return Apply(target_.Part(0, 1), gathering_);
  if (!gathering_.empty()) RETURN_IF_ERROR(Push());
  MutexLock lock(mu_);
  while (failure_.ok() && !batches_.empty()) moved_.Wait(mu_);
  return failure_;
}

}  // namespace oxibase
