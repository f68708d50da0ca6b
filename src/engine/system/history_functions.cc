// Transactions by their numbers: when they committed, for AS OF TRANSACTION.

#include "engine/session_impl.h"
#include "engine/system/system_table.h"

namespace oxibase {
namespace {

using Args = std::span<const Value>;

Value IdOf(TxnId id) { return Value::Int8(static_cast<int64_t>(id.value)); }

Value TimeOf(Timestamp at) {
  const auto micros = static_cast<int64_t>(at.micros_since_2020());
  return Value::Fixed<int64_t>(TypeId::kTimestampTz,
                               micros + Clock::kUnixMicros2020 - Clock::kUnixMicros2000);
}

Result<Value> CurrentId(SessionImpl& session, Args) { return IdOf(session.txn().AssignId()); }

Result<Value> CurrentIdIfAssigned(SessionImpl& session, Args) {
  const TxnId id = session.txn().id();
  return id ? IdOf(id) : Value::Null(TypeId::kInt8);
}

Result<Value> CommitTimestamp(SessionImpl& session, Args args) {
  const auto id = args[0].As<int64_t>();
  const std::optional<Timestamp> at =
      session.db().txns.commit_times().Find({static_cast<uint64_t>(id)});
  return at ? TimeOf(*at) : Value::Null(TypeId::kTimestampTz);
}

}  // namespace

const CatalogFunctions& HistoryFunctions() {
  static const CatalogFunctions kFunctions = {
      {"txid_current", CurrentId},
      {"txid_current_if_assigned", CurrentIdIfAssigned},
      {"pg_xact_commit_timestamp", CommitTimestamp},
  };
  return kFunctions;
}

namespace system_tables {
namespace {

Status SysTransactions(const Source& s) {
  for (const CommitTimes::Commit& commit : s.session.db().txns.commit_times().All()) {
    s.Row({IdOf(commit.txn), TimeOf(commit.at)});
  }
  return {};
}

}  // namespace

std::vector<SystemTable> HistoryTables() {
  return {{12111, kPgCatalogSchema, "sys_transactions", "transaction int8, committed timestamptz",
           SysTransactions}};
}

}  // namespace system_tables
}  // namespace oxibase
