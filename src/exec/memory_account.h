#pragma once

#include <cstddef>
#include <cstdint>

#include "common/status.h"

namespace oxibase {

/// What one statement's materialising operators may hold together. Not thread-safe: one a
/// statement. Nothing spills yet, so that beyond the limit a statement fails.
class MemoryAccount {
 public:
  static constexpr size_t kDefaultLimitBytes = size_t{2} << 30;

  void set_limit(size_t bytes) { limit_ = bytes; }
  size_t bytes() const { return bytes_; }
  size_t peak() const { return peak_; }

  /// 53200 beyond the limit.
  Status Grow(size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > peak_) peak_ = bytes_;
    if (bytes_ > limit_) [[unlikely]] {
      return Error(ErrorCode::kOutOfMemory, "out of memory")
          .Detail("A statement's intermediate results passed " + std::to_string(limit_) +
                  " bytes.");
    }
    return {};
  }
  void Shrink(size_t bytes) { bytes_ -= bytes < bytes_ ? bytes : bytes_; }

 private:
  size_t bytes_ = 0;
  size_t peak_ = 0;
  size_t limit_ = kDefaultLimitBytes;
};

/// One holder's share of an account, given back when it ends or clears.
class MemoryShare {
 public:
  explicit MemoryShare(MemoryAccount& account) : account_(account) {}
  ~MemoryShare() { Set0(); }
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  /// The holder now has `bytes` in all.
  Status Set(size_t bytes) {
    if (bytes <= bytes_) {
      account_.Shrink(bytes_ - bytes);
      bytes_ = bytes;
      return {};
    }
    const size_t more = bytes - bytes_;
    bytes_ = bytes;
    return account_.Grow(more);
  }
  void Set0() {
    account_.Shrink(bytes_);
    bytes_ = 0;
  }

 private:
  MemoryAccount& account_;
  size_t bytes_ = 0;
};

}  // namespace oxibase
