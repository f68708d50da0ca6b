#include "storage/index/row_set.h"

#include <algorithm>
#include <vector>

namespace oxibase {
namespace {

uint32_t HighOf(uint64_t row) { return static_cast<uint32_t>(row >> 32); }
uint32_t LowOf(uint64_t row) { return static_cast<uint32_t>(row); }

}  // namespace

bool RowSet::Add(RowId row) { return parts_[HighOf(row.value)].addChecked(LowOf(row.value)); }

void RowSet::AddAscending(std::span<const uint64_t> rows) {
  std::vector<uint32_t> lows;
  while (!rows.empty()) {
    const uint32_t high = HighOf(rows.front());
    lows.clear();
    for (const uint64_t row : rows) {
      if (HighOf(row) != high) break;
      lows.push_back(LowOf(row));
    }
    parts_[high].addMany(lows.size(), lows.data());
    rows = rows.subspan(lows.size());
  }
}

bool RowSet::Remove(RowId row) {
  const auto part = parts_.find(HighOf(row.value));
  if (part == parts_.end() || !part->second.removeChecked(LowOf(row.value))) return false;
  if (part->second.isEmpty()) parts_.erase(part);
  return true;
}

bool RowSet::Contains(RowId row) const {
  const auto part = parts_.find(HighOf(row.value));
  return part != parts_.end() && part->second.contains(LowOf(row.value));
}

RowSet& RowSet::operator|=(const RowSet& other) {
  for (const auto& [high, rows] : other.parts_) parts_[high] |= rows;
  return *this;
}

RowSet& RowSet::operator&=(const RowSet& other) {
  for (auto part = parts_.begin(); part != parts_.end();) {
    const auto rows = other.parts_.find(part->first);
    if (rows != other.parts_.end()) part->second &= rows->second;
    part =
        rows == other.parts_.end() || part->second.isEmpty() ? parts_.erase(part) : std::next(part);
  }
  return *this;
}

uint64_t RowSet::size() const {
  uint64_t rows = 0;
  for (const auto& [high, part] : parts_) rows += part.cardinality();
  return rows;
}

size_t RowSet::MemoryBytes() const {
  size_t bytes = 0;
  for (const auto& [high, part] : parts_) {
    bytes += sizeof(Roaring) + part.getSizeInBytes(/*portable=*/false);
  }
  return bytes;
}

bool RowSet::Cursor::Fill(uint64_t row) {
  at_ = count_ = 0;
  if (set_ == nullptr) return false;
  auto part = set_->parts_.lower_bound(HighOf(row));
  for (; part != set_->parts_.end(); ++part) {
    const uint64_t high = uint64_t{part->first} << 32;
    const uint32_t low = high > row ? 0 : LowOf(row);
    if (!begun_ || high_ != high) {
      roaring_init_iterator(&part->second.roaring, &iterator_);
      begun_ = true;
      high_ = high;
    }
    if (iterator_.has_value && iterator_.current_value < low) {
      roaring_move_uint32_iterator_equalorlarger(&iterator_, low);
    }
    count_ = roaring_read_uint32_iterator(&iterator_, ids_, kAtOnce);
    if (count_ > 0) return true;
  }
  return false;
}

RowId RowSet::Cursor::FirstFrom(RowId row) {
  const auto id = [this](uint32_t i) { return high_ | ids_[i]; };
  if (begun_ && row.value < from_) begun_ = false;
  if (!begun_ || count_ == 0 || id(count_ - 1) < row.value) {
    from_ = row.value;
    if (!Fill(row.value)) return RowId(UINT64_MAX);
  }
  if (id(at_) > row.value) at_ = 0;
  while (id(at_) < row.value) ++at_;
  return RowId(id(at_));
}

}  // namespace oxibase
