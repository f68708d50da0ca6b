#pragma once
// Characters (code points) of valid UTF-8.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace oxibase::utf8 {

inline bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

inline size_t Length(std::string_view text) {
  size_t n = 0;
  for (const char c : text) n += !IsContinuation(c);
  return n;
}

/// Bytes of the character that starts at `at`.
inline size_t CharacterBytes(std::string_view text, size_t at) {
  size_t n = 1;
  while (at + n < text.size() && IsContinuation(text[at + n])) ++n;
  return n;
}

/// Bytes of the first `count` characters.
inline size_t Prefix(std::string_view text, size_t count) {
  size_t at = 0;
  while (count > 0 && at < text.size()) {
    at += CharacterBytes(text, at);
    --count;
  }
  return at;
}

uint32_t Decode(std::string_view character);
void Append(uint32_t code_point, std::string* out);

}  // namespace oxibase::utf8
