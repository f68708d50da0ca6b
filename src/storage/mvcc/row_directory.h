#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/ids.h"
#include "env/mutex.h"
#include "storage/mvcc/row_version.h"

namespace oxibase {

class EpochManager;

/// Row id -> newest version of the row, as an array of pages of slots. A slot's lowest bit is the
/// row's latch, which whoever changes the chain holds for a moment. A page whose ids were all given
/// out and whose rows are all gone is freed.
///
/// Thread-safe; every call needs a ReadGuard (an epoch), since pages are freed.
class RowDirectory {
 public:
  static constexpr uint64_t kPageRows = 1024;

  using Slot = std::atomic<uint64_t>;

  explicit RowDirectory(EpochManager& epochs);
  ~RowDirectory();  // frees every version
  RowDirectory(const RowDirectory&) = delete;
  RowDirectory& operator=(const RowDirectory&) = delete;

  /// The row's slot, or null if its page is not there.
  Slot* Find(RowId row) const {
    const uint64_t page = row.value / kPageRows;
    const PageTable* table = table_.load(std::memory_order_acquire);
    if (page >= table->size) return nullptr;
    Page* found = table->pages[page].load(std::memory_order_acquire);
    return found ? &found->slots[row.value % kPageRows] : nullptr;
  }
  /// Makes its page where there is none.
  Slot* FindOrCreate(RowId row);
  /// The newest version, or null.
  RowVersion* Head(RowId row) const {
    const Slot* slot = Find(row);
    return slot ? HeadOf(*slot) : nullptr;
  }

  static RowVersion* HeadOf(const Slot& slot) {
    return reinterpret_cast<RowVersion*>(slot.load(std::memory_order_acquire) & ~uint64_t{1});
  }
  /// Takes the latch, spinning. Returns the head.
  static RowVersion* Latch(Slot& slot);
  /// Gives the latch back with this head.
  static void Unlatch(Slot& slot, RowVersion* head) {
    slot.store(reinterpret_cast<uint64_t>(head), std::memory_order_release);
  }

  /// Says that the row's slot is null and stays so. Frees the page with its last row. REQUIRES: the
  /// slot is not latched.
  void RowGone(RowId row);

  /// The first slot at or after `row` whose page exists; `row` is set to its id. Null at the end.
  /// `left` says how many slots of the page follow, this one included.
  Slot* FirstFrom(RowId* row, uint64_t* left) const;

  uint64_t page_count() const { return page_count_.load(std::memory_order_relaxed); }

  /// Recovery: counts the empty slots of each page as gone up to (not including) `next`, and frees
  /// pages without rows. REQUIRES: nobody else.
  void CountGone(RowId next);

 private:
  struct Page {
    std::atomic<uint32_t> gone{0};
    Slot slots[kPageRows] = {};
  };
  struct PageTable {
    uint64_t size = 0;
    std::unique_ptr<std::atomic<Page*>[]> pages;
  };

  PageTable* Grow(uint64_t page) REQUIRES(mu_);
  void FreePage(uint64_t page);

  EpochManager& epochs_;
  std::atomic<PageTable*> table_;
  std::atomic<uint64_t> page_count_{0};
  Mutex mu_;
};

}  // namespace oxibase
