#include "txn/commit_times.h"

#include <algorithm>

namespace oxibase {

void CommitTimes::Add(Commit commit) {
  MutexLock lock(mu_);
  commits_.push_back(commit);
}

void CommitTimes::Restore(std::vector<Commit> commits) {
  MutexLock lock(mu_);
  commits.insert(commits.end(), commits_.begin(), commits_.end());
  std::sort(commits.begin(), commits.end(),
            [](const Commit& a, const Commit& b) { return a.at < b.at; });
  commits.erase(std::unique(commits.begin(), commits.end(),
                            [](const Commit& a, const Commit& b) { return a.at == b.at; }),
                commits.end());
  commits_.assign(commits.begin(), commits.end());
}

void CommitTimes::Trim(Timestamp from) {
  MutexLock lock(mu_);
  while (!commits_.empty() && commits_.front().at < from) commits_.pop_front();
}

std::optional<Timestamp> CommitTimes::Find(TxnId txn) const {
  MutexLock lock(mu_);
  // Mostly one of the last.
  for (auto it = commits_.rbegin(); it != commits_.rend(); ++it) {
    if (it->txn == txn) return it->at;
  }
  return std::nullopt;
}

std::optional<CommitTimes::Commit> CommitTimes::Last() const {
  MutexLock lock(mu_);
  if (commits_.empty()) return std::nullopt;
  return commits_.back();
}

std::vector<CommitTimes::Commit> CommitTimes::All() const {
  MutexLock lock(mu_);
  return {commits_.begin(), commits_.end()};
}

}  // namespace oxibase
