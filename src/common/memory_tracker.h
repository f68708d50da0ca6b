#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace oxibase {

/// Counts the bytes that one part of the program holds; a tree, each node including those below.
/// Thread-safe. A parent outlives its children.
class MemoryTracker {
 public:
  explicit MemoryTracker(std::string name, MemoryTracker* parent = nullptr)
      : name_(std::move(name)), parent_(parent) {}
  /// What is still counted is taken off the parents.
  ~MemoryTracker() {
    if (parent_ != nullptr) parent_->Add(-bytes());
  }
  MemoryTracker(const MemoryTracker&) = delete;
  MemoryTracker& operator=(const MemoryTracker&) = delete;

  void Add(int64_t bytes) {
    for (MemoryTracker* node = this; node != nullptr; node = node->parent_) {
      node->bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
  }
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::string_view name() const { return name_; }

 private:
  const std::string name_;
  MemoryTracker* const parent_;
  std::atomic<int64_t> bytes_{0};
};

}  // namespace oxibase
