#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "storage/checkpoint/checkpoint_source.h"
#include "storage/mvcc/tablet.h"
#include "txn/txn_manager.h"

namespace oxibase {

/// The committed state of a TxnManager's tablets, for checkpoints. One checkpoint at a time.
class TxnCheckpointSource final : public CheckpointSource {
 public:
  struct Hooks {
    /// Tablets that are written; without it all. Temporary tables' are not.
    std::function<bool(const Tablet&)> is_durable;
    std::function<std::vector<SequenceState>()> sequences;
  };
  explicit TxnCheckpointSource(TxnManager& txns, Hooks hooks = {})
      : txns_(txns), hooks_(std::move(hooks)) {}

  Timestamp Pin() override {
    pin_ = txns_.PinLastCommit();
    // Under the log's lock no commit can take its place, so no tablet that the pinned state needs
    // has been dropped yet.
    tablets_ = txns_.tablets().All();
    return pin_.read_ts();
  }
  void Unpin() override {
    pin_.Release();
    tablets_.clear();
  }
  void WaitReadable() override { txns_.WaitStamped(pin_.read_ts()); }

  std::vector<std::shared_ptr<Tablet>> Tablets() override {
    if (hooks_.is_durable)
      std::erase_if(tablets_, [this](const auto& tablet) { return !hooks_.is_durable(*tablet); });
    return tablets_;
  }
  std::vector<SequenceState> Sequences() override {
    return hooks_.sequences ? hooks_.sequences() : std::vector<SequenceState>();
  }
  TxnId HighestTxn() override { return txns_.last_txn_id(); }
  std::vector<Timestamp> Snapshots() override { return txns_.Snapshots(); }
  void ReleaseHistory(Tablet& tablet, Timestamp as_of) override {
    txns_.ReleaseHistory(tablet, as_of);
  }
  uint64_t HotBytes() override;

 private:
  TxnManager& txns_;
  const Hooks hooks_;
  SnapshotPin pin_;
  std::vector<std::shared_ptr<Tablet>> tablets_;
};

inline uint64_t TxnCheckpointSource::HotBytes() {
  uint64_t bytes = static_cast<uint64_t>(txns_.row_memory().bytes());
  for (const auto& tablet : txns_.tablets().All()) bytes += tablet->IndexBytes();
  return bytes;
}

}  // namespace oxibase
