#include "common/arena.h"

#include <algorithm>

namespace oxibase {
namespace {

// The first block is small, since most arenas belong to vectors of point statements.
constexpr size_t kFirstBlockBytes = 1024;
constexpr size_t kBlockBytesMax = size_t{256} << 10;

}  // namespace

std::byte* Arena::AllocateSlow(size_t bytes) {
  const size_t grown =
      blocks_.empty() ? kFirstBlockBytes : std::min(kBlockBytesMax, bytes_reserved_);
  const size_t size = std::max(bytes, grown);
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  if (blocks_.size() == 1) first_block_bytes_ = size;
  bytes_reserved_ += size;
  std::byte* block = blocks_.back().get();
  next_ = block + bytes;
  end_ = block + size;
  return block;
}

void Arena::Reset() {
  if (blocks_.empty()) return;
  // Of several blocks the last is as large as any: keep that one.
  if (blocks_.size() > 1) {
    const size_t last_bytes = static_cast<size_t>(end_ - blocks_.back().get());
    std::swap(blocks_.front(), blocks_.back());
    blocks_.resize(1);
    first_block_bytes_ = last_bytes;
    bytes_reserved_ = last_bytes;
  }
  next_ = blocks_.front().get();
  end_ = next_ + first_block_bytes_;
}

}  // namespace oxibase
