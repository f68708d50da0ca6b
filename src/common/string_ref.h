#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace oxibase {

/// A string of bytes in 16 bytes: up to 12 lie inline, a longer one keeps its first four beside a
/// pointer, so that most comparisons end without following it (Neumann and Freitag, CIDR 2020).
/// Borrows: the bytes of a long string belong to a vector's arena, a row version or a Value.
class StringRef {
 public:
  static constexpr uint32_t kInlineBytes = 12;

  StringRef() = default;
  StringRef(const char* data, uint32_t size) : size_(size) {
    if (size <= kInlineBytes) {
      // The rest stays zero: equal strings have equal bits. An empty one may come without a
      // pointer.
      if (size != 0) std::memcpy(inline_, data, size);
    } else {
      std::memcpy(inline_, data, 4);
      std::memcpy(inline_ + 4, &data, sizeof data);
    }
  }
  explicit StringRef(std::string_view text)
      : StringRef(text.data(), static_cast<uint32_t>(text.size())) {}

  uint32_t size() const { return size_; }
  bool is_inline() const { return size_ <= kInlineBytes; }
  const char* data() const {
    if (is_inline()) return inline_;
    const char* pointer;
    std::memcpy(&pointer, inline_ + 4, sizeof pointer);
    return pointer;
  }
  /// Valid while this object is (inline bytes lie in it) and the owner of the bytes is.
  std::string_view view() const { return {data(), size_}; }

  friend bool operator==(const StringRef& a, const StringRef& b) {
    uint64_t heads[2];
    std::memcpy(&heads[0], &a, 8);
    std::memcpy(&heads[1], &b, 8);
    if (heads[0] != heads[1]) return false;  // size and first four bytes at once
    if (a.is_inline()) return std::memcmp(a.inline_ + 4, b.inline_ + 4, 8) == 0;
    return std::memcmp(a.data(), b.data(), a.size_) == 0;
  }
  /// Byte order, as the C collation. Negative, zero or positive.
  static int Compare(const StringRef& a, const StringRef& b) {
    const int order = a.view().compare(b.view());
    return order;
  }

 private:
  uint32_t size_ = 0;
  char inline_[kInlineBytes] = {};
};
static_assert(sizeof(StringRef) == 16);

}  // namespace oxibase
