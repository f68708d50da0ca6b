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
/// A cycle must have been there for this long: longer than kLookAgainMicros, so that all in it have
/// said anew whom they wait for.
constexpr int64_t kCycleMicros = 110'000;
/// Those who waited already when the cycle was closed give way only when whoever closed it does
/// not.
constexpr int64_t kPatientMicros = 3 * kCycleMicros;

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
  const int64_t patience = cycle_since_ == began_micros_ ? kCycleMicros : kPatientMicros;
  const bool confirm = cycle_since_ != 0 && now - cycle_since_ >= patience;
  WaitGraph::Waiting waiting{blockers, wanted_, hooks ? hooks->ProcessId() : 0,
                             TxnInternals::session_owner(txn_)};
  std::string detail;
  const bool cycle = confirm ? graph.WaitOrGiveWay(owner, std::move(waiting), &detail)
                             : graph.Wait(owner, std::move(waiting));
  if (cycle && confirm) {
    return Error(ErrorCode::kDeadlockDetected, "deadlock detected")
        .Detail(std::move(detail))
        .Hint("See server log for query details.");
  }
  if (!cycle) {
    cycle_since_ = 0;
  } else if (cycle_since_ == 0) {
    cycle_since_ = now;
  }
  int64_t micros = kLookAgainMicros;
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
