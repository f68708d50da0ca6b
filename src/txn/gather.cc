// Columns out of row versions.

#include <cstring>

#include "common/status.h"
#include "storage/mvcc/row_version.h"
#include "txn/tablet_access.h"

namespace oxibase {
namespace {

/// Rows of the newest schema version: a load, a store and a NULL test each.
template <typename T>
void GatherFixed(uint32_t offset, size_t column, std::span<const RowRef> rows, Vector& out) {
  T* to = out.data<T>();
  const size_t byte = column >> 3;
  const int bit = static_cast<int>(column & 7);
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::byte* row = rows[i].version->row();
    std::memcpy(&to[i], row + offset, sizeof(T));
    if ((static_cast<uint8_t>(row[byte]) >> bit & 1) != 0) [[unlikely]] {
      out.validity().SetNull(static_cast<uint32_t>(i));
    }
  }
}

void GatherStrings(const RowLayout& layout, size_t column, std::span<const RowRef> rows,
                   Vector& out) {
  auto* to = out.data<StringRef>();
  Arena& arena = out.arena();
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::byte* row = rows[i].version->row();
    to[i] = arena.Copy(layout.ReadString(row, column));
    if (layout.IsNull(row, column)) [[unlikely]] {
      out.validity().SetNull(static_cast<uint32_t>(i));
    }
  }
}

/// Rows of any schema versions.
void GatherMixed(const TableSchema& schema, size_t column, std::span<const RowRef> rows,
                 Vector& out) {
  const RowLayout::Column& wanted = schema.newest().columns()[column];
  const RowLayout* layout = nullptr;
  int position = -1;
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowVersion& version = *rows[i].version;
    if (layout == nullptr || layout->version() != version.schema_version) {
      layout = &schema.At(version.schema_version);
      position = layout->Find(wanted.id);
    }
    const auto at = static_cast<uint32_t>(i);
    if (position < 0) {
      out.SetValue(at, wanted.missing);
      continue;
    }
    const auto from = static_cast<size_t>(position);
    if (layout->IsNull(version.row(), from)) {
      out.SetValue(at, Value::Null(wanted.type));
    } else if (wanted.physical == PhysicalType::kString) {
      out.data<StringRef>()[at] = out.arena().Copy(layout->ReadString(version.row(), from));
    } else {
      const size_t width = PhysicalWidth(wanted.physical);
      std::memcpy(out.data<std::byte>() + at * width,
                  version.row() + layout->columns()[from].offset, width);
    }
  }
}

}  // namespace

void GatherColumn(const TableSchema& schema, size_t column, std::span<const RowRef> rows,
                  Vector& out) {
  out.ResetFlat(static_cast<uint32_t>(rows.size()));
  const RowLayout& newest = schema.newest();
  for (const RowRef& row : rows) {
    if (row.version->schema_version != newest.version()) [[unlikely]] {
      GatherMixed(schema, column, rows, out);
      return;
    }
  }
  const RowLayout::Column& info = newest.columns()[column];
  switch (info.physical) {
    case PhysicalType::kBool:
      return GatherFixed<uint8_t>(info.offset, column, rows, out);
    case PhysicalType::kInt16:
      return GatherFixed<uint16_t>(info.offset, column, rows, out);
    case PhysicalType::kInt32:
    case PhysicalType::kFloat32:
      return GatherFixed<uint32_t>(info.offset, column, rows, out);
    case PhysicalType::kInt64:
    case PhysicalType::kFloat64:
      return GatherFixed<uint64_t>(info.offset, column, rows, out);
    case PhysicalType::kInterval:
    case PhysicalType::kUuid:
      return GatherFixed<IntervalValue>(info.offset, column, rows, out);
    case PhysicalType::kString:
      return GatherStrings(newest, column, rows, out);
  }
}

}  // namespace oxibase
