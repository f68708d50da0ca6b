#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/exec_state.h"
#include "exec/expression_list.h"
#include "exec/foreign_key_checks.h"
#include "exec/key_table.h"
#include "exec/memory_account.h"
#include "exec/row_store.h"
#include "exec/table_writer.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// One foreign key at work in a statement, seen from both of its tables.
///
/// A new row of the referring table looks its key up at once, in the newest committed state, and
/// locks the row it finds FOR KEY SHARE; what is not found is looked for again at the end of the
/// statement, which may bring it. Keys that are taken away from the referenced table are collected;
/// at the end of the statement they are checked (NO ACTION, RESTRICT) or the referring rows
/// follow, which may collect further keys, of this foreign key too.
class ForeignKey {
 public:
  ForeignKey(std::shared_ptr<const TableDef> referring, const ConstraintDef& constraint,
             ExecState& state)
      : referring_(std::move(referring)), constraint_(constraint), state_(state) {}
  Status Prepare();
  void Reset();

  const ConstraintDef& constraint() const { return constraint_; }

  /// Row `row` of `rows`, of the referring table, was written.
  Status CheckWritten(const Batch& rows, uint32_t row);
  /// A key went away: row `old_row` of `old` (the referenced table's rows), replaced by row
  /// `new_row` of `fresh` unless null. Rows have all columns in TableDef order.
  Status KeyRemoved(const Batch& old, uint32_t old_row, const Batch* fresh, uint32_t new_row);

 private:
  /// How rows of the referring table are changed by an action.
  struct Follower {
    Follower(std::shared_ptr<const TableDef> table, ExecState& state)
        : writer(table, state), keys(table, state) {}
    std::shared_ptr<const RowRules> rules;  // shared with the resolver's cache
    TableWriter writer;
    ForeignKeyChecks keys;
    Batch row;  // one row, TableDef order
    std::vector<size_t> stored;
  };
  enum class Lookup : uint8_t { kFound, kMissing };

  Status PrepareReferring();
  Result<Lookup> FindReferenced(std::span<const Vector* const> keys, uint32_t row, bool final);
  Status CheckLater();
  Status RunRemoved();
  Status Act(const RowStore& keys, uint32_t key, bool replaced, std::span<const RowId> followers);
  Status ChangeFollower(RowId id, const RowStore& keys, uint32_t key, bool replaced);
  Result<bool> ReadFollower(RowId id, const Snapshot& snapshot, const RowStore& keys, uint32_t key);
  /// For each key of `keys` the referring rows; by index, or by one scan for all.
  Status FindFollowers(const RowStore& keys, std::vector<std::vector<RowId>>* found);
  Status FindByScan(const RowStore& keys, std::vector<std::vector<RowId>>* found);
  Result<bool> IsTakenOver(const RowStore& keys, uint32_t key);
  Status CheckNotReferenced(std::span<const RowId> followers, const RowStore& keys, uint32_t key);
  Result<bool> IsReferenced(std::span<const RowId> followers, const RowStore& keys, uint32_t key);

  Status MissingError(std::span<const Vector* const> keys, uint32_t row) const;
  Status StillReferencedError(const RowStore& keys, uint32_t key) const;
  std::string SchemaName(Oid schema) const;

  const std::shared_ptr<const TableDef> referring_;
  const ConstraintDef& constraint_;
  ExecState& state_;
  std::shared_ptr<const TableDef> referenced_;
  std::shared_ptr<Tablet> referring_tablet_, referenced_tablet_;
  std::vector<uint32_t> columns_, referenced_columns_;  // positions in TableDef
  std::vector<Type> types_, referenced_types_;
  const TabletIndex* referenced_index_ = nullptr;
  std::vector<size_t> index_order_;               // by index column: which of the key's columns
  const TabletIndex* referring_index_ = nullptr;  // whose first columns are the key's; may be null
  std::vector<size_t> referring_order_;
  std::vector<size_t> referring_stored_;  // key columns in the referring tablet's layout
  // From the one side's types to the other's; empty where they are equal.
  ExpressionList to_referenced_, to_referring_;
  bool converts_ = false;

  KeyRange range_;
  KeyTable verified_{{}, 0};
  RowStore unchecked_{{}};  // keys not found at first
  RowStore removed_{{}};    // old key, in the referenced table's types, and new one
  std::vector<uint8_t> removed_replaced_;
  MemoryShare memory_{state_.memory};
  bool check_queued_ = false;
  bool removal_queued_ = false;
  std::unique_ptr<Follower> follower_;
  Batch key_row_;  // one key, for conversions and lookups
};

/// The foreign keys that a tree of operators has met, by constraint.
class ForeignKeyRegistry {
 public:
  explicit ForeignKeyRegistry(ExecState& state) : state_(state) {}
  Result<ForeignKey*> Get(const std::shared_ptr<const TableDef>& referring,
                          const ConstraintDef& constraint);
  void Reset() {
    for (auto& [oid, key] : keys_) key->Reset();
  }

 private:
  ExecState& state_;
  std::map<std::pair<Oid, Oid>, std::unique_ptr<ForeignKey>> keys_;  // by table and constraint
};

}  // namespace oxibase
