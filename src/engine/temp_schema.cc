// The session's schema of temporary objects, pg_temp_N: an ordinary schema that only this session's
// search path has, made on first use and dropped with the session. What a crash left behind under
// the same number is cleared when the schema is next wanted.
#include <algorithm>
#include <array>

#include "engine/ddl/drop_set.h"
#include "engine/session_impl.h"
#include "txn/tablet_access.h"

namespace oxibase {

Oid SessionImpl::ExistingTempSchema() {
  // A rollback may have taken it back.
  return temp_schema_ != 0 && ddl_->catalog()->SchemaByOid(temp_schema_) ? temp_schema_ : 0;
}

Result<Oid> SessionImpl::TempSchema() {
  if (const Oid existing = ExistingTempSchema()) return existing;
  SchemaDef schema;
  schema.name = fmt::format("pg_temp_{}", pid_);
  RETURN_IF_ERROR(LockName(0, schema.name));
  if (const auto stale = ddl_->catalog()->FindSchema(schema.name)) {
    ddl::DropSet drop(*this, nullptr);
    drop.AddSchema(stale->oid);
    mute_notices_ = true;
    Status dropped = drop.Resolve(ast::DropBehavior::kCascade);
    if (dropped.ok()) dropped = drop.Execute();
    mute_notices_ = false;
    RETURN_IF_ERROR(dropped);
  }
  schema.oid = NewOid();
  temp_schema_ = schema.oid;
  RETURN_IF_ERROR(PutSchema(std::move(schema)));
  return temp_schema_;
}

Status SessionImpl::RunAtCommit() {
  // Dropped ones, and those whose making was rolled back.
  std::erase_if(at_commit_, [&](const AtCommitAction& action) {
    return ddl_->catalog()->TableByOid(action.table) == nullptr;
  });
  if (at_commit_.empty()) return {};
  txn_->BeginStatement();
  FillEval(eval_);
  const std::vector<AtCommitAction> actions = at_commit_;
  for (const AtCommitAction& action : actions) {
    statement_catalog_ = ddl_->catalog();
    const auto table = statement_catalog_->TableByOid(action.table);
    if (!table) continue;  // went with another one
    RETURN_IF_ERROR(LockTable(table->oid, TableLockMode::kAccessExclusive, LockWait::kBlock));
    if (action.drop) {
      ddl::DropSet drop(*this, nullptr);
      drop.AddTable(table->oid);
      mute_notices_ = true;
      Status dropped = drop.Resolve(ast::DropBehavior::kCascade);
      if (dropped.ok()) dropped = drop.Execute();
      mute_notices_ = false;
      RETURN_IF_ERROR(dropped);
      continue;
    }
    ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> tablet, FindTablet(*table));
    std::array<RowRef, 1> row;
    bool is_empty;
    {
      ReadGuard guard(*txn_);
      ASSIGN_OR_RETURN(const size_t count,
                       TableCursor(*txn_, *tablet).Next(txn_->LatestSnapshot(), row));
      is_empty = count == 0;
    }
    if (is_empty) continue;
    for (const auto& [other, key] : statement_catalog_->ReferencesTo(table->oid)) {
      const bool same = std::any_of(actions.begin(), actions.end(), [&](const AtCommitAction& of) {
        return of.table == other->oid && !of.drop;
      });
      if (same) continue;
      return Error(ErrorCode::kFeatureNotSupported,
                   "unsupported ON COMMIT and foreign key combination")
          .Detail(fmt::format("Table \"{}\" references \"{}\", but they do not have the same ON "
                              "COMMIT setting.",
                              other->name, table->name));
    }
    TableDef empty = *table;
    empty.tablet = NewTabletId();
    RETURN_IF_ERROR(PutTable(std::move(empty)));
  }
  txn_->EndStatement();
  return {};
}

void SessionImpl::DropTempSchema() {
  if (ExistingTempSchema() == 0) return;
  mute_notices_ = true;
  static_cast<Session&>(*this)
      .Execute(fmt::format("DROP SCHEMA pg_temp_{} CASCADE", pid_))
      .Ignore("the session is over; whoever gets its number next clears the schema");
}

}  // namespace oxibase
