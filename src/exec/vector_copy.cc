#include "exec/vector_copy.h"

#include <cstring>

namespace oxibase {
namespace {

struct Bytes16 {
  uint64_t words[2];
};

template <typename T>
void CopyFixed(T* to, const VectorView& from, const uint32_t* sel, uint32_t count) {
  const T* data = from.data<T>();
  if (sel) {
    for (uint32_t i = 0; i < count; ++i) to[i] = data[from.sel[sel[i]]];
  } else if (from.sel == kIdentitySelection.data()) {
    std::memcpy(to, data, count * sizeof(T));
  } else {
    for (uint32_t i = 0; i < count; ++i) to[i] = data[from.sel[i]];
  }
}

void CopyStrings(Vector& to, uint32_t at, const VectorView& from, const uint32_t* sel,
                 uint32_t count) {
  StringRef* target = to.data<StringRef>() + at;
  const StringRef* data = from.data<StringRef>();
  const bool all_valid = from.validity->all_valid();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t position = from.sel[sel ? sel[i] : i];
    if (!all_valid && !from.validity->IsValid(position)) {
      target[i] = StringRef();
    } else {
      target[i] = to.arena().Copy(data[position]);
    }
  }
}

}  // namespace

void CopyRows(Vector& to, uint32_t at, const Vector& source, const uint32_t* sel, uint32_t count) {
  const VectorView from = source.view();
  switch (PhysicalWidth(to.physical())) {
    case 1:
      CopyFixed(to.data<uint8_t>() + at, from, sel, count);
      break;
    case 2:
      CopyFixed(to.data<uint16_t>() + at, from, sel, count);
      break;
    case 4:
      CopyFixed(to.data<uint32_t>() + at, from, sel, count);
      break;
    case 8:
      CopyFixed(to.data<uint64_t>() + at, from, sel, count);
      break;
    default:
      if (to.physical() == PhysicalType::kString) {
        CopyStrings(to, at, from, sel, count);
      } else {
        CopyFixed(to.data<Bytes16>() + at, from, sel, count);
      }
  }
  if (from.validity->all_valid()) {
    if (!to.validity().all_valid()) {
      for (uint32_t i = 0; i < count; ++i) to.validity().SetValid(at + i);
    }
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (from.validity->IsValid(from.sel[sel ? sel[i] : i])) {
      to.validity().SetValid(at + i);
    } else {
      to.validity().SetNull(at + i);
    }
  }
}

void RepeatRow(Vector& to, const Vector& source, uint32_t row) {
  to.ResetFlat(1);
  CopyRows(to, 0, source, &row, 1);
  to.MarkConstant();
}

void SelectRows(Batch& batch, const uint32_t* sel, uint32_t count) {
  if (count != batch.size) {
    for (Vector& column : batch.columns) column.Select(column, sel, count);
  }
  batch.size = count;
}

void SetAllNull(Vector& to) { to.SetConstantNull(); }

size_t LongStringBytes(const Vector& vector, uint32_t count) {
  if (vector.physical() != PhysicalType::kString) return 0;
  const VectorView view = vector.view();
  size_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t position = view.sel[i];
    const StringRef& text = view.data<StringRef>()[position];
    if (view.validity->IsValid(position) && !text.is_inline()) bytes += text.size();
  }
  return bytes;
}

void SetSingleRow(Batch& batch, std::span<const Value> values) {
  if (batch.columns.size() != values.size()) {
    batch.columns.clear();
    for (const Value& value : values) batch.columns.emplace_back(value.type());
  }
  for (size_t i = 0; i < values.size(); ++i) {
    Vector& column = batch.columns[i];
    column.ResetFlat(1);
    column.SetValue(0, values[i]);
  }
  batch.size = 1;
}

}  // namespace oxibase
