#include "txn/tablet_registry.h"

#include <algorithm>

#include "storage/mvcc/tablet.h"

namespace oxibase {

TabletRegistry::TabletRegistry() = default;
TabletRegistry::~TabletRegistry() = default;

std::shared_ptr<Tablet> TabletRegistry::Find(TabletId id) const {
  ReaderLock lock(mu_);
  const auto found = tablets_.find(id);
  return found == tablets_.end() ? nullptr : found->second;
}

void TabletRegistry::Add(std::shared_ptr<Tablet> tablet) {
  WriterLock lock(mu_);
  const TabletId id = tablet->id();
  OXI_CHECK(tablets_.emplace(id, std::move(tablet)).second);
}

void TabletRegistry::Remove(TabletId id) {
  WriterLock lock(mu_);
  const auto found = tablets_.find(id);
  if (found == tablets_.end()) return;
  removed_.push_back(std::move(found->second));
  tablets_.erase(found);
}

std::vector<std::shared_ptr<Tablet>> TabletRegistry::All() const {
  std::vector<std::shared_ptr<Tablet>> all;
  {
    ReaderLock lock(mu_);
    all.reserve(tablets_.size());
    for (const auto& [id, tablet] : tablets_) all.push_back(tablet);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id() < b->id(); });
  return all;
}

void TabletRegistry::Sweep() {
  std::vector<std::shared_ptr<Tablet>> unused;
  {
    WriterLock lock(mu_);
    auto first = std::partition(removed_.begin(), removed_.end(), [](const auto& tablet) {
      return tablet.use_count() > 1 || tablet->pinned();
    });
    unused.assign(std::make_move_iterator(first), std::make_move_iterator(removed_.end()));
    removed_.erase(first, removed_.end());
  }
}

}  // namespace oxibase
