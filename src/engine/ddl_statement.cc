// Statements that change the catalog.
//
// Such a statement looks at the catalog before it knows what to lock, so what it looked at may
// change while it waits for the lock. Each lock is therefore followed by a check: the object is
// still the one that the catalog had when the statement began, or the whole statement is undone and
// begun anew. It keeps its locks, so what was checked stays as it is. Whatever is written is locked
// here, and so is what it refers to (the schema it lies in, the tables a view reads, the sequence
// that a default names), for as long as the transaction lasts: nobody drops it meanwhile.
#include <algorithm>

#include "engine/ddl/ddl.h"
#include "engine/ddl/table_expression.h"
#include "engine/session_impl.h"

namespace oxibase {
namespace {

/// A name that no user's savepoint can have.
constexpr std::string_view kStatementSavepoint;

/// What stands for an object's definition; null: there is none.
const void* DefinitionOf(const CatalogVersion& catalog, Oid oid) {
  if (const auto table = catalog.TableByOid(oid)) return table.get();
  if (const auto view = catalog.ViewByOid(oid)) return view.get();
  if (const auto sequence = catalog.SequenceByOid(oid)) return sequence.get();
  return catalog.SchemaByOid(oid).get();
}

}  // namespace

Result<std::string> SessionImpl::RunDdl(const ast::Statement& statement, std::string_view sql) {
  for (;;) {
    txn_->BeginStatement();
    FillEval(eval_);
    statement_catalog_ = ddl_base_ = ddl_->catalog();
    ddl_is_stale_ = false;
    ddl_oids_.clear();
    const DdlTransaction::Mark ddl = ddl_->mark();
    const DeferredConstraints::Mark constraints = constraints_.mark();
    txn_->DefineSavepoint(kStatementSavepoint);
    Result<std::string> tag = ExecuteDdl(*this, statement, sql);
    ddl_base_.reset();
    auto notices = std::exchange(ddl_notices_, {});
    if (ddl_is_stale_) {
      RETURN_IF_ERROR(txn_->RollbackToSavepoint(
          kStatementSavepoint, [&] { ddl_->RollbackTo(ddl); }, /*keep_locks=*/true));
      constraints_.RollbackTo(constraints);
    }
    RETURN_IF_ERROR(txn_->ReleaseSavepoint(kStatementSavepoint));
    if (!ddl_is_stale_) {
      for (const auto& [severity, info] : notices) Notice(severity, info);
      return tag;
    }
    RETURN_IF_ERROR(CheckInterrupts());
  }
}

Oid SessionImpl::NewOid() {
  const Oid oid = db_.NewOid();
  if (ddl_base_) ddl_oids_.push_back(oid);
  return oid;
}

Status SessionImpl::LockTable(Oid table, TableLockMode mode, LockWait wait) {
  RETURN_IF_ERROR(txn_->LockTable(table, mode, wait));
  if (!ddl_base_ || ddl_->HasChanged(table)) return {};
  // (What came and went since is in neither.)
  const void* now = DefinitionOf(*ddl_->catalog(), table);
  if (now && now == DefinitionOf(*ddl_base_, table)) return {};
  ddl_is_stale_ = true;
  return Error(ErrorCode::kSerializationFailure, "the catalog changed while the statement waited");
}

// System tables and what the statement itself is about to make need no lock.
Status SessionImpl::LockDefinition(Oid oid, TableLockMode mode) {
  if (oid < kFirstUserOid && oid != kPublicSchema) return {};
  if (std::find(ddl_oids_.begin(), ddl_oids_.end(), oid) != ddl_oids_.end()) return {};
  return LockTable(oid, mode, LockWait::kBlock);
}

Status SessionImpl::LockReference(Oid oid) {
  return LockDefinition(oid, TableLockMode::kAccessShare);
}

Status SessionImpl::LockWritten(Oid oid) {
  return LockDefinition(oid, TableLockMode::kShareUpdateExclusive);
}

Status SessionImpl::PutTable(TableDef table) {
  RETURN_IF_ERROR(LockWritten(table.oid));
  RETURN_IF_ERROR(LockReference(table.schema));
  for (const ConstraintDef& constraint : table.constraints) {
    if (constraint.kind != ConstraintKind::kForeignKey) continue;
    RETURN_IF_ERROR(LockReference(constraint.referenced_table));
  }
  const auto before = ddl_->catalog()->TableByOid(table.oid);
  for (const ColumnDef& column : table.columns) {
    if (column.dropped || column.default_sql.find("regclass") == std::string::npos) continue;
    const ColumnDef* old = before ? before->FindColumn(column.id) : nullptr;
    if (old && old->default_sql == column.default_sql) continue;
    auto bound = ddl::BindStored(*this, column.default_sql, ExprUse::kDefault, table, column.type,
                                 column.name);
    if (!bound.ok()) continue;
    for (const Oid used : ddl::RelationsIn(*bound->bound)) RETURN_IF_ERROR(LockReference(used));
  }
  return ddl_->PutTable(std::move(table));
}

Status SessionImpl::PutView(ViewDef view) {
  RETURN_IF_ERROR(LockWritten(view.oid));
  RETURN_IF_ERROR(LockReference(view.schema));
  for (const Oid used : view.depends_on) RETURN_IF_ERROR(LockReference(used));
  return ddl_->PutView(std::move(view));
}

Status SessionImpl::PutSequence(SequenceDef sequence) {
  RETURN_IF_ERROR(LockWritten(sequence.oid));
  RETURN_IF_ERROR(LockReference(sequence.schema));
  if (sequence.owned_by_table) RETURN_IF_ERROR(LockReference(sequence.owned_by_table));
  return ddl_->PutSequence(std::move(sequence));
}

Status SessionImpl::PutSchema(SchemaDef schema) {
  RETURN_IF_ERROR(LockWritten(schema.oid));
  return ddl_->PutSchema(std::move(schema));
}

Status SessionImpl::Remove(ObjectKind kind, Oid oid) {
  RETURN_IF_ERROR(LockTable(oid, TableLockMode::kAccessExclusive, LockWait::kBlock));
  return ddl_->Remove(kind, oid);
}

}  // namespace oxibase
