#include "sql/parse/text_encoding.h"

#include <cstring>

namespace oxibase {
namespace {

/// Length of the valid sequence at `text`, 0 if there is none.
size_t SequenceLength(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  auto trails = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  const unsigned char first = byte(0);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return text.size() >= 2 && trails(1, 2) ? 2 : 0;
  if (first < 0xF0) {
    if (text.size() < 3 || !trails(1, 3)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (first > 0xF4 || text.size() < 4 || !trails(1, 4)) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return 4;
}

Status BadSequence(std::string_view text, size_t at) {
  const unsigned char first = static_cast<unsigned char>(text[at]);
  size_t length = first >= 0xF0 && first < 0xF8   ? 4
                  : first >= 0xE0 && first < 0xF0 ? 3
                  : first >= 0xC0 && first < 0xE0 ? 2
                                                  : 1;
  length = std::min(length, text.size() - at);
  std::string bytes;
  for (size_t i = 0; i < length; ++i) {
    bytes += fmt::format("{}0x{:02x}", i == 0 ? "" : " ", static_cast<unsigned char>(text[at + i]));
  }
  return Error(ErrorCode::kCharacterNotInRepertoire,
               "invalid byte sequence for encoding \"UTF8\": {}", bytes)
      .At(static_cast<int32_t>(at));
}

}  // namespace

Status CheckTextEncoding(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    // Eight bytes at a time while they are ASCII and none is zero.
    if (i + 8 <= text.size()) {
      uint64_t word;
      std::memcpy(&word, text.data() + i, sizeof(word));
      constexpr uint64_t kHigh = 0x8080808080808080, kOnes = 0x0101010101010101;
      if (((word | (word - kOnes)) & kHigh) == 0) {
        i += 8;
        continue;
      }
    }
    const size_t length = SequenceLength(text.substr(i));
    if (length == 0) return BadSequence(text, i);
    i += length;
  }
  return {};
}

}  // namespace oxibase
