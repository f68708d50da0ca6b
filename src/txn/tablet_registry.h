#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "common/ids.h"
#include "env/mutex.h"

namespace oxibase {

class Tablet;

/// Every tablet of the database. Thread-safe.
class TabletRegistry {
 public:
  TabletRegistry();
  ~TabletRegistry();

  /// Null if there is none.
  std::shared_ptr<Tablet> Find(TabletId id) const;
  /// REQUIRES: no tablet has its id
  void Add(std::shared_ptr<Tablet> tablet);
  /// Forgets it; it lives on while somebody has it, and until no version of it waits to be freed.
  void Remove(TabletId id);
  std::vector<std::shared_ptr<Tablet>> All() const;
  /// Lets go of removed tablets that nothing refers to any more. (The collector calls it.)
  void Sweep();

 private:
  mutable SharedMutex mu_;
  // In order, so that a simulation that runs again lets them go in the same order.
  std::map<TabletId, std::shared_ptr<Tablet>> tablets_ GUARDED_BY(mu_);
  std::vector<std::shared_ptr<Tablet>> removed_ GUARDED_BY(mu_);
};

}  // namespace oxibase
