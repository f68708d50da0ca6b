#include "txn/wait_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "txn/transaction.h"

namespace oxibase {
namespace {

/// The one database's oid.
constexpr uint32_t kDatabase = 5;

}  // namespace

const char* LockModeName(TableLockMode mode) {
  switch (mode) {
    case TableLockMode::kAccessShare:
      return "AccessShareLock";
    case TableLockMode::kRowShare:
      return "RowShareLock";
    case TableLockMode::kRowExclusive:
      return "RowExclusiveLock";
    case TableLockMode::kShareUpdateExclusive:
      return "ShareUpdateExclusiveLock";
    case TableLockMode::kShare:
      return "ShareLock";
    case TableLockMode::kShareRowExclusive:
      return "ShareRowExclusiveLock";
    case TableLockMode::kExclusive:
      return "ExclusiveLock";
    case TableLockMode::kAccessExclusive:
      break;
  }
  return "AccessExclusiveLock";
}

namespace {

std::string Describe(const LockWanted& wanted, uint64_t blocker) {
  const char* mode = LockModeName(wanted.mode);
  switch (wanted.kind) {
    case LockWanted::Kind::kTransaction:
      return fmt::format("{} on transaction {}", mode, blocker);
    case LockWanted::Kind::kRelation:
      return fmt::format("{} on relation {} of database {}", mode, wanted.object, kDatabase);
    case LockWanted::Kind::kAdvisory:
      return fmt::format("{} on advisory lock [{},{},{},{}]", mode, kDatabase, wanted.object >> 32,
                         wanted.object & 0xffffffff, wanted.two_keys ? 2 : 1);
    case LockWanted::Kind::kName:
      break;
  }
  return fmt::format("{} on a name of database {}", mode, kDatabase);
}

}  // namespace

std::vector<uint64_t> WaitGraph::CycleOf(uint64_t from) const {
  // Breadth first, with whom each was reached from: the shortest cycle tells most.
  std::unordered_map<uint64_t, uint64_t> reached_from;
  std::vector<uint64_t> open{from};
  for (size_t at = 0; at < open.size(); ++at) {
    const uint64_t waiter = open[at];
    const auto entry = waiting_.find(waiter);
    if (entry == waiting_.end()) continue;
    for (uint64_t next : entry->second.waiting.blockers) {
      const auto session = waiter_of_session_.find(next);
      if (session != waiter_of_session_.end()) next = session->second;
      if (next == from) {
        std::vector<uint64_t> cycle;
        for (uint64_t step = waiter; step != from; step = reached_from.at(step)) {
          cycle.push_back(step);
        }
        cycle.push_back(from);
        std::reverse(cycle.begin(), cycle.end());
        return cycle;
      }
      if (reached_from.emplace(next, waiter).second) open.push_back(next);
    }
  }
  return {};
}

std::string WaitGraph::Describe(const std::vector<uint64_t>& cycle) const {
  std::string text;
  for (size_t i = 0; i < cycle.size(); ++i) {
    const uint64_t blocker = cycle[(i + 1) % cycle.size()];
    const Waiting& waiting = waiting_.at(cycle[i]).waiting;
    if (i > 0) text += '\n';
    text += fmt::format("Process {} waits for {}; blocked by process {}.", waiting.process,
                        oxibase::Describe(waiting.wanted, blocker),
                        waiting_.at(blocker).waiting.process);
  }
  return text;
}

bool WaitGraph::Wait(uint64_t waiter, Waiting waiting) {
  MutexLock lock(mu_);
  Put(waiter, std::move(waiting));
  return !CycleOf(waiter).empty();
}

WaitGraph::Cycle WaitGraph::LookForCycle(uint64_t waiter, uint64_t* asked, std::string* detail) {
  MutexLock lock(mu_);
  const std::vector<uint64_t> cycle = CycleOf(waiter);
  if (cycle.empty()) {
    *asked = 0;
    return Cycle::kNone;
  }
  if (*asked == 0) {
    *asked = ++time_;
    for (const uint64_t member : cycle) {
      if (member != waiter) waiting_.at(member).waiting.txn->Interrupt();
    }
    return Cycle::kPerhaps;
  }
  const bool all_said = std::all_of(cycle.begin(), cycle.end(), [&](uint64_t member) {
    return waiting_.at(member).said > *asked;
  });
  if (!all_said) return Cycle::kPerhaps;
  *detail = Describe(cycle);
  Remove(waiter);
  return Cycle::kSure;
}

void WaitGraph::Put(uint64_t waiter, Waiting waiting) {
  if (waiting.session != 0) waiter_of_session_[waiting.session] = waiter;
  waiting_[waiter] = {std::move(waiting), ++time_};
}

void WaitGraph::Remove(uint64_t waiter) {
  const auto entry = waiting_.find(waiter);
  if (entry == waiting_.end()) return;
  waiter_of_session_.erase(entry->second.waiting.session);
  waiting_.erase(entry);
}

std::vector<WaitGraph::Waiting> WaitGraph::All() {
  MutexLock lock(mu_);
  std::vector<Waiting> all;
  for (const auto& [waiter, entry] : waiting_) all.push_back(entry.waiting);
  return all;
}

void WaitGraph::Done(uint64_t waiter) {
  MutexLock lock(mu_);
  Remove(waiter);
}

}  // namespace oxibase
