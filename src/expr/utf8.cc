// UTF-8 as text input needs it.
#include <cstring>

#include "expr/type_io.h"

namespace oxibase {
namespace {

Status InvalidSequence(std::string_view text, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size && i < text.size(); ++i) {
    bytes += fmt::format("{}0x{:02x}", i ? " " : "", static_cast<unsigned char>(text[i]));
  }
  return Error(ErrorCode::kCharacterNotInRepertoire,
               "invalid byte sequence for encoding \"UTF8\": {}", bytes);
}

}  // namespace

Status CheckUtf8(std::string_view text) {
  size_t i = 0;
  const size_t n = text.size();
  while (i < n) {
    // Eight bytes of ASCII at once: no high bit, no zero byte.
    if (i + 8 <= n) {
      uint64_t word;
      std::memcpy(&word, text.data() + i, 8);
      const uint64_t zeros = (word - 0x0101010101010101u) & ~word;
      if (((word | zeros) & 0x8080808080808080u) == 0) {
        i += 8;
        continue;
      }
    }
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      if (c == 0) return InvalidSequence(text.substr(i), 1);
      ++i;
      continue;
    }
    size_t size;
    if (c >= 0xC2 && c <= 0xDF) {
      size = 2;
    } else if (c >= 0xE0 && c <= 0xEF) {
      size = 3;
    } else if (c >= 0xF0 && c <= 0xF4) {
      size = 4;
    } else {
      return InvalidSequence(text.substr(i), 1);
    }
    if (i + size > n) return InvalidSequence(text.substr(i), size);
    const auto second = static_cast<unsigned char>(text[i + 1]);
    const unsigned low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    const unsigned high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    bool ok = second >= low && second <= high;
    for (size_t k = 2; k < size; ++k) ok = ok && (text[i + k] & 0xC0) == 0x80;
    if (!ok) return InvalidSequence(text.substr(i), size);
    i += size;
  }
  return {};
}

size_t Utf8Length(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (c & 0xC0) != 0x80;
  return count;
}

size_t Utf8Prefix(std::string_view text, size_t count) {
  if (text.size() <= count) return text.size();
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if ((text[i] & 0xC0) != 0x80 && count-- == 0) break;
  }
  return i;
}

}  // namespace oxibase
