#pragma once
// What all sessions of one database share.

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog_codec.h"
#include "catalog/catalog_version.h"
#include "common/memory_tracker.h"
#include "engine/database.h"
#include "engine/notification_hub.h"
#include "engine/sequences.h"
#include "engine/table_statistics.h"
#include "env/env.h"
#include "env/mutex.h"
#include "env/thread.h"
#include "storage/checkpoint/checkpointer.h"
#include "storage/checkpoint/data_folder.h"
#include "storage/temp/temp_space.h"
#include "txn/txn_checkpoint_source.h"
#include "txn/txn_manager.h"

namespace oxibase {

class SessionImpl;
class Tablet;

struct Database::Impl {
  Impl(Env& e, DatabaseOptions o);

  Env& env;
  const DatabaseOptions options;
  const int64_t opened_micros{env.clock().WallMicros() - Clock::kUnixMicros2000};
  /// What the process holds, under memory_limit; a part of it is the statements'.
  MemoryTracker memory{"database"};
  MemoryTracker statement_memory{"statements", &memory};
  TempSpace temp;
  // In this order, since each uses those before it: null in memory where they belong to a folder.
  std::unique_ptr<BlockCache> cache;
  std::unique_ptr<DataFolder> folder;
  TxnManager txns;
  std::unique_ptr<TxnCheckpointSource> checkpoint_source;
  std::unique_ptr<Checkpointer> checkpointer;
  SequenceManager sequences;
  NotificationHub notifications{txns};

  /// The newest committed catalog.
  std::shared_ptr<const CatalogVersion> Catalog() const {
    MutexLock lock(catalog_mu);
    return catalog;
  }
  /// What an operator may hold by default before it writes to disk: work_mem.
  size_t DefaultWorkMem() const;
  uint64_t catalog_number() const { return catalog_number_now.load(std::memory_order_acquire); }
  Oid NewOid() { return next_oid.fetch_add(1, std::memory_order_relaxed); }
  TabletId NewTabletId() { return TabletId(next_tablet.fetch_add(1, std::memory_order_relaxed)); }
  WalManager* wal() { return folder ? &folder->wal() : nullptr; }
  std::shared_ptr<Tablet> MakeTablet(const TableDef& table);
  /// The thread that cancels statements past their statement_timeout; made when first needed.
  void StartWatchdog();

  mutable Mutex catalog_mu;
  std::shared_ptr<const CatalogVersion> catalog GUARDED_BY(catalog_mu);
  std::atomic<uint64_t> catalog_number_now{1};
  std::atomic<uint64_t> next_overlay_number{uint64_t{1} << 62};
  std::atomic<Oid> next_oid{kFirstUserOid};
  std::atomic<uint64_t> next_tablet{kFirstUserTablet.value};

  Mutex statistics_mu;
  std::map<Oid, std::shared_ptr<const TableStatistics>> statistics GUARDED_BY(statistics_mu);

  /// Cancels what the session of that number runs, or ends it. False: there is none.
  bool Signal(int32_t pid, bool terminate);
  bool HasSession(int32_t pid) {
    MutexLock lock(sessions_mu);
    return sessions.contains(pid);
  }

  Mutex sessions_mu;
  std::map<int32_t, SessionImpl*> sessions GUARDED_BY(sessions_mu);
  int32_t next_pid GUARDED_BY(sessions_mu) = 1;
  Thread watchdog GUARDED_BY(sessions_mu);
  std::atomic<bool> watchdog_runs{false};
  std::atomic<bool> stopping{false};
};

}  // namespace oxibase
