#include "exec/foreign_key.h"

#include <algorithm>
#include <utility>

#include "exec/vector_copy.h"
#include "expr/cast.h"
#include "expr/hash.h"
#include "expr/type_io.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"
#include "txn/read_set.h"
#include "txn/transaction.h"

namespace oxibase {
namespace {

/// Keys remembered as found, so that a bulk load looks each up once.
constexpr size_t kVerifiedMax = 65536;

Result<uint32_t> PositionOf(const TableDef& table, ColumnId id) {
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].id == id) return i;
  }
  return Error(ErrorCode::kInternalError, "table \"{}\" has no column {}", table.name, id.value);
}

/// For each of the first columns of `spec` the position of that column in `ids`; empty if those
/// columns are not exactly `ids`.
std::vector<size_t> IndexOrder(const IndexSpec& spec, const std::vector<ColumnId>& ids) {
  std::vector<size_t> order;
  if (spec.columns.size() < ids.size()) return {};
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto at = std::find(ids.begin(), ids.end(), spec.columns[i].column);
    if (at == ids.end()) return {};
    order.push_back(static_cast<size_t>(at - ids.begin()));
  }
  return order;
}

Status CompileConversions(const std::vector<Type>& from, const std::vector<Type>& to,
                          ExpressionList* list) {
  for (size_t i = 0; i < from.size(); ++i) {
    ExprPtr column = std::make_unique<ColumnExpr>(static_cast<VarId>(i), from[i]);
    if (from[i].id != to[i].id) {
      column = MakeCastExpr(std::move(column), Type(to[i].id), CastContext::kExplicit);
      if (!column) {
        return Error(ErrorCode::kInternalError, "key columns of types {} and {}",
                     FormatType(from[i]), FormatType(to[i]));
      }
    }
    RETURN_IF_ERROR(list->Add(*column));
    list->Keep(std::move(column));
  }
  return {};
}

void AppendIndexKey(std::string* out, const IndexSpec& spec, const std::vector<size_t>& order,
                    std::span<const Vector* const> keys, uint32_t row) {
  for (size_t i = 0; i < order.size(); ++i) {
    const Vector& key = *keys[order[i]];
    AppendKey(out, key.type(), key.view(), row, spec.columns[i].order);
  }
}

}  // namespace

Result<ForeignKey*> ForeignKeyRegistry::Get(const std::shared_ptr<const TableDef>& referring,
                                            const ConstraintDef& constraint) {
  auto& key = keys_[{referring->oid, constraint.oid}];
  if (!key) {
    auto made = std::make_unique<ForeignKey>(referring, constraint, state_);
    RETURN_IF_ERROR(made->Prepare());
    key = std::move(made);
  }
  return key.get();
}

Status ForeignKey::Prepare() {
  referenced_ = state_.tables.catalog().TableByOid(constraint_.referenced_table);
  if (!referenced_) return Error(ErrorCode::kInternalError, "a foreign key without a table");
  ASSIGN_OR_RETURN(referring_tablet_, state_.tables.FindTablet(*referring_));
  ASSIGN_OR_RETURN(referenced_tablet_, state_.tables.FindTablet(*referenced_));
  for (const ColumnId id : constraint_.columns) {
    ASSIGN_OR_RETURN(const uint32_t at, PositionOf(*referring_, id));
    columns_.push_back(at);
    types_.push_back(referring_->columns[at].type);
    referring_stored_.push_back(static_cast<size_t>(referring_tablet_->schema().newest().Find(id)));
  }
  for (const ColumnId id : constraint_.referenced_columns) {
    ASSIGN_OR_RETURN(const uint32_t at, PositionOf(*referenced_, id));
    referenced_columns_.push_back(at);
    referenced_types_.push_back(referenced_->columns[at].type);
  }
  for (size_t i = 0; i < types_.size(); ++i) {
    converts_ |= types_[i].id != referenced_types_[i].id;
  }
  RETURN_IF_ERROR(CompileConversions(types_, referenced_types_, &to_referenced_));
  RETURN_IF_ERROR(CompileConversions(referenced_types_, types_, &to_referring_));

  // (Lists may be replaced beside this: docs/sql.md, CONCURRENTLY.)
  const EpochGuard guard(referenced_tablet_->epochs());
  for (const auto& index : referenced_tablet_->indexes()) {
    const IndexSpec& spec = index->spec();
    if (!index->is_complete()) continue;
    if (!spec.always_unique() || spec.predicate || spec.columns.size() != columns_.size()) continue;
    index_order_ = IndexOrder(spec, constraint_.referenced_columns);
    if (index_order_.empty()) continue;
    referenced_index_ = index.get();
    if (spec.oid == constraint_.index) break;
  }
  if (!referenced_index_) {
    return Error(ErrorCode::kInternalError, "foreign key \"{}\" has lost its index",
                 constraint_.name);
  }
  index_order_ = IndexOrder(referenced_index_->spec(), constraint_.referenced_columns);
  for (const auto& index : referring_tablet_->indexes()) {
    const IndexSpec& spec = index->spec();
    if (!index->is_complete()) continue;
    if (spec.predicate || index->is_bitmap() ||
        (index->is_hash() && spec.columns.size() != columns_.size())) {
      continue;
    }
    referring_order_ = IndexOrder(spec, constraint_.columns);
    if (referring_order_.empty()) continue;
    referring_index_ = index.get();
    break;
  }
  verified_ = KeyTable(types_, 0);
  unchecked_ = RowStore(types_);
  std::vector<Type> both = referenced_types_;
  both.insert(both.end(), referenced_types_.begin(), referenced_types_.end());
  removed_ = RowStore(both);
  return {};
}

void ForeignKey::Reset() {
  verified_.Clear();
  unchecked_.Clear();
  removed_.Clear();
  removed_replaced_.clear();
  memory_.Set0();
  check_queued_ = removal_queued_ = false;
}

// ---- The referring side.

Result<ForeignKey::Lookup> ForeignKey::FindReferenced(std::span<const Vector* const> keys,
                                                      uint32_t row, bool final) {
  Transaction& txn = *state_.context->txn;
  std::span<const Vector* const> wanted = keys;
  uint32_t at = row;
  if (converts_) {
    if (key_row_.columns.empty()) key_row_ = Batch(types_);
    for (size_t i = 0; i < keys.size(); ++i) {
      key_row_.columns[i].ResetFlat(1);
      CopyRows(key_row_.columns[i], 0, *keys[i], &row, 1);
    }
    key_row_.size = 1;
    // A value that the other type cannot hold is not there.
    const Status status = to_referenced_.Evaluate(state_.context->eval, key_row_);
    if (!status.ok()) return Lookup::kMissing;
    wanted = to_referenced_.results();
    at = 0;
  }
  range_.lower.clear();
  AppendIndexKey(&range_.lower, referenced_index_->spec(), index_order_, wanted, at);
  range_.upper = range_.lower;
  range_.has_lower = range_.has_upper = range_.lower_inclusive = range_.upper_inclusive = true;
  IndexCursor cursor(txn, *referenced_tablet_, *referenced_index_);
  for (;;) {
    RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
    const Snapshot snapshot = txn.repeatable_read() ? txn.OwnSnapshot() : txn.LatestSnapshot();
    RowRef ref;
    {
      ReadGuard guard(txn);
      cursor.Seek(range_, false);
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, {&ref, 1}));
      if (count == 0) {
        // (A row that is there is locked, which keeps it.)
        if (ReadSet* reads = txn.reads()) {
          reads->AddRange(*referenced_tablet_, *referenced_index_, range_);
        }
        return Lookup::kMissing;
      }
    }
    ASSIGN_OR_RETURN(const RowOutcome outcome, LockRow(txn, *referenced_tablet_, ref.id, snapshot,
                                                       RowLockMode::kKeyShare, LockWait::kBlock));
    if (outcome == RowOutcome::kDone) return Lookup::kFound;
    if (outcome == RowOutcome::kSelfModified) return final ? Lookup::kFound : Lookup::kMissing;
  }
}

Status ForeignKey::CheckWritten(const Batch& rows, uint32_t row) {
  std::vector<const Vector*> keys;
  keys.reserve(columns_.size());
  size_t nulls = 0;
  for (const uint32_t at : columns_) {
    keys.push_back(&rows.columns[at]);
    nulls += rows.columns[at].view().IsNull(row) ? 1 : 0;
  }
  if (nulls > 0) {
    if (!constraint_.match_full || nulls == columns_.size()) return {};
    return Error(ErrorCode::kForeignKeyViolation,
                 "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                 referring_->name, constraint_.name)
        .Detail("MATCH FULL does not allow mixing of null and nonnull key values.")
        .Table(SchemaName(referring_->schema), referring_->name)
        .Constraint(constraint_.name);
  }
  std::byte* known = nullptr;
  if (verified_.size() > kVerifiedMax) verified_.Clear();
  verified_.Find(keys, &row, 1, &known);
  if (known) return {};
  ASSIGN_OR_RETURN(const Lookup found, FindReferenced(keys, row, false));
  if (found == Lookup::kFound) {
    verified_.FindOrInsert(keys, &row, 1, &known, nullptr);
    return {};
  }
  DeferredChecks* const deferred = state_.context->deferred;
  if (deferred && deferred->IsDeferred(constraint_)) {
    std::vector<Value> key;
    for (const Vector* column : keys) key.push_back(column->GetValue(row));
    deferred->Add(DeferredChecks::Event::kWritten, referring_->oid, constraint_.oid,
                  std::move(key));
    return {};
  }
  unchecked_.Append(keys, &row, 1);
  RETURN_IF_ERROR(memory_.Set(unchecked_.bytes() + removed_.bytes()));
  if (!check_queued_) {
    check_queued_ = true;
    state_.context->end_of_statement.emplace_back(
        [this](ExecContext& /*context*/) { return CheckLater(); });
  }
  return {};
}

Status ForeignKey::CheckLater() {
  check_queued_ = false;
  state_.context->txn->NextCommand();
  const RowStore keys = std::exchange(unchecked_, RowStore(types_));
  for (size_t c = 0; c < keys.chunk_count(); ++c) {
    const Batch& chunk = keys.chunk(c);
    std::vector<const Vector*> columns;
    for (const Vector& column : chunk.columns) columns.push_back(&column);
    for (uint32_t row = 0; row < chunk.size; ++row) {
      ASSIGN_OR_RETURN(const Lookup found, FindReferenced(columns, row, true));
      if (found == Lookup::kMissing) return MissingError(columns, row);
    }
  }
  return {};
}

// ---- The referenced side.

Status ForeignKey::KeyRemoved(const Batch& old, uint32_t old_row, const Batch* fresh,
                              uint32_t new_row) {
  bool changed = fresh == nullptr;
  for (size_t i = 0; i < referenced_columns_.size(); ++i) {
    const Vector& was = old.columns[referenced_columns_[i]];
    if (was.view().IsNull(old_row)) return {};  // nothing refers to it
    if (!fresh) continue;
    const Vector& is = fresh->columns[referenced_columns_[i]];
    changed |= !RowsEqual(referenced_types_[i], was.view(), old_row, is.view(), new_row);
  }
  if (!changed) return {};
  // Only the check can wait; what follows a change follows at once.
  const ForeignKeyAction action = fresh ? constraint_.on_update : constraint_.on_delete;
  DeferredChecks* const deferred = state_.context->deferred;
  if (action == ForeignKeyAction::kNoAction && deferred && deferred->IsDeferred(constraint_)) {
    std::vector<Value> key;
    for (const uint32_t at : referenced_columns_) key.push_back(old.columns[at].GetValue(old_row));
    deferred->Add(DeferredChecks::Event::kRemoved, referring_->oid, constraint_.oid,
                  std::move(key));
    return {};
  }
  std::vector<Vector> row;
  row.reserve(referenced_columns_.size() * 2);
  for (const uint32_t at : referenced_columns_) {
    row.emplace_back(referenced_->columns[at].type);
    row.back().Select(old.columns[at], &old_row, 1);
  }
  for (const uint32_t at : referenced_columns_) {
    row.emplace_back(referenced_->columns[at].type);
    if (fresh) {
      row.back().Select(fresh->columns[at], &new_row, 1);
    } else {
      row.back().SetConstantNull();
    }
  }
  removed_.Append(row, nullptr, 1);
  RETURN_IF_ERROR(memory_.Set(unchecked_.bytes() + removed_.bytes()));
  removed_replaced_.push_back(fresh ? 1 : 0);
  if (!removal_queued_) {
    removal_queued_ = true;
    state_.context->end_of_statement.emplace_back(
        [this](ExecContext& /*context*/) { return RunRemoved(); });
  }
  return {};
}

Status ForeignKey::RunRemoved() {
  removal_queued_ = false;
  state_.context->txn->NextCommand();
  const RowStore keys = std::exchange(removed_, RowStore(removed_.types()));
  const std::vector<uint8_t> replaced = std::exchange(removed_replaced_, {});
  std::vector<std::vector<RowId>> followers(keys.size());
  RETURN_IF_ERROR(FindFollowers(keys, &followers));
  for (uint32_t key = 0; key < keys.size(); ++key) {
    if (followers[key].empty()) continue;
    RETURN_IF_ERROR(Act(keys, key, replaced[key] != 0, followers[key]));
  }
  return {};
}

Status ForeignKey::FindFollowers(const RowStore& keys, std::vector<std::vector<RowId>>* found) {
  if (!referring_index_) return FindByScan(keys, found);
  Transaction& txn = *state_.context->txn;
  const Snapshot snapshot = txn.LatestSnapshot();
  IndexCursor cursor(txn, *referring_tablet_, *referring_index_);
  std::vector<RowRef> refs(256);
  Batch key_row(referenced_types_);
  for (uint32_t key = 0; key < keys.size(); ++key) {
    RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
    for (size_t i = 0; i < referenced_types_.size(); ++i) {
      keys.GatherColumn(i, &key, 1, key_row.columns[i]);
    }
    key_row.size = 1;
    if (!to_referring_.Evaluate(state_.context->eval, key_row).ok()) continue;
    range_.lower.clear();
    AppendIndexKey(&range_.lower, referring_index_->spec(), referring_order_,
                   to_referring_.results(), 0);
    range_.upper = range_.lower;
    range_.has_lower = range_.has_upper = range_.lower_inclusive = range_.upper_inclusive = true;
    ReadGuard guard(txn);
    cursor.Seek(range_, false);
    for (;;) {
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, refs));
      if (count == 0) break;
      for (size_t i = 0; i < count; ++i) (*found)[key].push_back(refs[i].id);
    }
    // (That nobody refers to a key that goes away stays so: others find it gone.)
    ReadSet* const reads = txn.reads();
    if (reads && !(*found)[key].empty()) {
      reads->AddRange(*referring_tablet_, *referring_index_, range_);
    }
  }
  return {};
}

Status ForeignKey::FindByScan(const RowStore& keys, std::vector<std::vector<RowId>>* found) {
  Transaction& txn = *state_.context->txn;
  KeyTable table(types_, sizeof(uint32_t));
  Batch key_row(referenced_types_);
  std::byte* payload = nullptr;
  for (uint32_t key = 0; key < keys.size(); ++key) {
    for (size_t i = 0; i < referenced_types_.size(); ++i) {
      keys.GatherColumn(i, &key, 1, key_row.columns[i]);
    }
    key_row.size = 1;
    if (!to_referring_.Evaluate(state_.context->eval, key_row).ok()) continue;
    table.FindOrInsert(to_referring_.results(), nullptr, 1, &payload, nullptr);
    *reinterpret_cast<uint32_t*>(payload) = key;
  }
  const Snapshot snapshot = txn.LatestSnapshot();
  TableCursor cursor(txn, *referring_tablet_);
  std::vector<RowRef> refs(kVectorSize);
  std::vector<std::byte*> payloads(kVectorSize);
  Batch columns(types_);
  std::vector<const Vector*> wanted;
  for (const Vector& column : columns.columns) wanted.push_back(&column);
  for (;;) {
    RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
    ReadGuard guard(txn);
    ASSIGN_OR_RETURN(const size_t found_rows, cursor.Next(snapshot, refs));
    if (found_rows == 0) return {};
    const auto count = static_cast<uint32_t>(found_rows);
    for (size_t i = 0; i < types_.size(); ++i) {
      RETURN_IF_ERROR(GatherColumn(referring_tablet_->schema(), referring_stored_[i],
                                   {refs.data(), count}, columns.columns[i]));
    }
    table.Find(wanted, nullptr, count, payloads.data());
    for (uint32_t i = 0; i < count; ++i) {
      if (!payloads[i]) continue;
      if (ReadSet* reads = txn.reads()) reads->AddTable(*referring_tablet_);
      (*found)[*reinterpret_cast<const uint32_t*>(payloads[i])].push_back(refs[i].id);
    }
  }
}

/// Whether one of the rows still refers to the key: in-flight changes of others are waited for.
Result<bool> ForeignKey::IsReferenced(std::span<const RowId> followers, const RowStore& keys,
                                      uint32_t key) {
  Transaction& txn = *state_.context->txn;
  for (const RowId id : followers) {
    for (;;) {
      const Snapshot snapshot = txn.LatestSnapshot();
      ASSIGN_OR_RETURN(const bool refers, ReadFollower(id, snapshot, keys, key));
      if (!refers) break;
      ASSIGN_OR_RETURN(const RowOutcome outcome, LockRow(txn, *referring_tablet_, id, snapshot,
                                                         RowLockMode::kKeyShare, LockWait::kBlock));
      if (outcome == RowOutcome::kChanged) continue;
      if (outcome == RowOutcome::kDeleted) break;
      return true;
    }
  }
  return false;
}

Status ForeignKey::Act(const RowStore& keys, uint32_t key, bool replaced,
                       std::span<const RowId> followers) {
  const ForeignKeyAction action = replaced ? constraint_.on_update : constraint_.on_delete;
  RETURN_IF_ERROR(PrepareReferring());
  if (action == ForeignKeyAction::kRestrict) return CheckNotReferenced(followers, keys, key);
  if (action == ForeignKeyAction::kNoAction) {
    ASSIGN_OR_RETURN(const bool taken_over, IsTakenOver(keys, key));
    return taken_over ? Status() : CheckNotReferenced(followers, keys, key);
  }
  for (const RowId id : followers) {
    RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
    RETURN_IF_ERROR(ChangeFollower(id, keys, key, replaced));
  }
  if (action != ForeignKeyAction::kSetDefault) return {};
  // The default may be the very key that went away.
  state_.context->txn->NextCommand();
  ASSIGN_OR_RETURN(const bool taken_over, IsTakenOver(keys, key));
  return taken_over ? Status() : CheckNotReferenced(followers, keys, key);
}

/// Whether another row has the key now: one statement may take it away and bring it back.
Result<bool> ForeignKey::IsTakenOver(const RowStore& keys, uint32_t key) {
  std::vector<Vector> columns;
  std::vector<const Vector*> wanted;
  columns.reserve(referenced_types_.size());
  for (size_t i = 0; i < referenced_types_.size(); ++i) {
    columns.emplace_back(referenced_types_[i]);
    keys.GatherColumn(i, &key, 1, columns.back());
    wanted.push_back(&columns.back());
  }
  Transaction& txn = *state_.context->txn;
  range_.lower.clear();
  AppendIndexKey(&range_.lower, referenced_index_->spec(), index_order_, wanted, 0);
  range_.upper = range_.lower;
  range_.has_lower = range_.has_upper = true;
  range_.lower_inclusive = range_.upper_inclusive = true;
  ReadGuard guard(txn);
  IndexCursor cursor(txn, *referenced_tablet_, *referenced_index_);
  RowRef ref;
  cursor.Seek(range_, false);
  ASSIGN_OR_RETURN(const size_t count, cursor.Next(txn.LatestSnapshot(), {&ref, 1}));
  return count > 0;
}

Status ForeignKey::CheckNotReferenced(std::span<const RowId> followers, const RowStore& keys,
                                      uint32_t key) {
  ASSIGN_OR_RETURN(const bool referenced, IsReferenced(followers, keys, key));
  return referenced ? StillReferencedError(keys, key) : Status();
}

Status ForeignKey::PrepareReferring() {
  if (follower_) return {};
  auto follower = std::make_unique<Follower>(referring_, state_);
  ASSIGN_OR_RETURN(follower->rules, state_.tables.RulesOf(*referring_));
  RETURN_IF_ERROR(follower->writer.Prepare(*follower->rules));
  std::vector<uint32_t> assigned = columns_;
  for (const RowRules::Computed& computed : follower->rules->computed) {
    assigned.push_back(computed.column);
  }
  // A deleted row takes every key of its own away.
  const bool deletes = constraint_.on_delete == ForeignKeyAction::kCascade;
  RETURN_IF_ERROR(follower->keys.Prepare(true, true, deletes ? nullptr : &assigned));
  follower->row = Batch(follower->writer.row_types());
  for (const ColumnDef& column : referring_->columns) {
    const int position = referring_tablet_->schema().newest().Find(column.id);
    follower->stored.push_back(position < 0 || column.dropped ? SIZE_MAX
                                                              : static_cast<size_t>(position));
  }
  follower_ = std::move(follower);
  return {};
}

Result<bool> ForeignKey::ReadFollower(RowId id, const Snapshot& snapshot, const RowStore& keys,
                                      uint32_t key) {
  Transaction& txn = *state_.context->txn;
  Batch& row = follower_->row;
  {
    ReadGuard guard(txn);
    ASSIGN_OR_RETURN(const RowRef ref, GetRow(txn, *referring_tablet_, snapshot, id));
    if (!ref) return false;
    for (size_t c = 0; c < follower_->stored.size(); ++c) {
      if (follower_->stored[c] == SIZE_MAX) {
        row.columns[c].SetConstantNull();
      } else {
        RETURN_IF_ERROR(GatherColumn(referring_tablet_->schema(), follower_->stored[c], {&ref, 1},
                                     row.columns[c]));
      }
    }
  }
  row.size = 1;
  // It must still have the key.
  Batch wanted(referenced_types_);
  for (size_t i = 0; i < referenced_types_.size(); ++i) {
    keys.GatherColumn(i, &key, 1, wanted.columns[i]);
  }
  wanted.size = 1;
  RETURN_IF_ERROR(to_referring_.Evaluate(state_.context->eval, wanted));
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!RowsEqual(types_[i], row.columns[columns_[i]].view(), 0, to_referring_.result(i).view(),
                   0)) {
      return false;
    }
  }
  return true;
}

Status ForeignKey::ChangeFollower(RowId id, const RowStore& keys, uint32_t key, bool replaced) {
  const ForeignKeyAction action = replaced ? constraint_.on_update : constraint_.on_delete;
  Transaction& txn = *state_.context->txn;
  Follower& follower = *follower_;
  Batch& row = follower.row;
  const bool deletes = action == ForeignKeyAction::kCascade && !replaced;
  for (;;) {
    const Snapshot snapshot = txn.LatestSnapshot();
    ASSIGN_OR_RETURN(const bool refers, ReadFollower(id, snapshot, keys, key));
    if (!refers) return {};
    if (follower.keys.has_incoming()) {
      RETURN_IF_ERROR(follower.keys.ReadOld({&id, 1}, snapshot));
    }
    RowOutcome outcome;
    if (deletes) {
      ASSIGN_OR_RETURN(outcome, follower.writer.Delete(id, snapshot));
    } else {
      Batch fresh(referenced_types_);
      if (action == ForeignKeyAction::kCascade) {
        const size_t half = referenced_types_.size();
        for (size_t i = 0; i < half; ++i) {
          keys.GatherColumn(half + i, &key, 1, fresh.columns[i]);
        }
        fresh.size = 1;
        RETURN_IF_ERROR(to_referring_.Evaluate(state_.context->eval, fresh));
      }
      for (size_t i = 0; i < columns_.size(); ++i) {
        const ColumnDef& column = referring_->columns[columns_[i]];
        Vector& value = row.columns[columns_[i]];
        if (action == ForeignKeyAction::kCascade) {
          value.ResetFlat(1);
          CopyRows(value, 0, to_referring_.result(i), nullptr, 1);
          continue;
        }
        const auto& only = constraint_.set_columns;
        if (!replaced && !only.empty() &&
            std::find(only.begin(), only.end(), column.id) == only.end()) {
          continue;
        }
        if (action == ForeignKeyAction::kSetNull) {
          value.SetConstantNull();
        } else {
          ASSIGN_OR_RETURN(const Value fallback,
                           state_.tables.DefaultOf(*referring_, column.id, state_.context->eval));
          value.SetConstant(fallback);
        }
      }
      uint32_t good = 0;
      Status failure;
      RETURN_IF_ERROR(follower.writer.Complete(row, &good, &failure));
      if (good == 0) return failure;
      ASSIGN_OR_RETURN(outcome, follower.writer.Update(id, snapshot, row, 0));
    }
    switch (outcome) {
      case RowOutcome::kChanged:
        continue;
      case RowOutcome::kDone:
        break;
      default:
        return {};  // gone, or dealt with by another key's action
    }
    if (!deletes) RETURN_IF_ERROR(follower.keys.RowWritten(row, 0));
    if (follower.keys.has_incoming()) {
      RETURN_IF_ERROR(follower.keys.RowRemoved(0, deletes ? nullptr : &row, 0));
    }
    return {};
  }
}

// ---- Messages.

std::string ForeignKey::SchemaName(Oid schema) const {
  const auto found = state_.tables.catalog().SchemaByOid(schema);
  return found ? found->name : std::string();
}

Status ForeignKey::MissingError(std::span<const Vector* const> keys, uint32_t row) const {
  const TypeIo io(state_.context->eval);
  std::string names, values;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) names += ", ", values += ", ";
    names += referring_->columns[columns_[i]].name;
    TextOut(types_[i], keys[i]->view(), row, io, &values);
  }
  return Error(ErrorCode::kForeignKeyViolation,
               "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
               referring_->name, constraint_.name)
      .Detail("Key (" + names + ")=(" + values + ") is not present in table \"" +
              referenced_->name + "\".")
      .Table(SchemaName(referring_->schema), referring_->name)
      .Constraint(constraint_.name);
}

Status ForeignKey::StillReferencedError(const RowStore& keys, uint32_t key) const {
  const TypeIo io(state_.context->eval);
  std::string names, values;
  for (size_t i = 0; i < referenced_types_.size(); ++i) {
    if (i > 0) names += ", ", values += ", ";
    names += referenced_->columns[referenced_columns_[i]].name;
    Vector value(referenced_types_[i]);
    keys.GatherColumn(i, &key, 1, value);
    TextOut(referenced_types_[i], value.view(), 0, io, &values);
  }
  return Error(ErrorCode::kForeignKeyViolation,
               "update or delete on table \"{}\" violates foreign key constraint \"{}\" on table "
               "\"{}\"",
               referenced_->name, constraint_.name, referring_->name)
      .Detail("Key (" + names + ")=(" + values + ") is still referenced from table \"" +
              referring_->name + "\".")
      .Table(SchemaName(referring_->schema), referring_->name)
      .Constraint(constraint_.name);
}

}  // namespace oxibase
