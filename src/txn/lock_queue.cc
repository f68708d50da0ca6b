#include "txn/lock_queue.h"

#include <algorithm>

#include "txn/transaction.h"

namespace oxibase {

uint16_t LockQueue::ModesOf(uint64_t owner) const {
  for (const Holder& holder : holders) {
    if (holder.owner == owner) return holder.modes;
  }
  return 0;
}

void LockQueue::FindBlockers(Conflicts conflicts, uint64_t owner, uint8_t mode, const Waiter* self,
                             bool holds, std::vector<uint64_t>* blockers) const {
  for (const Holder& holder : holders) {
    if (holder.owner == owner) {
      holds = true;
    } else if ((holder.modes & conflicts[mode]) != 0) {
      blockers->push_back(holder.owner);
    }
  }
  if (holds) return;
  for (const Waiter* waiter : waiters) {
    if (waiter == self) break;
    if ((conflicts[mode] >> waiter->mode & 1) != 0 && waiter->owner != owner) {
      blockers->push_back(waiter->owner);
    }
  }
}

void LockQueue::Hold(uint64_t owner, uint8_t mode) {
  for (Holder& holder : holders) {
    if (holder.owner == owner) {
      holder.modes = static_cast<uint16_t>(holder.modes | 1u << mode);
      return;
    }
  }
  holders.push_back({owner, static_cast<uint16_t>(1u << mode)});
}

bool LockQueue::Unhold(uint64_t owner, uint16_t modes) {
  for (size_t i = 0; i < holders.size(); ++i) {
    if (holders[i].owner != owner) continue;
    const bool held = (holders[i].modes & modes) != 0;
    holders[i].modes = static_cast<uint16_t>(holders[i].modes & ~modes);
    if (holders[i].modes == 0) {
      holders[i] = holders.back();
      holders.pop_back();
    }
    return held;
  }
  return false;
}

void LockQueue::Dequeue(const Waiter* waiter) {
  waiters.erase(std::remove(waiters.begin(), waiters.end(), waiter), waiters.end());
}

void LockQueue::WakeFirst() const {
  if (!waiters.empty()) waiters.front()->txn->Interrupt();
}

void LockQueue::WakeAll() const {
  for (const Waiter* waiter : waiters) waiter->txn->Interrupt();
}

}  // namespace oxibase
