#pragma once
// Little-endian numbers, varints and byte strings of the disk formats.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace oxibase {

static_assert(std::endian::native == std::endian::little, "disk formats are copied as they are");

template <typename T>
T LoadLe(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
void StoreLe(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

/// Appends to a byte vector that it borrows.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) : out_(out) {}

  template <typename T>
  void Fixed(T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof value);
  }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<std::byte>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<std::byte>(value));
  }
  void Raw(std::span<const std::byte> bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  /// Varint length, then the bytes.
  void Bytes(std::span<const std::byte> bytes) {
    Varint(bytes.size());
    Raw(bytes);
  }
  void String(std::string_view text) {
    Bytes({reinterpret_cast<const std::byte*>(text.data()), text.size()});
  }
  size_t size() const { return out_.size(); }

 private:
  std::vector<std::byte>& out_;
};

/// Reads what a ByteWriter wrote, or anything else: past the end or at nonsense `ok()` turns false
/// and every further read yields zeros.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes), size_(bytes.size()) {}

  template <typename T>
  T Fixed() {
    if (rest_.size() < sizeof(T)) return Fail<T>();
    const T value = LoadLe<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return Fail<uint64_t>();
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_ = rest_.subspan(1);
      if (shift == 63 && byte > 1) return Fail<uint64_t>();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail<uint64_t>();
  }
  std::span<const std::byte> Raw(uint64_t size) {
    if (rest_.size() < size) return Fail<std::span<const std::byte>>();
    const auto bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    return bytes;
  }
  std::span<const std::byte> Bytes() {
    const uint64_t size = Varint();
    return Raw(size);
  }
  std::string_view String() {
    const auto bytes = Bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  size_t offset() const { return size_ - rest_.size(); }
  size_t remaining() const { return rest_.size(); }

 private:
  template <typename T>
  T Fail() {
    ok_ = false;
    rest_ = {};
    return T{};
  }

  std::span<const std::byte> rest_;
  size_t size_;
  bool ok_ = true;
};

}  // namespace oxibase
