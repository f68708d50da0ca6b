#include "exec/foreign_key_checks.h"

#include <algorithm>

#include "exec/foreign_key.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

ForeignKeyChecks::ForeignKeyChecks(std::shared_ptr<const TableDef> table, ExecState& state)
    : table_(std::move(table)), state_(state) {}

Status ForeignKeyChecks::Prepare(bool inserts, bool removes,
                                 const std::vector<uint32_t>* assigned) {
  const auto concerns = [&](const std::vector<ColumnId>& columns) {
    return !assigned || std::any_of(columns.begin(), columns.end(), [&](ColumnId id) {
      return std::any_of(assigned->begin(), assigned->end(),
                         [&](uint32_t at) { return table_->columns[at].id == id; });
    });
  };
  if (inserts) {
    for (const ConstraintDef& constraint : table_->constraints) {
      if (constraint.kind != ConstraintKind::kForeignKey || !concerns(constraint.columns)) continue;
      ASSIGN_OR_RETURN(ForeignKey* const key, state_.foreign_keys->Get(table_, constraint));
      outgoing_.push_back(key);
    }
  }
  if (!removes) return {};
  std::vector<ColumnId> needed;
  for (const auto& [referring, constraint] : state_.tables.catalog().ReferencesTo(table_->oid)) {
    if (!concerns(constraint->referenced_columns)) continue;
    ASSIGN_OR_RETURN(ForeignKey* const key, state_.foreign_keys->Get(referring, *constraint));
    incoming_.push_back(key);
    needed.insert(needed.end(), constraint->referenced_columns.begin(),
                  constraint->referenced_columns.end());
  }
  if (incoming_.empty()) return {};
  ASSIGN_OR_RETURN(tablet_, state_.tables.FindTablet(*table_));
  std::vector<Type> types;
  for (const ColumnDef& column : table_->columns) {
    types.push_back(column.type);
    const int position = tablet_->schema().newest().Find(column.id);
    const bool read =
        position >= 0 && std::find(needed.begin(), needed.end(), column.id) != needed.end();
    stored_.push_back(read ? static_cast<size_t>(position) : SIZE_MAX);
  }
  old_ = Batch(types);
  return {};
}

Status ForeignKeyChecks::RowWritten(const Batch& rows, uint32_t row) {
  for (ForeignKey* key : outgoing_) RETURN_IF_ERROR(key->CheckWritten(rows, row));
  return {};
}

Status ForeignKeyChecks::ReadOld(std::span<const RowId> ids, const Snapshot& snapshot) {
  Transaction& txn = *state_.context->txn;
  ReadGuard guard(txn);
  std::vector<RowRef> refs;
  refs.reserve(ids.size());
  // A row that is not there any more will not be changed either: its place is filled with any
  // other, or, if there is none, stays unread.
  RowRef any;
  for (const RowId id : ids) {
    RowRef ref;
    if (id) {
      ASSIGN_OR_RETURN(ref, GetRow(txn, *tablet_, snapshot, id));
    }
    refs.push_back(ref);
    if (ref) any = ref;
  }
  if (!any) return {};
  for (RowRef& ref : refs) {
    if (!ref) ref = any;
  }
  for (size_t c = 0; c < stored_.size(); ++c) {
    if (stored_[c] == SIZE_MAX) continue;
    RETURN_IF_ERROR(GatherColumn(tablet_->schema(), stored_[c], refs, old_.columns[c]));
  }
  old_.size = static_cast<uint32_t>(ids.size());
  return {};
}

Status ForeignKeyChecks::RowRemoved(uint32_t i, const Batch* rows, uint32_t row) {
  for (ForeignKey* key : incoming_) RETURN_IF_ERROR(key->KeyRemoved(old_, i, rows, row));
  return {};
}

}  // namespace oxibase
