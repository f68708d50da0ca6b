#include "session.h"

#include <fmt/core.h>

#include <algorithm>

#include "common/key_codec.h"
#include "storage/index/row_set.h"
#include "storage/index/tablet_index.h"

namespace oxibase::sim {
namespace {

/// The columns of one row, as writers want them.
struct Columns {
  explicit Columns(const Row& row) {
    key.SetConstant(Value::Int8(row.key));
    value.SetConstant(Value::Int8(row.value));
    tag.SetConstant(Value::Int8(row.tag));
    text.SetConstant(Value::Text(row.Text()));
  }
  Vector key{Type(TypeId::kInt8)}, value{Type(TypeId::kInt8)}, tag{Type(TypeId::kInt8)},
      text{Type(TypeId::kText)};
  const Vector* pointers[4] = {&key, &value, &tag, &text};
};

bool IsOfFiles(const Status& status) {
  return status.code() == ErrorCode::kIoError || status.code() == ErrorCode::kDiskFull ||
         status.code() == ErrorCode::kTransactionResolutionUnknown;
}

}  // namespace

void World::Trace(const std::string& line) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : line) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  Scheduler::Get().Note(hash);
  if (verbose) {
    fmt::print("{:>12} {:<12} {}\n", Scheduler::Get().now(), Scheduler::Get().name(), line);
  }
}

Session::Session(World& world, Life& life, uint64_t seed, const SessionOptions& options)
    : world_(world),
      life_(life),
      chance_(seed),
      options_(options),
      txn_(life.txns().NewTransaction()) {
  txn_->set_deadlock_timeout_micros(3000);
}

void Session::Judge(const Status& status, const char* where) {
  world_.Trace(fmt::format("{}: {} {}", where, SqlState(status.code()), status.message()));
  switch (status.code()) {
    case ErrorCode::kUniqueViolation:
    case ErrorCode::kSerializationFailure:
    case ErrorCode::kDeadlockDetected:
    case ErrorCode::kLockNotAvailable:
      world_.Count("refused statements");
      return;
    default:
      break;
  }
  if (IsOfFiles(status) && world_.MayFail()) {
    world_.Count("statements that failed by files");
    if (world_.files.stopped() || !life_.wal().status().ok()) broken_ = true;
    return;
  }
  world_.Fail(
      fmt::format("{}: unexpected error {}: {}", where, SqlState(status.code()), status.message()));
  broken_ = true;
}

Row Session::NewRow() {
  Row row;
  row.key = chance_.Between(0, options_.keys - 1);
  row.value = chance_.Between(0, 9);
  row.tag = world_.next_tag++;
  row.text_len = chance_.Between(0, chance_.Percent(5) ? 2500 : chance_.Percent(20) ? 500 : 40);
  return row;
}

void Session::Begin(IsolationLevel isolation) {
  TxnOptions options;
  options.isolation = isolation;
  if (options_.may_be_asynchronous) options.synchronous = !chance_.Percent(50);
  number_ = world_.next_txn++;
  writes_.clear();
  savepoints_.clear();
  locks_.clear();
  txn_->Begin(options);
}

void Session::EndLocks(size_t from) {
  for (size_t i = from; i < locks_.size(); ++i) {
    locks_[i].to = life_.txns().last_commit_ts().value;
    world_.history.locks.push_back(locks_[i]);
  }
  locks_.resize(from);
}

void Session::Rollback() {
  EndLocks(0);
  txn_->Rollback();
  world_.Count("rolled back");
  world_.Trace(fmt::format("transaction {} rolled back", number_));
}

void Session::Commit() {
  EndLocks(0);
  const bool synchronous = txn_->options().synchronous;
  const Result<Lsn> end = txn_->Commit();
  if (!end.ok()) {
    world_.Count("rolled back");
    return Judge(end.status(), "commit");
  }
  if (writes_.empty()) return;
  const size_t at = world_.history.commits.size();
  world_.history.commits.push_back({txn_->commit_ts().value, number_, writes_});
  world_.Count("commits");
  world_.Trace(fmt::format("transaction {} committed at {}, {} writes", number_,
                           txn_->commit_ts().value, writes_.size()));
  if (!synchronous || chance_.Percent(25)) return;
  const Status durable = life_.wal().WaitDurable(*end);
  if (!durable.ok()) return Judge(durable, "wait for durability");
  if (world_.files.stopped()) return;
  world_.history.commits[at].acknowledged = true;
  world_.Count("acknowledged commits");
  world_.Trace(fmt::format("transaction {} acknowledged", number_));
}

Result<Session::Found> Session::Fetch(Tablet& tablet, std::span<const RowRef> refs) {
  Found found;
  Vector key{Type(TypeId::kInt8)}, value{Type(TypeId::kInt8)}, tag{Type(TypeId::kInt8)},
      text{Type(TypeId::kText)};
  RETURN_IF_ERROR(GatherColumn(tablet.schema(), 0, refs, key));
  RETURN_IF_ERROR(GatherColumn(tablet.schema(), 1, refs, value));
  RETURN_IF_ERROR(GatherColumn(tablet.schema(), 2, refs, tag));
  RETURN_IF_ERROR(GatherColumn(tablet.schema(), 3, refs, text));
  for (uint32_t i = 0; i < refs.size(); ++i) {
    Row row{key.data<int64_t>()[i], value.data<int64_t>()[i], tag.data<int64_t>()[i], 0};
    const std::string string(text.GetValue(i).bytes());
    row.text_len = static_cast<int64_t>(string.size());
    if (string != row.Text())
      return Error(ErrorCode::kInternalError, "row {} has another row's text", refs[i].id.value);
    found.emplace_back(refs[i].id.value, row);
  }
  return found;
}

Result<Session::Found> Session::Read(const Snapshot& snapshot, const Reading& how) {
  Tablet& tablet = life_.table(how.table);
  Found all;
  RowRef refs[24];
  const auto drain = [&](auto& cursor) -> Status {
    for (;;) {
      ReadGuard guard(*txn_);
      const size_t batch = 1 + chance_.Below(24);
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, {refs, batch}));
      if (count == 0) return {};
      ASSIGN_OR_RETURN(const Found some, Fetch(tablet, {refs, count}));
      all.insert(all.end(), some.begin(), some.end());
    }
  };
  if (how.by == Reading::By::kScan) {
    TableCursor cursor(*txn_, tablet);
    RETURN_IF_ERROR(drain(cursor));
    return all;
  }
  const Oid oid = how.by == Reading::By::kKey ? kKeyIndex : kValueIndex;
  const TabletIndex& index = *tablet.FindIndex(oid);
  KeyRange range;
  range.has_lower = range.has_upper = true;
  AppendKey(&range.lower, Value::Int8(how.low));
  AppendKey(&range.upper, Value::Int8(how.high));
  if (index.is_bitmap()) {
    RowSet rows;
    RETURN_IF_ERROR(CollectRows(*txn_, tablet, index, snapshot, range, rows));
    TableCursor cursor(*txn_, tablet);
    cursor.Select(rows);
    RETURN_IF_ERROR(drain(cursor));
    // Those with another value, and the order, are its caller's to mend.
    std::erase_if(all, [&](const auto& row) {
      return row.second.value < how.low || row.second.value > how.high;
    });
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.second.value < b.second.value; });
    if (how.backward) std::reverse(all.begin(), all.end());
    return all;
  }
  IndexCursor cursor(*txn_, tablet, index);
  cursor.Seek(range, how.backward);
  RETURN_IF_ERROR(drain(cursor));
  return all;
}

Status Session::ReadBy(int table, Reading::By by, int64_t low, int64_t high, bool backward) {
  Reading reading;
  reading.txn = number_;
  reading.table = table;
  reading.by = by;
  reading.low = low;
  reading.high = high;
  reading.backward = backward;
  reading.own = writes_;
  const Snapshot snapshot = txn_->BeginStatement();
  reading.ts = snapshot.read_ts.value;
  Result<Found> found = Read(snapshot, reading);
  txn_->EndStatement();
  RETURN_IF_ERROR(found.status());
  if (world_.files.stopped()) return {};
  reading.found = std::move(*found);
  world_.Count("readings");
  world_.Trace(fmt::format("transaction {} read table {} at {}: {} rows", number_, table,
                           reading.ts, reading.found.size()));
  world_.history.readings.push_back(std::move(reading));
  if (txn_->read_dependency() == Lsn(0) || chance_.Percent(30)) {
    RETURN_IF_ERROR(life_.wal().WaitDurable(txn_->read_dependency()));
    if (world_.files.stopped()) return {};
    world_.history.told_ts = std::max(world_.history.told_ts, snapshot.read_ts.value);
  }
  return {};
}

Status Session::Look() {
  const int table = static_cast<int>(chance_.Below(kTables));
  const bool backward = chance_.Percent(40);
  switch (chance_.Below(4)) {
    case 0:
      return ReadBy(table, Reading::By::kScan, 0, 0, false);
    case 1: {
      const int64_t key = chance_.Between(0, options_.keys - 1);
      return ReadBy(table, Reading::By::kKey, key, key, backward);
    }
    case 2: {
      const int64_t low = chance_.Between(0, options_.keys - 1);
      return ReadBy(table, Reading::By::kKey, low, low + chance_.Between(0, options_.keys),
                    backward);
    }
    default: {
      const int64_t low = chance_.Between(0, 9);
      return ReadBy(table, Reading::By::kValue, low, low + chance_.Between(0, 4), backward);
    }
  }
}

Status Session::Insert() {
  const int table = static_cast<int>(chance_.Below(kTables));
  const Row row = NewRow();
  const Snapshot snapshot = txn_->BeginStatement(true);
  const uint64_t from = snapshot.read_ts.value;
  const Columns columns(row);
  const Result<RowId> id = InsertRow(*txn_, life_.table(table), columns.pointers, 0);
  txn_->EndStatement();
  if (id.ok()) {
    writes_.push_back({table, id->value, std::nullopt, row});
    world_.Trace(fmt::format("transaction {} made row {} of table {}, key {}", number_, id->value,
                             table, row.key));
    return {};
  }
  if (id.code() == ErrorCode::kUniqueViolation) {
    // Its own row may be the other one.
    for (const Write& write : writes_) {
      if (write.table == table && write.after && write.after->key == row.key) return id.status();
    }
    world_.history.refusals.push_back(
        {number_, table, row.key, from, life_.txns().last_commit_ts().value});
  }
  return id.status();
}

// UPDATE or DELETE by key, with the second look at a row that somebody changed meanwhile.
Status Session::Change() {
  const int table = static_cast<int>(chance_.Below(kTables));
  Tablet& tablet = life_.table(table);
  const bool deletes = chance_.Percent(30);
  Reading how;
  how.table = table;
  how.by = chance_.Percent(70) ? Reading::By::kKey : Reading::By::kValue;
  how.low = how.high =
      how.by == Reading::By::kKey ? chance_.Between(0, options_.keys - 1) : chance_.Between(0, 9);
  const Snapshot statement = txn_->BeginStatement(true);
  const uint64_t from = statement.read_ts.value;
  const auto run = [&]() -> Status {
    ASSIGN_OR_RETURN(const Found found, Read(statement, how));
    int changed = 0;
    for (const auto& [id, first_seen] : found) {
      if (++changed > 3) break;
      Row seen = first_seen;
      Snapshot snapshot = statement;
      for (;;) {
        Row row = NewRow();
        if (chance_.Percent(75)) row.key = seen.key;
        if (chance_.Percent(30)) row.value = seen.value;
        const Columns columns(row);
        Result<RowOutcome> outcome =
            deletes ? DeleteRow(*txn_, tablet, RowId(id), snapshot)
                    : UpdateRow(*txn_, tablet, RowId(id), snapshot, columns.pointers, 0);
        if (!outcome.ok() && outcome.code() == ErrorCode::kUniqueViolation) {
          const bool own = std::any_of(writes_.begin(), writes_.end(), [&](const Write& write) {
            return write.table == table && write.after && write.after->key == row.key;
          });
          if (!own)
            world_.history.refusals.push_back(
                {number_, table, row.key, from, life_.txns().last_commit_ts().value});
        }
        RETURN_IF_ERROR(outcome.status());
        if (*outcome == RowOutcome::kDone) {
          writes_.push_back({table, id, seen, deletes ? std::nullopt : std::optional<Row>(row)});
          world_.Trace(fmt::format("transaction {} {} row {} of table {}, key {} to {}, at {}",
                                   number_, deletes ? "deleted" : "changed", id, table, seen.key,
                                   row.key, snapshot.read_ts.value));
          break;
        }
        if (*outcome == RowOutcome::kSelfModified)
          return Error(ErrorCode::kInternalError, "row {} came twice in one statement", id);
        if (*outcome != RowOutcome::kChanged) break;
        world_.Count("second looks");
        snapshot = txn_->LatestSnapshot();
        world_.Trace(fmt::format("transaction {} looks again at row {} of table {}, at {}", number_,
                                 id, table, snapshot.read_ts.value));
        ReadGuard guard(*txn_);
        ASSIGN_OR_RETURN(const RowRef again, GetRow(*txn_, tablet, snapshot, RowId(id)));
        if (!again) break;
        ASSIGN_OR_RETURN(const Found newest, Fetch(tablet, {&again, 1}));
        seen = newest[0].second;
        const int64_t column = how.by == Reading::By::kKey ? seen.key : seen.value;
        if (column != how.low) break;
      }
    }
    return {};
  };
  Status status = run();
  txn_->EndStatement();
  return status;
}

Status Session::Lock() {
  constexpr RowLockMode kModes[] = {RowLockMode::kKeyShare, RowLockMode::kShare,
                                    RowLockMode::kNoKeyUpdate, RowLockMode::kUpdate};
  constexpr LockWait kWaits[] = {LockWait::kBlock, LockWait::kNoWait, LockWait::kSkip};
  Reading how;
  how.table = static_cast<int>(chance_.Below(kTables));
  how.by = Reading::By::kKey;
  how.low = how.high = chance_.Between(0, options_.keys - 1);
  const RowLockMode mode = kModes[chance_.Below(4)];
  const LockWait wait = kWaits[chance_.Below(3)];
  const Snapshot snapshot = txn_->BeginStatement(true);
  const auto run = [&]() -> Status {
    ASSIGN_OR_RETURN(const Found found, Read(snapshot, how));
    for (const auto& [id, row] : found) {
      ASSIGN_OR_RETURN(const RowOutcome outcome,
                       LockRow(*txn_, life_.table(how.table), RowId(id), snapshot, mode, wait));
      if (outcome != RowOutcome::kDone || mode == RowLockMode::kKeyShare) continue;
      world_.Count("row locks");
      locks_.push_back({number_, how.table, id, life_.txns().last_commit_ts().value, 0});
    }
    return {};
  };
  Status status = run();
  txn_->EndStatement();
  return status;
}

bool Session::RunStatement() {
  // An error takes back what the statement did; without a savepoint all of the transaction.
  const bool saved = chance_.Percent(50);
  if (saved) {
    txn_->DefineSavepoint("s" + std::to_string(savepoints_.size()));
    savepoints_.push_back({writes_.size(), locks_.size()});
  }
  const uint64_t dice = chance_.Below(100);
  const char* what = dice < 25 ? "insert" : dice < 60 ? "change" : dice < 70 ? "lock" : "read";
  const Status status = dice < 25 ? Insert() : dice < 60 ? Change() : dice < 70 ? Lock() : Look();
  if (!status.ok()) Judge(status, what);
  if (broken_) return false;
  const bool back = !savepoints_.empty() && (status.ok() ? chance_.Percent(15) : saved);
  if (back) {
    const size_t to = status.ok() ? chance_.Below(savepoints_.size()) : savepoints_.size() - 1;
    EndLocks(savepoints_[to].locks);
    writes_.resize(savepoints_[to].writes);
    savepoints_.resize(to + 1);
    const Status undone = txn_->RollbackToSavepoint("s" + std::to_string(to));
    if (!undone.ok()) Judge(undone, "rollback to savepoint");
    world_.Count("savepoints gone back to");
    world_.Trace(fmt::format("transaction {} went back to savepoint {} of {} writes", number_, to,
                             writes_.size()));
    return true;
  }
  return status.ok();
}

void Session::RunTransaction() {
  Begin(chance_.Percent(50) ? IsolationLevel::kReadCommitted : IsolationLevel::kRepeatableRead);
  const auto statements = chance_.Between(1, 6);
  bool good = true;
  for (int64_t i = 0; i < statements && good; ++i) {
    good = RunStatement();
    if (chance_.Percent(25)) world_.clock.SleepMicros(chance_.Between(1, 3000));
  }
  if (good && chance_.Percent(85)) return Commit();
  Rollback();
}

// Old snapshots keep seeing their state, whatever leaves memory and is merged meanwhile.
void Session::HoldSnapshot() {
  Begin(IsolationLevel::kRepeatableRead);
  const auto looks = chance_.Between(2, 8);
  Status status;
  for (int64_t i = 0; i < looks && status.ok() && !broken_; ++i) {
    status = Look();
    if (status.ok() && chance_.Percent(30)) status = ReadBy(0, Reading::By::kScan, 0, 0, false);
    world_.clock.SleepMicros(chance_.Between(100, 8000));
  }
  if (!status.ok()) Judge(status, "read");
  Rollback();
}

void Session::Run() {
  for (int i = 0; i < options_.txns && !broken_ && world_.failure.empty(); ++i) {
    if (world_.files.stopped()) break;
    options_.holds_snapshots ? HoldSnapshot() : RunTransaction();
    if (chance_.Percent(20)) world_.clock.SleepMicros(chance_.Between(1, 5000));
  }
}

void Session::ReadAll() {
  Begin(IsolationLevel::kReadCommitted);
  Status status;
  for (int table = 0; table < kTables && status.ok(); ++table) {
    status = ReadBy(table, Reading::By::kScan, 0, 0, false);
    for (const bool backward : {false, true}) {
      if (status.ok()) status = ReadBy(table, Reading::By::kKey, -1, options_.keys, backward);
      if (status.ok()) status = ReadBy(table, Reading::By::kValue, -1, 100, backward);
    }
    for (int64_t key = 0; key < options_.keys && status.ok(); ++key)
      status = ReadBy(table, Reading::By::kKey, key, key, false);
    if (status.ok() && !world_.MayFail()) {
      const uint64_t live = life_.table(table).live_rows();
      const uint64_t rows = world_.history.begin_state()[static_cast<size_t>(table)].size();
      if (live != rows)
        world_.Fail(fmt::format("table {} is said to have {} rows, and has {}", table, live, rows));
    }
  }
  if (!status.ok()) Judge(status, "read");
  Rollback();
}

}  // namespace oxibase::sim
