// Columns out of row versions.

#include <cstring>

#include "common/status.h"
#include "storage/mvcc/row_version.h"
#include "storage/segment/frozen_segment.h"
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
                 uint32_t first, Vector& out) {
  const RowLayout::Column& wanted = schema.newest().columns()[column];
  const RowLayout* layout = nullptr;
  int position = -1;
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowVersion& version = *rows[i].version;
    if (layout == nullptr || layout->version() != version.schema_version) {
      layout = &schema.At(version.schema_version);
      position = layout->Find(wanted.id);
    }
    const auto at = first + static_cast<uint32_t>(i);
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

/// Rows of one group, in runs of neighbours.
Status GatherFrozen(const RowLayout::Column& wanted, std::span<const RowRef> rows, uint32_t at,
                    Vector& out) {
  const FrozenGroup& group = *rows[0].group;
  const int position = group.file().FindColumn(group.number, wanted.id);
  const auto count = static_cast<uint32_t>(rows.size());
  if (position < 0) {
    for (uint32_t i = 0; i < count; ++i) out.SetValue(at + i, wanted.missing);
    return {};
  }
  ASSIGN_OR_RETURN(const DecodedColumn* column,
                   group.file().Column(group.number, static_cast<size_t>(position)));
  for (uint32_t i = 0; i < count;) {
    uint32_t end = i + 1;
    while (end < count && rows[end].position == rows[i].position + (end - i)) ++end;
    column->CopyTo(out, at + i, rows[i].position, end - i);
    i = end;
  }
  return {};
}

/// Rows of memory and of segments.
Status GatherAnywhere(const TableSchema& schema, size_t column, std::span<const RowRef> rows,
                      Vector& out) {
  const RowLayout::Column& wanted = schema.newest().columns()[column];
  for (size_t i = 0; i < rows.size();) {
    size_t end = i + 1;
    while (end < rows.size() && rows[end].group == rows[i].group) ++end;
    const std::span<const RowRef> part = rows.subspan(i, end - i);
    const auto at = static_cast<uint32_t>(i);
    if (rows[i].group != nullptr) {
      RETURN_IF_ERROR(GatherFrozen(wanted, part, at, out));
    } else {
      GatherMixed(schema, column, part, at, out);
    }
    i = end;
  }
  return {};
}

}  // namespace

Status GatherColumn(const TableSchema& schema, size_t column, std::span<const RowRef> rows,
                    Vector& out) {
  out.ResetFlat(static_cast<uint32_t>(rows.size()));
  const RowLayout& newest = schema.newest();
  for (const RowRef& row : rows) {
    if (row.version == nullptr) return GatherAnywhere(schema, column, rows, out);
    if (row.version->schema_version != newest.version()) [[unlikely]] {
      return GatherAnywhere(schema, column, rows, out);
    }
  }
  const RowLayout::Column& info = newest.columns()[column];
  switch (info.physical) {
    case PhysicalType::kBool:
      GatherFixed<uint8_t>(info.offset, column, rows, out);
      break;
    case PhysicalType::kInt16:
      GatherFixed<uint16_t>(info.offset, column, rows, out);
      break;
    case PhysicalType::kInt32:
    case PhysicalType::kFloat32:
      GatherFixed<uint32_t>(info.offset, column, rows, out);
      break;
    case PhysicalType::kInt64:
    case PhysicalType::kFloat64:
      GatherFixed<uint64_t>(info.offset, column, rows, out);
      break;
    case PhysicalType::kInterval:
    case PhysicalType::kUuid:
      GatherFixed<IntervalValue>(info.offset, column, rows, out);
      break;
    case PhysicalType::kString:
      GatherStrings(newest, column, rows, out);
      break;
  }
  return {};
}

}  // namespace oxibase
