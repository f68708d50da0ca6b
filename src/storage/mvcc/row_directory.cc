#include "storage/mvcc/row_directory.h"

#include <algorithm>

#include "common/plant.h"
#include "common/status.h"
#include "storage/mvcc/epoch.h"
#include "storage/spin_wait.h"

namespace oxibase {

RowDirectory::RowDirectory(EpochManager& epochs) : epochs_(epochs), table_(new PageTable) {}

RowDirectory::~RowDirectory() {
  PageTable* table = table_.load(std::memory_order_relaxed);
  for (uint64_t i = 0; i < table->size; ++i) {
    Page* page = table->pages[i].load(std::memory_order_relaxed);
    if (page == nullptr) continue;
    for (Slot& slot : page->slots) {
      for (RowVersion* version = HeadOf(slot); version != nullptr;) {
        RowVersion* next = version->next.load(std::memory_order_relaxed);
        RowVersion::Destroy(version);
        version = next;
      }
    }
    delete page;
  }
  delete table;
}

RowVersion* RowDirectory::Latch(Slot& slot) {
  SpinWait spin;
  OXI_POINT();
  for (;;) {
    uint64_t word = slot.load(std::memory_order_relaxed);
    if ((word & 1) == 0 && slot.compare_exchange_weak(word, word | 1, std::memory_order_seq_cst)) {
      return reinterpret_cast<RowVersion*>(word);
    }
    spin.Pause();
  }
}

RowDirectory::Page* RowDirectory::FindOrCreatePage(uint64_t page) {
  const PageTable* now = table_.load(std::memory_order_acquire);
  if (page < now->size) {
    if (Page* found = now->pages[page].load(std::memory_order_acquire)) return found;
  }
  MutexLock lock(mu_);
  PageTable* table = Grow(page);
  Page* found = table->pages[page].load(std::memory_order_relaxed);
  if (found == nullptr) {
    found = new Page;
    table->pages[page].store(found, std::memory_order_release);
    page_count_.fetch_add(1, std::memory_order_relaxed);
  }
  return found;
}

RowDirectory::Slot* RowDirectory::Pin(RowId row) {
  for (;;) {
    Page* page = FindOrCreatePage(row.value / kPageRows);
    int32_t users = page->users.load(std::memory_order_relaxed);
    while (users >= 0) {
      if (page->users.compare_exchange_weak(users, users + 1, std::memory_order_acq_rel)) {
        return &page->slots[row.value % kPageRows];
      }
    }
    MutexLock lock(mu_);  // whoever frees it takes it out of the table meanwhile
  }
}

void RowDirectory::Unpin(RowId row, RowId next) {
  const uint64_t index = row.value / kPageRows;
  Page* page = table_.load(std::memory_order_acquire)->pages[index].load(std::memory_order_acquire);
  // The page next to be filled stays, so that one row that comes and goes does not make it anew.
  const bool is_full = (index + 1) * kPageRows <= next.value;
  if (page->users.fetch_sub(1, std::memory_order_acq_rel) == 1 && is_full) FreePage(index);
}

RowDirectory::PageTable* RowDirectory::Grow(uint64_t page) {
  PageTable* old = table_.load(std::memory_order_relaxed);
  if (page < old->size) return old;
  auto* table = new PageTable;
  table->size = std::max<uint64_t>({page + 1, old->size * 2, 4});
  table->pages = std::make_unique<std::atomic<Page*>[]>(table->size);
  for (uint64_t i = 0; i < old->size; ++i) {
    table->pages[i].store(old->pages[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  table_.store(table, std::memory_order_release);
  epochs_.Retire(old, [](void* object) { delete static_cast<PageTable*>(object); });
  return table;
}

void RowDirectory::FreePage(uint64_t index) {
  MutexLock lock(mu_);
  PageTable* table = table_.load(std::memory_order_relaxed);
  Page* page = table->pages[index].load(std::memory_order_relaxed);
  if (page == nullptr) return;
  int32_t none = 0;
  if (!page->users.compare_exchange_strong(none, Page::kFreed, std::memory_order_acq_rel)) return;
  table->pages[index].store(nullptr, std::memory_order_release);
  page_count_.fetch_sub(1, std::memory_order_relaxed);
  epochs_.Retire(page, [](void* object) { delete static_cast<Page*>(object); });
}

bool RowDirectory::HasPages(RowId first, RowId last) const {
  const PageTable* table = table_.load(std::memory_order_acquire);
  for (uint64_t page = first.value / kPageRows;
       page < table->size && page <= last.value / kPageRows; ++page) {
    if (table->pages[page].load(std::memory_order_acquire) != nullptr) return true;
  }
  return false;
}

RowDirectory::Slot* RowDirectory::FirstFrom(RowId* row, uint64_t* left) const {
  const PageTable* table = table_.load(std::memory_order_acquire);
  for (uint64_t page = row->value / kPageRows; page < table->size; ++page) {
    Page* found = table->pages[page].load(std::memory_order_acquire);
    if (found == nullptr) continue;
    const uint64_t first = page * kPageRows;
    if (row->value < first) *row = RowId(first);
    const uint64_t position = row->value - first;
    *left = kPageRows - position;
    return &found->slots[position];
  }
  return nullptr;
}

void RowDirectory::FreeEmptyPages(RowId next) {
  const PageTable* table = table_.load(std::memory_order_acquire);
  for (uint64_t i = 0; i < table->size && (i + 1) * kPageRows <= next.value; ++i) {
    const Page* page = table->pages[i].load(std::memory_order_acquire);
    if (page != nullptr && page->users.load(std::memory_order_acquire) == 0) FreePage(i);
  }
}

}  // namespace oxibase
