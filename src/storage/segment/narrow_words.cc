#include "storage/segment/narrow_words.h"

#include <algorithm>

namespace oxibase {

void NarrowWords::Append(std::span<const uint64_t> words, std::vector<std::byte>& out) {
  uint64_t min = words.empty() ? 0 : UINT64_MAX;
  uint64_t max = 0;
  for (const uint64_t word : words) {
    min = std::min(min, word);
    max = std::max(max, word);
  }
  const uint8_t width = NarrowWidth(max - min);
  ByteWriter to(out);
  to.Fixed(min);
  to.Fixed(width);
  if (width == 0) return;
  size_t at = out.size();
  out.resize(at + words.size() * width);
  for (const uint64_t word : words) {
    const uint64_t difference = word - min;
    std::memcpy(out.data() + at, &difference, width);
    at += width;
  }
}

bool NarrowWords::Parse(ByteReader& from, uint32_t count) {
  base_ = from.Fixed<uint64_t>();
  width_ = from.Fixed<uint8_t>();
  if (!from.ok() || (width_ != 0 && width_ != 1 && width_ != 2 && width_ != 4 && width_ != 8))
    return false;
  differences_ = from.Raw(uint64_t{count} * width_).data();
  return from.ok();
}

}  // namespace oxibase
