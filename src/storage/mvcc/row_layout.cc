#include "storage/mvcc/row_layout.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "common/status.h"

namespace oxibase {
namespace {

uint32_t BitmapBytes(size_t columns) {
  return static_cast<uint32_t>(((columns + 7) / 8 + 7) & ~size_t{7});
}

}  // namespace

RowLayout::RowLayout(SchemaVersion version, std::vector<std::pair<ColumnId, Type>> columns,
                     std::vector<Value> missing)
    : version_(version) {
  columns_.reserve(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto& [id, type] = columns[i];
    Value absent = i < missing.size() ? std::move(missing[i]) : Value::Null(type);
    columns_.push_back({id, type, PhysicalTypeOf(type), 0, std::move(absent)});
  }
  // Widest slots first, so that every slot lies at a multiple of its alignment.
  std::vector<size_t> order(columns_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return PhysicalWidth(columns_[a].physical) > PhysicalWidth(columns_[b].physical);
  });
  uint32_t offset = BitmapBytes(columns_.size());
  for (const size_t i : order) {
    columns_[i].offset = offset;
    offset += static_cast<uint32_t>(PhysicalWidth(columns_[i].physical));
  }
  fixed_bytes_ = offset;
}

int RowLayout::Find(ColumnId id) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

StringRef RowLayout::ReadString(const std::byte* row, size_t column) const {
  const std::byte* slot = row + columns_[column].offset;
  uint32_t size;
  std::memcpy(&size, slot, sizeof size);
  if (size <= StringRef::kInlineBytes) {
    StringRef text;
    std::memcpy(static_cast<void*>(&text), slot, sizeof text);
    return text;
  }
  uint64_t offset;
  std::memcpy(&offset, slot + 8, sizeof offset);
  return StringRef(reinterpret_cast<const char*>(row + offset), size);
}

Value RowLayout::ReadValue(const std::byte* row, size_t column) const {
  const Column& info = columns_[column];
  if (IsNull(row, column)) return Value::Null(info.type);
  if (info.physical == PhysicalType::kString) {
    return Value::String(info.type, std::string(ReadString(row, column).view()));
  }
  Value value = Value::Fixed<uint8_t>(info.type, 0);
  std::memcpy(value.fixed_data(), row + info.offset, PhysicalWidth(info.physical));
  return value;
}

uint32_t RowLayout::RowBytes(const std::byte* row) const {
  uint64_t end = fixed_bytes_;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].physical != PhysicalType::kString) continue;
    const std::byte* slot = row + columns_[i].offset;
    uint32_t size;
    std::memcpy(&size, slot, sizeof size);
    if (size <= StringRef::kInlineBytes) continue;
    uint64_t offset;
    std::memcpy(&offset, slot + 8, sizeof offset);
    end = std::max(end, offset + size);
  }
  return static_cast<uint32_t>(end);
}

bool RowLayout::Fits(std::span<const std::byte> row) const {
  if (row.size() < fixed_bytes_) return false;
  for (const Column& column : columns_) {
    if (column.physical != PhysicalType::kString) continue;
    uint32_t size;
    std::memcpy(&size, row.data() + column.offset, sizeof size);
    if (size <= StringRef::kInlineBytes) continue;
    uint64_t offset;
    std::memcpy(&offset, row.data() + column.offset + 8, sizeof offset);
    if (offset > row.size() || size > row.size() - offset) return false;
  }
  return true;
}

uint32_t RowLayout::BytesNeeded(std::span<const Vector* const> columns, uint32_t i) const {
  OXI_DCHECK(columns.size() == columns_.size());
  uint64_t bytes = fixed_bytes_;
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (columns_[c].physical != PhysicalType::kString) continue;
    const VectorView view = columns[c]->view();
    if (view.IsNull(i)) continue;
    const uint32_t size = view.Get<StringRef>(i).size();
    if (size > StringRef::kInlineBytes) bytes += size;
  }
  // A row's size has 32 bits; the caller refuses what comes near (kRowBytesMax).
  return static_cast<uint32_t>(std::min<uint64_t>(bytes, UINT32_MAX));
}

void RowLayout::Build(std::span<const Vector* const> columns, uint32_t i, std::byte* to) const {
  std::memset(to, 0, BitmapBytes(columns_.size()));
  uint64_t tail = fixed_bytes_;
  for (size_t c = 0; c < columns_.size(); ++c) {
    const Column& info = columns_[c];
    const VectorView view = columns[c]->view();
    std::byte* slot = to + info.offset;
    const uint32_t position = view.sel[i];
    if (!view.validity->IsValid(position)) [[unlikely]] {
      to[c >> 3] |= std::byte{1} << (c & 7);
      std::memset(slot, 0, PhysicalWidth(info.physical));
      continue;
    }
    switch (info.physical) {
      case PhysicalType::kBool:
        std::memcpy(slot, view.bytes + position, 1);
        break;
      case PhysicalType::kInt16:
        std::memcpy(slot, view.bytes + position * size_t{2}, 2);
        break;
      case PhysicalType::kInt32:
      case PhysicalType::kFloat32:
        std::memcpy(slot, view.bytes + position * size_t{4}, 4);
        break;
      case PhysicalType::kInt64:
      case PhysicalType::kFloat64:
        std::memcpy(slot, view.bytes + position * size_t{8}, 8);
        break;
      case PhysicalType::kInterval:
      case PhysicalType::kUuid:
        std::memcpy(slot, view.bytes + position * size_t{16}, 16);
        break;
      case PhysicalType::kString: {
        const StringRef& text = view.data<StringRef>()[position];
        std::memcpy(slot, &text, sizeof text);
        if (!text.is_inline()) {
          std::memcpy(to + tail, text.data(), text.size());
          std::memcpy(slot + 8, &tail, sizeof tail);
          tail += text.size();
        }
        break;
      }
    }
  }
}

const RowLayout* TableSchema::Find(SchemaVersion version) const {
  for (size_t i = layouts_.size(); i-- > 0;) {
    if (layouts_[i]->version() == version) return layouts_[i].get();
  }
  return nullptr;
}

const RowLayout& TableSchema::At(SchemaVersion version) const {
  const RowLayout* layout = Find(version);
  OXI_CHECK(layout != nullptr);
  return *layout;
}

}  // namespace oxibase
