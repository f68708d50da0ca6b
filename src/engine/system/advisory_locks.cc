// pg_advisory_lock and its kin: a number of 64 bits, or two of 32, stands for whatever clients
// agree on.

#include <map>

#include "engine/session_impl.h"
#include "engine/system/system_table.h"
#include "txn/wait_graph.h"

namespace oxibase {
namespace {

using Args = std::span<const Value>;
using AdvisoryKey = Transaction::AdvisoryKey;

AdvisoryKey KeyOf(Args args) {
  if (args.size() == 1) return {static_cast<uint64_t>(args[0].As<int64_t>()), false};
  const auto high = static_cast<uint32_t>(args[0].As<int32_t>());
  const auto low = static_cast<uint32_t>(args[1].As<int32_t>());
  return {static_cast<uint64_t>(high) << 32 | low, true};
}

Value Void() { return Value::String(TypeId::kVoid, ""); }

template <TableLockMode kMode, bool kOfSession>
Result<Value> Lock(SessionImpl& session, Args args) {
  RETURN_IF_ERROR(session.txn().LockAdvisory(KeyOf(args), kMode, kOfSession, LockWait::kBlock));
  return Void();
}

template <TableLockMode kMode, bool kOfSession>
Result<Value> TryLock(SessionImpl& session, Args args) {
  const Status status =
      session.txn().LockAdvisory(KeyOf(args), kMode, kOfSession, LockWait::kNoWait);
  if (!status.ok() && status.code() != ErrorCode::kLockNotAvailable) return status;
  return Value::Bool(status.ok());
}

template <TableLockMode kMode>
Result<Value> Unlock(SessionImpl& session, Args args) {
  const bool held = session.txn().UnlockAdvisory(KeyOf(args), kMode);
  if (!held) {
    ErrorInfo info;
    info.code = ErrorCode::kWarning;
    info.message = fmt::format("you don't own a lock of type {}", LockModeName(kMode));
    session.Notice("WARNING", info);
  }
  return Value::Bool(held);
}

Result<Value> UnlockAll(SessionImpl& session, Args) {
  session.txn().UnlockAllAdvisory();
  return Void();
}

constexpr TableLockMode kAlone = TableLockMode::kExclusive;
constexpr TableLockMode kShared = TableLockMode::kShare;

}  // namespace

const CatalogFunctions& AdvisoryLockFunctions() {
  static const CatalogFunctions kFunctions = {
      {"pg_advisory_lock", Lock<kAlone, true>},
      {"pg_advisory_lock_shared", Lock<kShared, true>},
      {"pg_advisory_xact_lock", Lock<kAlone, false>},
      {"pg_advisory_xact_lock_shared", Lock<kShared, false>},
      {"pg_try_advisory_lock", TryLock<kAlone, true>},
      {"pg_try_advisory_lock_shared", TryLock<kShared, true>},
      {"pg_try_advisory_xact_lock", TryLock<kAlone, false>},
      {"pg_try_advisory_xact_lock_shared", TryLock<kShared, false>},
      {"pg_advisory_unlock", Unlock<kAlone>},
      {"pg_advisory_unlock_shared", Unlock<kShared>},
      {"pg_advisory_unlock_all", UnlockAll},
  };
  return kFunctions;
}

}  // namespace oxibase
