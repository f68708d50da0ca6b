#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "common/string_ref.h"

namespace oxibase {

/// Memory that is given back all at once. Not thread-safe. Allocations stay where they are until
/// `Reset` or destruction.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  /// Uninitialised bytes, aligned to 16.
  std::byte* Allocate(size_t bytes) {
    bytes = (bytes + 15) & ~size_t{15};
    if (bytes > static_cast<size_t>(end_ - next_)) [[unlikely]]
      return AllocateSlow(bytes);
    std::byte* result = next_;
    next_ += bytes;
    return result;
  }

  /// A copy whose bytes lie here, or inline.
  StringRef Copy(std::string_view text) {
    if (text.size() <= StringRef::kInlineBytes) return StringRef(text);
    auto* bytes = reinterpret_cast<char*>(Allocate(text.size()));
    std::memcpy(bytes, text.data(), text.size());
    return StringRef(bytes, static_cast<uint32_t>(text.size()));
  }
  StringRef Copy(const StringRef& text) { return text.is_inline() ? text : Copy(text.view()); }

  /// Forgets everything; keeps the first block so that a reused arena allocates nothing.
  void Reset();

  /// What this arena holds from the system.
  size_t bytes_reserved() const { return bytes_reserved_; }

 private:
  std::byte* AllocateSlow(size_t bytes);

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  size_t first_block_bytes_ = 0;
  size_t bytes_reserved_ = 0;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace oxibase
