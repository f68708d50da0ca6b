#include "storage/checkpoint/hot_images.h"

#include "common/plant.h"

namespace oxibase {

void HotImages::Fill() {
  entries_.clear();
  bytes_.clear();
  at_ = 0;
  while (entries_.empty() && !ended_) {
    next_ = tablet_.ScanImages(as_of_, next_, [this](const Tablet::RowImage& image) {
      if (image.begin <= since_) return true;
      if (OXI_PLANT(hot_image_lost) && image.frozen && !image.removed) return true;
      // Rows begin at multiples of 8, as in a version.
      bytes_.resize((bytes_.size() + 7) & ~size_t{7});
      entries_.push_back({image, bytes_.size()});
      bytes_.insert(bytes_.end(), image.bytes.begin(), image.bytes.end());
      return entries_.size() < kRows && bytes_.size() < kBytes;
    });
    ended_ = next_.value == 0;
  }
}

bool HotImages::Next() {
  if (at_ == entries_.size()) Fill();
  if (at_ == entries_.size()) return false;
  const Entry& entry = entries_[at_++];
  image_ = entry.image;
  image_.bytes = {bytes_.data() + entry.offset, entry.image.bytes.size()};
  return true;
}

}  // namespace oxibase
