#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace oxibase::pgwire {

/// Backend messages, one after another into a buffer. Begin ... fields ... End, which puts the
/// length in. Keeps its memory.
class MessageWriter {
 public:
  void Begin(char type) {
    bytes_ += type;
    start_ = bytes_.size();
    bytes_.append(4, '\0');
  }
  void End() { PatchInt32(start_, static_cast<int32_t>(bytes_.size() - start_)); }

  void Byte(char byte) { bytes_ += byte; }
  void Int16(int16_t value) {
    const uint16_t raw = htons(static_cast<uint16_t>(value));
    bytes_.append(reinterpret_cast<const char*>(&raw), sizeof raw);
  }
  void Int32(int32_t value) {
    const uint32_t raw = htonl(static_cast<uint32_t>(value));
    bytes_.append(reinterpret_cast<const char*>(&raw), sizeof raw);
  }
  void String(std::string_view text) {
    bytes_ += text;
    bytes_ += '\0';
  }
  void Bytes(std::string_view bytes) { bytes_ += bytes; }
  /// A length to be filled in: the value follows in `buffer()`.
  size_t BeginValue() {
    bytes_.append(4, '\0');
    return bytes_.size();
  }
  void EndValue(size_t begin) {
    PatchInt32(begin - 4, static_cast<int32_t>(bytes_.size() - begin));
  }
  std::string* buffer() { return &bytes_; }

  /// A message without fields.
  void Empty(char type) {
    Begin(type);
    End();
  }
  /// Takes back what was written after `size` bytes.
  void Truncate(size_t size) { bytes_.resize(size); }
  size_t size() const { return bytes_.size(); }
  const char* data() const { return bytes_.data(); }
  void Clear(size_t kept_max) {
    bytes_.clear();
    if (bytes_.capacity() > kept_max) bytes_.shrink_to_fit();
  }

 private:
  void PatchInt32(size_t at, int32_t value) {
    const uint32_t raw = htonl(static_cast<uint32_t>(value));
    std::memcpy(bytes_.data() + at, &raw, sizeof raw);
  }

  std::string bytes_;
  size_t start_ = 0;
};

}  // namespace oxibase::pgwire
