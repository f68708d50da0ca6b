#include "storage/index/hot_bitmaps.h"

namespace oxibase {
namespace {

/// Counting a set's memory takes as long as it has chunks.
constexpr uint32_t kChangesBetweenCounts = 256;
constexpr uint32_t kAlwaysCounted = 32;

size_t KeyBytes(std::string_view key) { return key.size() + 128; }

}  // namespace

void HotBitmaps::Count(Posting& posting) {
  ++posting.changes;
  if (posting.changes > kAlwaysCounted && posting.changes % kChangesBetweenCounts != 0) return;
  const uint64_t bytes = posting.rows.MemoryBytes();
  bytes_.fetch_add(bytes - posting.counted_bytes, std::memory_order_relaxed);
  posting.counted_bytes = bytes;
}

bool HotBitmaps::Insert(std::string_view key, RowId row) {
  const auto add = [&](Posting& posting) {
    MutexLock lock(posting.mu);
    if (!posting.rows.Add(row)) return false;
    size_.fetch_add(1, std::memory_order_relaxed);
    Count(posting);
    return true;
  };
  {
    ReaderLock lock(mu_);
    const auto found = postings_.find(key);
    if (found != postings_.end()) return add(*found->second);
  }
  WriterLock lock(mu_);
  const auto [posting, is_new] = postings_.try_emplace(std::string(key));
  if (is_new) {
    posting->second = std::make_unique<Posting>();
    bytes_.fetch_add(KeyBytes(key), std::memory_order_relaxed);
  }
  return add(*posting->second);
}

bool HotBitmaps::Erase(std::string_view key, RowId row) {
  bool is_empty = false;
  {
    ReaderLock lock(mu_);
    const auto found = postings_.find(key);
    if (found == postings_.end()) return false;
    Posting& posting = *found->second;
    MutexLock posting_lock(posting.mu);
    if (!posting.rows.Remove(row)) return false;
    size_.fetch_sub(1, std::memory_order_relaxed);
    Count(posting);
    is_empty = posting.rows.empty();
  }
  if (is_empty) RemoveEmpty(key);
  return true;
}

void HotBitmaps::RemoveEmpty(std::string_view key) {
  WriterLock lock(mu_);
  const auto found = postings_.find(key);
  if (found == postings_.end()) return;
  {
    MutexLock posting_lock(found->second->mu);
    if (!found->second->rows.empty()) return;  // somebody has it again
    bytes_.fetch_sub(KeyBytes(key) + found->second->counted_bytes, std::memory_order_relaxed);
  }
  postings_.erase(found);
}

void HotBitmaps::Collect(std::string_view lower, const std::string_view* upper,
                         RowSet& rows) const {
  ReaderLock lock(mu_);
  for (auto at = postings_.lower_bound(lower); at != postings_.end(); ++at) {
    if (upper != nullptr && at->first >= *upper) break;
    MutexLock posting_lock(at->second->mu);
    rows |= at->second->rows;
  }
}

}  // namespace oxibase
