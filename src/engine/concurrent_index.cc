// CREATE INDEX, DROP INDEX and REINDEX CONCURRENTLY: the order of steps. How an index is made while
// others write stands in storage/mvcc/tablet_concurrent.cc; here it is one transaction, whose lock
// keeps other changes of the table out, and whose catalog row is all that lasts. So what fails, or
// is interrupted by a crash, leaves nothing behind.

#include "catalog/table_storage.h"
#include "engine/session_impl.h"
#include "storage/mvcc/tablet.h"
#include "txn/index_build.h"

namespace oxibase {

Status SessionImpl::RefuseInBlock(std::string_view command) {
  if (state_ != State::kBlock) return {};
  return Error(ErrorCode::kActiveSqlTransaction, "{} cannot run inside a transaction block",
               command);
}

Status SessionImpl::AwaitHolders(Oid table, TableLockMode mode) {
  txn_->EndStatement();
  const Status status = WaitForTableHolders(*txn_, table, mode);
  txn_->BeginStatement();
  return status;
}

Result<std::shared_ptr<TabletIndex>> SessionImpl::MakeIndexBeside(const TableDef& table,
                                                                  const IndexDef& index) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> tablet, FindTablet(table));
  ASSIGN_OR_RETURN(const std::shared_ptr<TabletIndex> made,
                   tablet->BeginIndex(BuildIndexSpec(table, index)));
  const uint64_t mark = tablet->lists_mark();
  const auto build = [&]() -> Status {
    RETURN_IF_ERROR(AwaitHolders(table.oid, TableLockMode::kShare));
    tablet->ReleaseLists(mark);
    RETURN_IF_ERROR(tablet->FillBeside(*made, [this] { return CheckInterrupts(); }));
    return made->spec().unique ? CheckUniqueIndex(*txn_, *tablet, *made) : Status();
  };
  Status status = build();
  if (status.ok()) {
    ddl_->OnUndo([tablet, made] { tablet->RemoveIndex(*made); });
    return made;
  }
  tablet->RemoveIndex(*made);
  // Writers who know of it may go on for as long as they like; if nobody is in a hurry, its memory
  // is given back at once, else when an index of the table is made or dropped the next time.
  const uint64_t removed = tablet->lists_mark();
  if (status.code() == ErrorCode::kUniqueViolation &&
      WaitForTableHolders(*txn_, table.oid, TableLockMode::kShare).ok()) {
    tablet->ReleaseLists(removed);
  }
  if (status.code() != ErrorCode::kUniqueViolation) return status;
  const auto schema = catalog()->SchemaByOid(table.schema);
  return std::move(status).Table(schema ? schema->name : "", table.name);
}

Status SessionImpl::BuildIndexBeside(const TableDef& table, const IndexDef& index) {
  ASSIGN_OR_RETURN(const std::shared_ptr<TabletIndex> made, MakeIndexBeside(table, index));
  made->set_complete(true);
  return {};
}

Status SessionImpl::DropIndexBeside(TableDef table, const IndexDef& index) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> tablet, FindTablet(table));
  const std::shared_ptr<TabletIndex> old = tablet->SharedIndex(index.oid);
  if (!old) return Error(ErrorCode::kInternalError, "index \"{}\" has no storage", index.name);
  ddl_->OnUndo([old] { old->set_complete(true); });
  old->set_complete(false);
  ddl_->ShowAhead(table);
  const Oid oid = table.oid;
  RETURN_IF_ERROR(AwaitHolders(oid, TableLockMode::kAccessExclusive));
  RETURN_IF_ERROR(ddl_->PutTable(std::move(table)));
  ddl_->OnCommit([this, tablet, old] {
    tablet->RemoveIndex(*old);
    index_lists_left_.push_back(tablet);
  });
  return {};
}

Status SessionImpl::RebuildIndexBeside(const TableDef& table, const IndexDef& index) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> tablet, FindTablet(table));
  const std::shared_ptr<TabletIndex> old = tablet->SharedIndex(index.oid);
  if (!old) return Error(ErrorCode::kInternalError, "index \"{}\" has no storage", index.name);
  ASSIGN_OR_RETURN(const std::shared_ptr<TabletIndex> made, MakeIndexBeside(table, index));
  // Both are kept, and either is good for readers; new ones take the new one.
  ddl_->OnUndo([old] { old->set_complete(true); });
  made->set_complete(true);
  old->set_complete(false);
  ddl_->RenewPlans();
  RETURN_IF_ERROR(AwaitHolders(table.oid, TableLockMode::kAccessExclusive));
  ddl_->OnCommit([this, tablet, old] {
    tablet->RemoveIndex(*old);
    index_lists_left_.push_back(tablet);
  });
  return {};
}

void SessionImpl::ReleaseIndexLists() {
  for (const auto& tablet : std::exchange(index_lists_left_, {})) {
    const uint64_t mark = tablet->lists_mark();
    txn_->Begin({});
    const Status status = WaitForTableHolders(*txn_, tablet->table_oid(), TableLockMode::kShare);
    txn_->Rollback();
    // (Else with the next one.)
    if (status.ok()) tablet->ReleaseLists(mark);
  }
}

}  // namespace oxibase
