#include "storage/index/tablet_index.h"

#include <xxhash.h>

#include <cstring>

#include "common/status.h"
#include "storage/index/hot_bitmaps.h"
#include "storage/index/ordered_index.h"
#include "storage/mvcc/epoch.h"

namespace oxibase {
namespace {

const Validity kAllValid;

void AppendColumnKey(const RowLayout& layout, const std::byte* row, size_t column, SortOrder order,
                     std::string* key) {
  const RowLayout::Column& info = layout.columns()[column];
  VectorView view{row + info.offset, kZeroSelection.data(), &kAllValid};
  if (info.physical == PhysicalType::kString) {
    const StringRef text = layout.ReadString(row, column);
    view.bytes = reinterpret_cast<const std::byte*>(&text);
    AppendKey(key, info.type, view, 0, order);
    return;
  }
  AppendKey(key, info.type, view, 0, order);
}

}  // namespace

TabletIndex::TabletIndex(IndexSpec spec, const TableSchema& schema, EpochManager& epochs)
    : spec_(std::move(spec)), epochs_(epochs), tree_(std::make_unique<OrderedIndex>(epochs)) {
  OXI_CHECK(!(is_bitmap() && spec_.unique));
  if (is_bitmap()) bitmaps_ = std::make_unique<HotBitmaps>();
  if (spec_.unique) key_latches_ = std::make_unique<Mutex[]>(kKeyLatches);
  SetSchema(schema);
}

TabletIndex::~TabletIndex() { delete shape_.load(std::memory_order_relaxed); }

void TabletIndex::SetSchema(const TableSchema& schema) {
  auto shape = std::make_unique<Shape>();
  for (const auto& layout : schema.layouts()) {
    Positions positions;
    positions.version = layout->version();
    for (const auto& column : spec_.columns) {
      positions.columns.push_back(layout->Find(column.column));
    }
    if (spec_.predicate) positions.predicate = layout->Find(*spec_.predicate);
    shape->positions.push_back(std::move(positions));
  }
  // What older rows read as, from the newest layout that has the column.
  shape->missing.resize(spec_.columns.size());
  for (const auto& layout : schema.layouts()) {
    for (size_t i = 0; i < spec_.columns.size(); ++i) {
      const int at = layout->Find(spec_.columns[i].column);
      if (at >= 0) shape->missing[i] = layout->columns()[static_cast<size_t>(at)].missing;
    }
    if (!spec_.predicate) continue;
    if (const int at = layout->Find(*spec_.predicate); at >= 0) {
      const Value& value = layout->columns()[static_cast<size_t>(at)].missing;
      shape->missing_predicate = !value.is_null() && value.AsBool();
    }
  }
  const Shape* old = shape_.exchange(shape.release(), std::memory_order_acq_rel);
  if (old == nullptr) return;
  epochs_.Retire(const_cast<Shape*>(old), [](void* object) { delete static_cast<Shape*>(object); });
}

const TabletIndex::Positions& TabletIndex::Shape::In(const RowLayout& layout) const {
  for (size_t i = positions.size(); i-- > 0;) {
    if (positions[i].version == layout.version()) return positions[i];
  }
  OXI_CHECK(!"a row of a schema version that the index does not know");
  return positions.back();
}

bool TabletIndex::KeyOfRow(const RowLayout& layout, const std::byte* row, std::string* key,
                           bool* has_null) const {
  const Shape& shape = this->shape();
  const Positions& positions = shape.In(layout);
  key->clear();
  *has_null = false;
  if (spec_.predicate) {
    bool holds = shape.missing_predicate;
    if (positions.predicate >= 0) {
      const auto at = static_cast<size_t>(positions.predicate);
      holds = !layout.IsNull(row, at) && layout.ReadFixed<uint8_t>(row, at) != 0;
    }
    if (!holds) return false;
  }
  for (size_t i = 0; i < positions.columns.size(); ++i) {
    const SortOrder order = spec_.columns[i].order;
    if (positions.columns[i] < 0) {
      if (shape.missing[i].is_null()) {
        *has_null = true;
        AppendNullKey(key, order);
      } else {
        AppendKey(key, shape.missing[i], order);
      }
      continue;
    }
    const auto column = static_cast<size_t>(positions.columns[i]);
    if (layout.IsNull(row, column)) {
      *has_null = true;
      AppendNullKey(key, order);
    } else {
      AppendColumnKey(layout, row, column, order, key);
    }
  }
  return true;
}

bool TabletIndex::SameKey(const RowLayout& a_layout, const std::byte* a, const RowLayout& b_layout,
                          const std::byte* b) const {
  if (a_layout.version() != b_layout.version()) return false;  // keys will tell
  const Positions& positions = shape().In(a_layout);
  const auto same = [&](int position) {
    if (position < 0) return true;
    const auto column = static_cast<size_t>(position);
    const bool is_null = a_layout.IsNull(a, column);
    if (is_null != a_layout.IsNull(b, column)) return false;
    if (is_null) return true;
    const RowLayout::Column& info = a_layout.columns()[column];
    if (info.physical == PhysicalType::kString) {
      return a_layout.ReadString(a, column) == a_layout.ReadString(b, column);
    }
    return std::memcmp(a + info.offset, b + info.offset, PhysicalWidth(info.physical)) == 0;
  };
  for (const int position : positions.columns) {
    if (!same(position)) return false;
  }
  return same(positions.predicate);
}

std::vector<Value> TabletIndex::KeyValues(const RowLayout& layout, const std::byte* row) const {
  const Shape& shape = this->shape();
  const Positions& positions = shape.In(layout);
  std::vector<Value> values;
  for (size_t i = 0; i < positions.columns.size(); ++i) {
    const int at = positions.columns[i];
    values.push_back(at < 0 ? shape.missing[i] : layout.ReadValue(row, static_cast<size_t>(at)));
  }
  return values;
}

std::string_view TabletIndex::TreeKey(std::string_view key, HashBytes& hash) const {
  if (!is_hash()) return key;
  const uint64_t bits = XXH3_64bits(key.data(), key.size());
  std::memcpy(hash, &bits, sizeof bits);
  return {hash, sizeof hash};
}

Mutex& TabletIndex::KeyLatch(std::string_view key) const {
  return key_latches_[XXH3_64bits(key.data(), key.size()) % kKeyLatches];
}

void TabletIndex::AddEntry(std::string_view key, RowId row) {
  if (bitmaps_ != nullptr) {
    bitmaps_->Insert(key, row);
    return;
  }
  HashBytes hash;
  tree_->Insert(TreeKey(key, hash), row);
}

void TabletIndex::RemoveEntry(std::string_view key, RowId row) {
  if (bitmaps_ != nullptr) {
    bitmaps_->Erase(key, row);
    return;
  }
  HashBytes hash;
  tree_->Erase(TreeKey(key, hash), row);
}

uint64_t TabletIndex::size() const { return is_bitmap() ? bitmaps_->size() : tree_->size(); }

uint64_t TabletIndex::bytes() const {
  return tree_->bytes() + (is_bitmap() ? bitmaps_->bytes() : 0);
}

}  // namespace oxibase
