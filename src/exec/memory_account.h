#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/memory_tracker.h"
#include "common/status.h"

namespace oxibase {

/// What one statement's materialising operators hold together. It asks the tracker above it for
/// memory in larger pieces, so that small statements touch nothing shared. Not thread-safe: one a
/// statement.
class MemoryAccount {
 public:
  /// A statement holds so much without asking anybody.
  static constexpr size_t kFreeBytes = size_t{256} << 10;
  static constexpr size_t kPieceBytes = size_t{1} << 20;
  static constexpr size_t kDefaultOperationBytes = size_t{64} << 20;

  MemoryAccount() = default;
  ~MemoryAccount() { Return(0); }
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  /// Before anything is held. `tracker` (may be null: no limit) outlives this or the next call;
  /// `operation_bytes`: what each operator may hold before it writes to disk (work_mem).
  void Attach(MemoryTracker* tracker, size_t operation_bytes) {
    if (tracker != tracker_) Return(0);
    tracker_ = tracker;
    operation_bytes_ = operation_bytes;
  }
  size_t operation_bytes() const { return operation_bytes_; }
  size_t bytes() const { return bytes_; }

  /// Whether the tree has room. The bytes are counted either way: they are there.
  bool Grow(size_t bytes) {
    bytes_ += bytes;
    if (bytes_ <= kFreeBytes + reserved_ || !tracker_) [[likely]]
      return true;
    const size_t missing = bytes_ - kFreeBytes - reserved_;
    const size_t piece = (missing + kPieceBytes - 1) / kPieceBytes * kPieceBytes;
    reserved_ += piece;
    if (tracker_->TryAdd(static_cast<int64_t>(piece))) return true;
    tracker_->Add(static_cast<int64_t>(piece));
    return false;
  }
  void Shrink(size_t bytes) {
    bytes_ -= std::min(bytes, bytes_);
    const size_t needed = bytes_ > kFreeBytes ? bytes_ - kFreeBytes : 0;
    if (reserved_ >= needed + 2 * kPieceBytes || (needed == 0 && reserved_ > 0)) Return(needed);
  }
  /// 53200, as somebody says who can neither go on nor spill.
  Status OutOfMemory() const {
    return Error(ErrorCode::kOutOfMemory, "out of memory")
        .Detail("The statement holds " + std::to_string(bytes_) +
                " bytes and the limit for all statements together, " +
                std::to_string(tracker_ ? tracker_->limit() : 0) + " bytes, is reached.")
        .Hint("Raise memory_limit, or run fewer statements at a time.");
  }

 private:
  void Return(size_t keep) {
    keep = (keep + kPieceBytes - 1) / kPieceBytes * kPieceBytes;
    if (tracker_ && reserved_ > keep) tracker_->Add(-static_cast<int64_t>(reserved_ - keep));
    reserved_ = std::min(reserved_, keep);
  }

  MemoryTracker* tracker_ = nullptr;
  size_t operation_bytes_ = kDefaultOperationBytes;
  size_t bytes_ = 0;
  size_t reserved_ = 0;  // of the tracker
};

/// One holder's share of an account, given back when it ends or clears.
class MemoryShare {
 public:
  explicit MemoryShare(MemoryAccount& account) : account_(account) {}
  ~MemoryShare() { Set0(); }
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  /// The holder now has `bytes` in all. False: it should write to disk and hold less. Counted
  /// either way. A little is let through however full the tree is, so that what is written comes
  /// in pieces of some size.
  bool Fits(size_t bytes) {
    const bool room = Change(bytes);
    return bytes <= account_.operation_bytes() && (room || bytes <= kEntitledBytes);
  }
  /// The same for a holder that cannot spill. 53200 if the memory of all statements is used up.
  Status Set(size_t bytes) {
    if (Change(bytes)) return {};
    return account_.OutOfMemory();
  }
  /// The same for what a holder that has spilled cannot do without.
  void Force(size_t bytes) { Change(bytes); }
  void Set0() { Change(0); }

  size_t bytes() const { return bytes_; }
  size_t peak() const { return peak_; }
  /// What it may hold before it spills.
  size_t limit() const { return account_.operation_bytes(); }

 private:
  static constexpr size_t kEntitledBytes = size_t{1} << 20;

  bool Change(size_t bytes) {
    const size_t before = bytes_;
    bytes_ = bytes;
    if (bytes <= before) {
      if (bytes < before) account_.Shrink(before - bytes);
      return true;
    }
    if (bytes > peak_) peak_ = bytes;
    return account_.Grow(bytes - before);
  }

  MemoryAccount& account_;
  size_t bytes_ = 0;
  size_t peak_ = 0;
};

}  // namespace oxibase
