#include "exec/unique_lookup.h"

#include "storage/mvcc/tablet.h"

namespace oxibase {

UniqueLookup::UniqueLookup(const Tablet& tablet, const TabletIndex& index)
    : tablet_(tablet), index_(index), layout_(&tablet.schema().newest()) {
  const IndexSpec& spec = index.spec();
  if (spec.columns.size() != 1 || spec.predicate || spec.columns[0].order.descending) return;
  const int position = layout_->Find(spec.columns[0].column);
  if (position < 0) return;
  key_column_ = static_cast<size_t>(position);
  const TypeId type = layout_->columns()[key_column_].type.id;
  guesses_ = type == TypeId::kInt2 || type == TypeId::kInt4 || type == TypeId::kInt8;
}

bool UniqueLookup::Serves(const TabletIndex& index) {
  return index.spec().always_unique() && !index.is_hash();
}

// Back from the key's bytes (common/key_codec.h): one that says "not NULL", then big-endian with
// the sign flipped.
int64_t UniqueLookup::IntegerOf(std::string_view key) const {
  uint64_t bits = 0;
  const size_t width = key.size() - 1;
  for (const char byte : key.substr(1)) bits = bits << 8 | static_cast<unsigned char>(byte);
  const auto shift = static_cast<int>(64 - 8 * width);
  bits = bits << shift ^ uint64_t { 1 } << 63;
  return static_cast<int64_t>(bits) >> shift;
}

bool UniqueLookup::HasInteger(const RowVersion& version, int64_t integer) const {
  if (version.schema_version != layout_->version()) return false;
  const std::byte* row = version.row();
  if (layout_->IsNull(row, key_column_)) return false;
  switch (layout_->columns()[key_column_].physical) {
    case PhysicalType::kInt64:
      return layout_->ReadFixed<int64_t>(row, key_column_) == integer;
    case PhysicalType::kInt32:
      return layout_->ReadFixed<int32_t>(row, key_column_) == integer;
    default:
      return layout_->ReadFixed<int16_t>(row, key_column_) == integer;
  }
}

bool UniqueLookup::HasKey(const RowVersion& version, std::string_view key) {
  bool has_null;
  return index_.KeyOfVersion(tablet_.schema(), version, &key_, &has_null) && key_ == key;
}

}  // namespace oxibase
