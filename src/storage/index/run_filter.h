#pragma once
// The filter of a run's lowest node: a blocked Bloom filter (Putze, Sanders, Singler, WEA 2007)
// with blocks of 256 bits and one bit in each of eight words, as in Parquet. A key costs one page.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "common/hash.h"
#include "common/status.h"
#include "storage/segment/block_cache.h"
#include "storage/segment/block_frame.h"

namespace oxibase {

inline constexpr uint32_t kFilterBlockBytes = 32;
inline constexpr uint32_t kFilterPageBlocks = 128;
inline constexpr uint32_t kFilterBitsPerKey = 10;

/// Where a key's bits are.
struct FilterProbe {
  uint32_t block;
  uint32_t bits;

  FilterProbe(std::string_view key, uint64_t blocks) : FilterProbe(HashBytes(key), blocks) {}
  FilterProbe(uint64_t hash, uint64_t blocks)
      : block(static_cast<uint32_t>(((hash >> 32) * blocks) >> 32)),
        bits(static_cast<uint32_t>(hash)) {}
  uint32_t page() const { return block / kFilterPageBlocks; }
  uint32_t Mask(uint32_t word) const { return uint32_t{1} << ((bits * kSalts[word]) >> 27); }

 private:
  static constexpr uint32_t kSalts[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                         0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
};

/// The bits of a filter over these keys' hashes, to be cut into pages of kFilterPageBlocks blocks.
std::vector<uint32_t> BuildFilter(std::span<const uint64_t> hashes);

/// One page in memory.
class FilterPage final : public CachedBlock {
 public:
  static Result<std::unique_ptr<FilterPage>> Decode(BlockBytes block);
  size_t MemoryBytes() const override { return sizeof(*this) + opened_.owner.size; }
  uint32_t blocks() const {
    return static_cast<uint32_t>(opened_.content.size() / kFilterBlockBytes);
  }
  bool MayContain(const FilterProbe& probe) const;

 private:
  explicit FilterPage(OpenedBlock opened) : opened_(std::move(opened)) {}
  OpenedBlock opened_;
};

}  // namespace oxibase
