// Isolation level, READ ONLY and DEFERRABLE of the transaction at hand, with PostgreSQL's rules on
// when they may still be chosen.

#include "engine/transaction_modes.h"

#include "engine/session_impl.h"
#include "sql/parse/ast_select.h"

namespace oxibase {

Status SessionImpl::SetTransactionMode(std::string_view name, std::string_view value) {
  std::string chosen;
  RETURN_IF_ERROR(
      settings_.Check(name, value.empty() ? settings_.Default(name) : std::string(value), &chosen));
  RETURN_IF_ERROR(EnsureTransaction());
  if (name == "transaction_isolation") return SetIsolation(chosen);
  if (name == "transaction_read_only") return SetReadOnly(chosen == "on");
  return SetDeferrable(chosen == "on");
}

Status SessionImpl::SetIsolation(std::string_view level) {
  TransactionModes wanted = modes_;
  wanted.SetIsolation(level);
  if (wanted.IsolationName() == modes_.IsolationName()) return {};
  if (txn_->has_snapshot()) {
    return Error(ErrorCode::kActiveSqlTransaction,
                 "SET TRANSACTION ISOLATION LEVEL must be called before any query");
  }
  if (!savepoints_.empty()) {
    return Error(ErrorCode::kActiveSqlTransaction,
                 "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
  }
  UseModes(wanted);
  return {};
}

Status SessionImpl::SetReadOnly(bool read_only) {
  if (!read_only && modes_.read_only) {
    if (!savepoints_.empty()) {
      return Error(ErrorCode::kActiveSqlTransaction,
                   "cannot set transaction read-write mode inside a read-only transaction");
    }
    if (txn_->has_snapshot()) {
      return Error(ErrorCode::kActiveSqlTransaction,
                   "transaction read-write mode must be set before any query");
    }
  }
  modes_.read_only = read_only;
  // (A savepoint may bring back the other mode: then what was read before must be known.)
  if (!txn_->has_snapshot() && savepoints_.empty()) txn_->set_read_only(read_only);
  return {};
}

Status SessionImpl::SetDeferrable(bool deferrable) {
  if (!savepoints_.empty()) {
    return Error(ErrorCode::kActiveSqlTransaction,
                 "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction");
  }
  if (txn_->has_snapshot()) {
    return Error(ErrorCode::kActiveSqlTransaction,
                 "SET TRANSACTION [NOT] DEFERRABLE must be called before any query");
  }
  modes_.deferrable = deferrable;
  return {};
}

Status SessionImpl::CheckReadOnly(const PreparedImpl& statement) const {
  bool locks_only = true;
  bool refused = false;
  for (const PreparedImpl::TableLock& lock : statement.locks) {
    if (lock.mode < TableLockMode::kRowShare) continue;
    if (lock.mode > TableLockMode::kRowShare) locks_only = false;
    const auto table = ddl_->catalog()->TableByOid(lock.table);
    refused |= !table || !table->temporary;
  }
  if (!refused) return {};
  std::string command = "SELECT";
  switch (statement.plan->command) {
    case LogicalPlan::Command::kInsert:
      command = "INSERT";
      break;
    case LogicalPlan::Command::kUpdate:
      command = "UPDATE";
      break;
    case LogicalPlan::Command::kDelete:
      command = "DELETE";
      break;
    default:
      if (!locks_only || statement.statement->kind != ast::StatementKind::kSelect) break;
      if (const auto& select = static_cast<const ast::SelectStmt&>(*statement.statement);
          !select.locking.empty()) {
        command += ' ';
        command += ast::LockClauseName(select.locking[0].strength);
      }
  }
  return RefuseIfReadOnly(command);
}

Status SessionImpl::RefuseIfReadOnly(std::string_view command) const {
  if (!modes_.read_only) return {};
  return Error(ErrorCode::kReadOnlySqlTransaction, "cannot execute {} in a read-only transaction",
               command);
}

void SessionImpl::UseModes(const TransactionModes& modes) {
  modes_ = modes;
  txn_->set_isolation(modes.isolation);
  txn_->set_read_only(modes.read_only);
}

}  // namespace oxibase
