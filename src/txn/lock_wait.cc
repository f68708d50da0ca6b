#include "txn/lock_wait.h"

#include <algorithm>
#include <string>
#include <utility>

#include "txn/txn_internals.h"
#include "txn/txn_manager.h"
#include "txn/wait_graph.h"

namespace oxibase {
namespace {

/// Waiters look again at least this often, if only to see that they are cancelled.
constexpr int64_t kLookAgainMicros = 50'000;
/// The others of a cycle are given so long to say whether it is still there.
constexpr int64_t kConfirmMicros = 2'000;
/// Those who waited already when the cycle was closed give way only when whoever closed it has not
/// done so in time.
constexpr int64_t kPatientMicros = 300'000;

}  // namespace

LockWaiting::~LockWaiting() {
  if (began_) TxnInternals::graph(txn_).Done(TxnInternals::owner(txn_));
}

void LockWaiting::Arm() { TxnInternals::ArmWait(txn_); }

Status LockWaiting::Sleep(const std::vector<uint64_t>& blockers) {
  Clock& clock = txn_.manager().clock();
  const int64_t now = clock.MonotonicMicros();
  TxnHooks* const hooks = TxnInternals::hooks(txn_);
  if (!began_) {
    began_ = true;
    began_micros_ = now;
    if (hooks) hooks->BeforeBlocking();
  }
  WaitGraph& graph = TxnInternals::graph(txn_);
  const uint64_t owner = TxnInternals::owner(txn_);
  const bool in_cycle = graph.Wait(owner, {blockers, wanted_, hooks ? hooks->ProcessId() : 0,
                                           TxnInternals::session_owner(txn_), &txn_});
  int64_t micros = kLookAgainMicros;
  // Who has waited for deadlock_timeout looks whether there is a cycle, once, as in PostgreSQL: one
  // that is closed later is found by whoever closes it.
  const int64_t patience = TxnInternals::deadlock_timeout(txn_);
  const int64_t first_look = began_micros_ + patience;
  const int64_t look_at = cycle_look_at_ != 0 ? cycle_look_at_ : first_look;
  if (!in_cycle) {
    asked_ = 0;
    cycle_look_at_ = now >= first_look ? INT64_MAX : 0;
    if (now < first_look) micros = std::min(micros, first_look - now);
  } else if (look_at == INT64_MAX) {
    cycle_look_at_ = now + patience + kPatientMicros;
  } else if (now < look_at) {
    micros = std::min(micros, look_at - now);
  } else {
    std::string detail;
    if (graph.LookForCycle(owner, &asked_, &detail) == WaitGraph::Cycle::kSure) {
      return Error(ErrorCode::kDeadlockDetected, "deadlock detected")
          .Detail(std::move(detail))
          .Hint("See server log for query details.");
    }
    micros = kConfirmMicros;
  }
  const int64_t timeout = TxnInternals::lock_timeout(txn_);
  if (timeout > 0) {
    const int64_t left = began_micros_ + timeout - now;
    if (left <= 0) {
      return Error(ErrorCode::kLockNotAvailable, "canceling statement due to lock timeout");
    }
    micros = std::min(micros, left);
  }
  TxnInternals::SleepFor(txn_, micros);
  if (hooks) return hooks->CheckInterrupts();
  return Status::Ok();
}

}  // namespace oxibase
