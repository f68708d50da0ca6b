#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace oxibase {

/// Counts the bytes that one part of the program holds; a tree, each node including those below.
/// A node may have a limit: whoever can do without memory asks `TryAdd`, whoever cannot calls
/// `Add`, which always counts. Thread-safe, but for `AddPart`. A parent outlives its children.
class MemoryTracker {
 public:
  static constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

  explicit MemoryTracker(std::string name, MemoryTracker* parent = nullptr)
      : name_(std::move(name)), parent_(parent) {}
  /// What is still counted is taken off the parents.
  ~MemoryTracker() {
    if (parent_ != nullptr) parent_->Add(-own_bytes());
  }
  MemoryTracker(const MemoryTracker&) = delete;
  MemoryTracker& operator=(const MemoryTracker&) = delete;

  void Add(int64_t bytes) {
    for (MemoryTracker* node = this; node != nullptr; node = node->parent_) {
      node->bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
  }
  /// Counts the bytes unless this node or one above would pass its limit. Those who ask at the same
  /// time may be refused although one of them would have fitted.
  bool TryAdd(int64_t bytes) {
    Add(bytes);
    for (const MemoryTracker* node = this; node != nullptr; node = node->parent_) {
      if (node->bytes() <= node->limit()) continue;
      Add(-bytes);
      return false;
    }
    return true;
  }

  /// Counts `part` here too, whenever somebody asks: for counters that many threads change all the
  /// time and that should touch no further shared memory. Before threads begin to use this node;
  /// `part` outlives it.
  void AddPart(const MemoryTracker& part) { parts_.push_back(&part); }

  int64_t bytes() const {
    int64_t all = own_bytes();
    for (const MemoryTracker* part : parts_) all += part->bytes();
    return all;
  }
  int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(int64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  std::string_view name() const { return name_; }

 private:
  int64_t own_bytes() const { return bytes_.load(std::memory_order_relaxed); }

  const std::string name_;
  MemoryTracker* const parent_;
  std::atomic<int64_t> bytes_{0};
  std::atomic<int64_t> limit_{kNoLimit};
  std::vector<const MemoryTracker*> parts_;
};

}  // namespace oxibase
