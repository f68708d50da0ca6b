#pragma once

#include <cstddef>
#include <vector>

#include "common/ids.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

/// The rows in memory that changed since a checkpoint, as of the next one, in order of row id, one
/// after another. Reads some at a time and copies them, so that nothing is held in between. Not
/// thread-safe.
class HotImages {
 public:
  /// Those that began after `since` and are seen at `as_of`, whose snapshot is pinned.
  HotImages(Tablet& tablet, Timestamp since, Timestamp as_of)
      : tablet_(tablet), since_(since), as_of_(as_of) {}

  /// Goes to the next one, at first to the first. False when there are no more.
  bool Next();
  /// The bytes are good until the next call.
  const Tablet::RowImage& image() const { return image_; }

 private:
  static constexpr size_t kRows = 512;
  static constexpr size_t kBytes = 1 << 20;

  struct Entry {
    Tablet::RowImage image;  // its bytes are at `offset`
    size_t offset;
  };

  void Fill();

  Tablet& tablet_;
  const Timestamp since_;
  const Timestamp as_of_;
  RowId next_;
  bool ended_ = false;
  std::vector<Entry> entries_;
  std::vector<std::byte> bytes_;
  size_t at_ = 0;
  Tablet::RowImage image_;
};

}  // namespace oxibase
