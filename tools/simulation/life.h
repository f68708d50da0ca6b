#pragma once

#include <memory>
#include <vector>

#include "env/env.h"
#include "history.h"
#include "storage/checkpoint/checkpointer.h"
#include "storage/checkpoint/data_folder.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/block_cache.h"
#include "txn/txn_checkpoint_source.h"
#include "txn/txn_manager.h"

namespace oxibase::sim {

inline constexpr Oid kKeyIndex = 10;
inline constexpr Oid kValueIndex = 11;

struct LifeOptions {
  WalOptions wal;
  Checkpointer::Options checkpoints;
  size_t cache_bytes = 1 << 20;
  bool bitmap = false;  // the index on the value is a bitmap index
};

/// A database below SQL, from opening to the loss of power: log, tables with a unique index and
/// another one, checkpoints, the threads behind them.
class Life {
 public:
  static Result<std::unique_ptr<Life>> Open(Env& env, const LifeOptions& options);
  ~Life();

  Tablet& table(int i) { return *tables_[static_cast<size_t>(i)]; }
  TxnManager& txns() { return txns_; }
  WalManager& wal() { return folder_->wal(); }
  Checkpointer& checkpointer() { return *checkpointer_; }
  /// The newest commit that the folder has.
  Timestamp recovered() const { return recovered_; }

 private:
  explicit Life(Env& env);

  // They outlive what transactions have of them.
  std::unique_ptr<BlockCache> cache_;
  std::unique_ptr<DataFolder> folder_;
  TxnManager txns_;
  std::vector<std::shared_ptr<Tablet>> tables_;
  std::unique_ptr<TxnCheckpointSource> source_;
  std::unique_ptr<Checkpointer> checkpointer_;
  Timestamp recovered_;
};

}  // namespace oxibase::sim
