#include "engine/database.h"

#include <algorithm>
#include <utility>

#include "catalog/table_storage.h"
#include "engine/catalog_loader.h"
#include "engine/database_impl.h"
#include "engine/history_retention.h"
#include "engine/session_impl.h"
#include "env/system_memory.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_restorer.h"

namespace oxibase {
namespace {

constexpr int64_t kWatchdogMicros = 5'000;
/// work_mem by default: this part of memory_limit, within bounds.
constexpr size_t kWorkMemShares = 16;
constexpr size_t kWorkMemMin = size_t{4} << 20;
constexpr size_t kWorkMemMax = size_t{1} << 30;

std::string TempFolder(const DatabaseOptions& options) {
  if (!options.temp_directory.empty()) return options.temp_directory;
  return options.path.empty() ? std::string("/tmp") : JoinPath(options.path, "tmp");
}

/// How memory_limit is shared out, but for what statements take.
struct MemoryShares {
  uint64_t limit, hot, cache, sort, log;
  TxnManager::MemoryBounds bounds;
};

MemoryShares ShareMemory(const DatabaseOptions& options) {
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  MemoryShares shares{};
  shares.limit = options.memory_limit > 0 ? options.memory_limit : SystemMemoryBytes() / 5 * 4;
  const uint64_t limit = shares.limit;
  shares.hot = options.hot_bytes_max > 0 ? options.hot_bytes_max : std::max(limit / 4, 4 * kMiB);
  shares.cache =
      options.block_cache_bytes > 0 ? options.block_cache_bytes : std::max(limit / 8, kMiB);
  shares.sort = std::clamp(limit / 64, kMiB, 16 * kMiB);
  shares.log = std::clamp(limit / 32, kMiB, 16 * kMiB);
  shares.bounds.txn_bytes =
      options.txn_bytes_max > 0 ? options.txn_bytes_max : std::max(shares.hot / 2, kMiB);
  // Checkpoints begin at the share itself.
  shares.bounds.hot_bytes = std::max(shares.hot + shares.hot / 4, 16 * kMiB);
  return shares;
}

/// What every database has from the beginning.
Status Bootstrap(Database::Impl& db) {
  if (db.Catalog()->SchemaByOid(kPublicSchema)) return {};
  // A catalog with any object is past its beginning; its public schema was dropped.
  const auto tablet = db.txns.tablets().Find(kCatalogTablet);
  if (tablet->next_row_id().value > 1) return {};
  const auto txn = db.txns.NewTransaction();
  txn->Begin({});
  txn->BeginStatement();
  DdlTransaction ddl(db, *txn);
  SchemaDef schema;
  schema.oid = kPublicSchema;
  schema.name = "public";
  schema.owner = kDatabaseOwnerRole;
  RETURN_IF_ERROR(ddl.PutSchema(schema));
  CommentDef comment;
  comment.object = kPublicSchema;
  comment.class_kind = 'n';
  comment.text = "standard public schema";
  RETURN_IF_ERROR(ddl.PutComment(comment));
  ddl.Publish();
  ASSIGN_OR_RETURN(const Lsn lsn, txn->Commit());
  ddl.Committed();
  return db.wal() ? db.wal()->WaitDurable(lsn) : Status();
}

}  // namespace

Database::Impl::Impl(Env& e, DatabaseOptions o)
    : env(e),
      options(std::move(o)),
      temp(e.files(), e.random(), TempFolder(options),
           options.path.empty() || !options.temp_directory.empty()),
      txns(e.clock()) {
  const MemoryShares shares = ShareMemory(options);
  const auto limit = static_cast<int64_t>(shares.limit);
  memory.set_limit(limit);
  memory.AddPart(txns.row_memory());
  statement_memory.set_limit(limit / 2);
  if (!options.path.empty()) {
    cache = std::make_unique<BlockCache>(txns.epochs(), &memory, shares.cache);
  }
}

size_t Database::Impl::DefaultWorkMem() const {
  return std::clamp(static_cast<size_t>(memory.limit()) / kWorkMemShares, kWorkMemMin, kWorkMemMax);
}

std::shared_ptr<Tablet> Database::Impl::MakeTablet(const TableDef& table) {
  auto tablet = std::make_shared<Tablet>(table.tablet, BuildTableSchema(table), txns.epochs(),
                                         &txns.row_memory());
  tablet->set_name(table.name);
  tablet->set_table_oid(table.oid);
  return tablet;
}

void Database::Impl::StartWatchdog() {
  if (watchdog_runs.load(std::memory_order_relaxed)) return;
  MutexLock lock(sessions_mu);
  if (watchdog_runs.exchange(true)) return;
  watchdog = Thread("watchdog", [this] {
    while (!stopping.load(std::memory_order_relaxed)) {
      env.clock().SleepMicros(kWatchdogMicros);
      const int64_t now = env.clock().MonotonicMicros();
      MutexLock inner(sessions_mu);
      for (const auto& [pid, session] : sessions) session->CheckDeadline(now);
    }
  });
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() {
  impl_->stopping.store(true);
  impl_->watchdog.Join();
  if (impl_->checkpointer) {
    impl_->checkpointer->Run().Ignore("what it would have written is in the log");
  }
}

Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  Env& env = options.env ? *options.env : Env::Real();
  auto impl = std::make_unique<Impl>(env, options);
  const MemoryShares shares = ShareMemory(options);
  TabletRestorer restorer(impl->txns);
  if (!options.path.empty()) {
    DataFolder::Options folder;
    folder.path = options.path;
    folder.create_if_missing = options.create_if_missing;
    folder.cache = impl->cache.get();
    folder.wal.archive = options.archive;
    folder.wal.gathered_bytes_max = shares.log;
    if (options.on_recovery) {
      folder.wal.on_replay = [told = options.on_recovery](uint64_t done, uint64_t total) {
        told({RecoveryProgress::Phase::kLog, done, total});
      };
    }
    ASSIGN_OR_RETURN(impl->folder, DataFolder::Open(env, folder, restorer));
  }
  RETURN_IF_ERROR(impl->temp.RemoveLeftovers());
  restorer.Finish();
  for (const auto& [id, state] : restorer.sequences()) impl->sequences.Restore(state);
  RETURN_IF_ERROR(LoadCatalog(*impl));
  EndOutdatedHistories(*impl, *impl->Catalog());
  ApplyRetentions(*impl, *impl->Catalog());
  if (impl->txns.longest_retention_micros() > 0) {
    impl->txns.commit_times().Restore(restorer.TakeCommits());
  }
  if (impl->folder) {
    impl->txns.AttachLog(impl->wal());
    impl->folder->store().set_sort_bytes(shares.sort);
    impl->txns.AttachStore(&impl->folder->store(), shares.bounds);
    impl->sequences.AttachLog(impl->wal());
    TxnCheckpointSource::Hooks hooks;
    hooks.sequences = [db = impl.get()] { return db->sequences.Snapshot(); };
    impl->checkpoint_source = std::make_unique<TxnCheckpointSource>(impl->txns, std::move(hooks));
    Checkpointer::Options checkpoints;
    checkpoints.log_bytes_max = options.checkpoint_bytes;
    checkpoints.hot_bytes_max = shares.hot;
    if (options.salvage == nullptr)
      impl->checkpointer =
          std::make_unique<Checkpointer>(*impl->folder, *impl->checkpoint_source, checkpoints);
  }
  impl->txns.StartBackground();
  if (options.salvage == nullptr) RETURN_IF_ERROR(Bootstrap(*impl));
  if (impl->checkpointer) impl->checkpointer->StartBackground();
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Result<std::unique_ptr<Session>> Database::Connect(const SessionOptions& options) {
  if (options.database != "postgres") {
    return Error(ErrorCode::kInvalidCatalogName, "database \"{}\" does not exist",
                 options.database);
  }
  if (options.user != "postgres") {
    return Error(ErrorCode::kInvalidAuthorizationSpecification, "role \"{}\" does not exist",
                 options.user);
  }
  const auto secret = static_cast<int32_t>(impl_->env.random().Next());
  int32_t pid;
  {
    MutexLock lock(impl_->sessions_mu);
    pid = impl_->next_pid++;
  }
  auto session = std::make_unique<SessionImpl>(*this, options, pid, secret);
  MutexLock lock(impl_->sessions_mu);
  impl_->sessions[pid] = session.get();
  return std::unique_ptr<Session>(std::move(session));
}

Status Database::Checkpoint() {
  return impl_->checkpointer ? impl_->checkpointer->Run() : Status();
}

Lsn Database::durable_lsn() const {
  return impl_->wal() ? impl_->wal()->durable_lsn() : Lsn(UINT64_MAX);
}

Status Database::WaitDurable(Lsn lsn) {
  return impl_->wal() ? impl_->wal()->WaitDurable(lsn) : Status();
}

void Database::OnDurable(Lsn lsn, std::function<void(const Status&)> done) {
  if (impl_->wal()) {
    impl_->wal()->OnDurable(lsn, std::move(done));
  } else {
    done({});
  }
}

Status Database::LogStatus() { return impl_->wal() ? impl_->wal()->status() : Status(); }

void Database::TerminateAll() {
  MutexLock lock(impl_->sessions_mu);
  for (const auto& [pid, session] : impl_->sessions) session->Terminate();
}

bool Database::Impl::Signal(int32_t pid, bool terminate) {
  MutexLock lock(sessions_mu);
  const auto it = sessions.find(pid);
  if (it == sessions.end()) return false;
  if (terminate) {
    it->second->Terminate();
  } else {
    it->second->Cancel();
  }
  return true;
}

bool Database::Cancel(int32_t pid, int32_t secret) {
  MutexLock lock(impl_->sessions_mu);
  const auto it = impl_->sessions.find(pid);
  if (it == impl_->sessions.end() || it->second->secret() != secret) return false;
  it->second->Cancel();
  return true;
}

}  // namespace oxibase
