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
/// row's latch, which whoever changes the chain holds for a moment. A slot without a version: the
/// row is in the tablet's segments, or nowhere. A page counts the rows it has; one without rows is
/// freed once all its ids were given out.
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
  /// The row's slot; makes its page where there is none. The page stays until Unpin(row), which
  /// must follow if the slot does not get a version, or when it has lost its last one.
  Slot* Pin(RowId row);
  /// The slot is null, or was so before Pin. `next`: ids from here on were not given out yet.
  /// REQUIRES: the slot is not latched by the caller
  void Unpin(RowId row, RowId next);
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

  /// The first slot at or after `row` whose page exists; `row` is set to its id. Null at the end.
  /// `left` says how many slots of the page follow, this one included.
  Slot* FirstFrom(RowId* row, uint64_t* left) const;

  uint64_t page_count() const { return page_count_.load(std::memory_order_relaxed); }

  /// Whether any id in [first, last] has a page.
  bool HasPages(RowId first, RowId last) const;

  /// Frees pages without rows whose ids lie below `next`: those that lost their last row while some
  /// of their ids were not given out yet.
  void FreeEmptyPages(RowId next);

 private:
  struct Page {
    static constexpr int32_t kFreed = INT32_MIN;
    /// Slots with a version, and pins; kFreed: out of the table for good.
    std::atomic<int32_t> users{0};
    Slot slots[kPageRows] = {};
  };
  struct PageTable {
    uint64_t size = 0;
    std::unique_ptr<std::atomic<Page*>[]> pages;
  };

  PageTable* Grow(uint64_t page) REQUIRES(mu_);
  Page* FindOrCreatePage(uint64_t page);
  void FreePage(uint64_t page);

  EpochManager& epochs_;
  std::atomic<PageTable*> table_;
  std::atomic<uint64_t> page_count_{0};
  Mutex mu_;
};

}  // namespace oxibase
