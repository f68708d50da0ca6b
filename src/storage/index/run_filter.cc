#include "storage/index/run_filter.h"

#include <algorithm>

#include "storage/byte_codec.h"
#include "storage/index/run_block.h"

namespace oxibase {

std::vector<uint32_t> BuildFilter(std::span<const uint64_t> hashes) {
  const uint64_t bits = std::max<uint64_t>(hashes.size() * kFilterBitsPerKey, 1);
  const uint64_t blocks = (bits + kFilterBlockBytes * 8 - 1) / (kFilterBlockBytes * 8);
  std::vector<uint32_t> words(blocks * 8);
  for (const uint64_t hash : hashes) {
    const FilterProbe probe(hash, blocks);
    for (uint32_t i = 0; i < 8; ++i) words[probe.block * size_t{8} + i] |= probe.Mask(i);
  }
  return words;
}

Result<std::unique_ptr<FilterPage>> FilterPage::Decode(BlockBytes block) {
  ASSIGN_OR_RETURN(OpenedBlock opened, OpenBlock(std::move(block)));
  if (opened.encoding != static_cast<uint8_t>(RunEncoding::kFilter))
    return DamagedBlock("its encoding");
  if (opened.content.empty() || opened.content.size() % kFilterBlockBytes != 0 ||
      opened.content.size() > size_t{kFilterPageBlocks} * kFilterBlockBytes)
    return DamagedBlock("its length");
  return std::unique_ptr<FilterPage>(new FilterPage(std::move(opened)));
}

bool FilterPage::MayContain(const FilterProbe& probe) const {
  const std::byte* words =
      opened_.content.data() + size_t{probe.block % kFilterPageBlocks} * kFilterBlockBytes;
  uint32_t missing = 0;
  for (uint32_t i = 0; i < 8; ++i)
    missing |= probe.Mask(i) & ~LoadLe<uint32_t>(words + size_t{i} * 4);
  return missing == 0;
}

}  // namespace oxibase
