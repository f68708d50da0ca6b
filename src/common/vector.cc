#include "common/vector.h"

#include <algorithm>
#include <cstring>

#include "common/status.h"

namespace oxibase {
namespace {

constexpr auto MakeIdentity() {
  std::array<uint32_t, kVectorSize> sel{};
  for (uint32_t i = 0; i < kVectorSize; ++i) sel[i] = i;
  return sel;
}

}  // namespace

const std::array<uint32_t, kVectorSize> kIdentitySelection = MakeIdentity();
const std::array<uint32_t, kVectorSize> kZeroSelection{};

void Vector::EnsureCapacity(uint32_t rows) {
  if (rows <= capacity_) return;
  // A point statement's vector holds a row or two; one that has seen more grows to full size.
  capacity_ = rows <= 4 ? 4 : std::max(rows, kVectorSize);
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(capacity_ * PhysicalWidth(physical_));
}

void Vector::ResetFlat(uint32_t rows) {
  kind_ = Kind::kFlat;
  is_borrowed_ = false;
  validity_.SetAllValid();
  arena_.Reset();
  EnsureCapacity(rows);
}

void Vector::SetConstant(const Value& value) {
  ResetFlat(1);
  kind_ = Kind::kConstant;
  SetValue(0, value);
}

void Vector::SetConstantNull() {
  ResetFlat(1);
  kind_ = Kind::kConstant;
  std::memset(buffer_.get(), 0, PhysicalWidth(physical_));
  validity_.SetNull(0);
}

void Vector::Reference(const Vector& other) {
  OXI_DCHECK(physical_ == other.physical_);
  kind_ = other.kind_;
  borrowed_ = other.view();
  is_borrowed_ = true;
}

void Vector::Select(const Vector& other, const uint32_t* sel, uint32_t count) {
  OXI_DCHECK(physical_ == other.physical_);
  const VectorView view = other.view();
  if (other.is_constant()) {
    Reference(other);
    return;
  }
  if (count > sel_capacity_) {
    sel_capacity_ = count <= 4 ? 4 : std::max(count, kVectorSize);
    sel_ = std::make_unique_for_overwrite<uint32_t[]>(sel_capacity_);
  }
  for (uint32_t i = 0; i < count; ++i) sel_[i] = view.sel[sel[i]];
  kind_ = Kind::kDictionary;
  borrowed_ = {view.bytes, sel_.get(), view.validity};
  is_borrowed_ = true;
}

VectorView Vector::view() const {
  if (is_borrowed_) return borrowed_;
  const auto& sel = kind_ == Kind::kConstant ? kZeroSelection : kIdentitySelection;
  return {buffer_.get(), sel.data(), &validity_};
}

void Vector::Flatten(uint32_t count) {
  if (kind_ == Kind::kFlat && !is_borrowed_) return;
  Vector flat(type_);
  flat.ResetFlat(count);
  flat.Append(0, *this, 0, count);
  *this = std::move(flat);
}

void Vector::Append(uint32_t at, const Vector& source, uint32_t first, uint32_t count) {
  OXI_DCHECK(is_flat() && !is_borrowed_ && at + count <= capacity_);
  const VectorView from = source.view();
  const size_t width = PhysicalWidth(physical_);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t position = from.sel[first + i];
    std::byte* to = buffer_.get() + (at + i) * width;
    if (!from.validity->IsValid(position)) {
      std::memset(to, 0, width);
      validity_.SetNull(at + i);
      continue;
    }
    validity_.SetValid(at + i);
    if (physical_ == PhysicalType::kString) {
      const StringRef copy = arena_.Copy(from.data<StringRef>()[position]);
      std::memcpy(to, &copy, sizeof copy);
    } else {
      std::memcpy(to, from.bytes + position * width, width);
    }
  }
}

Value Vector::GetValue(uint32_t row) const {
  const VectorView from = view();
  if (from.IsNull(row)) return Value::Null(type_);
  if (physical_ == PhysicalType::kString) {
    return Value::String(type_, std::string(from.Get<StringRef>(row).view()));
  }
  Value value = Value::Fixed<uint8_t>(type_, 0);
  const size_t width = PhysicalWidth(physical_);
  std::memcpy(value.fixed_data(), from.bytes + from.sel[row] * width, width);
  return value;
}

void Vector::SetValue(uint32_t row, const Value& value) {
  OXI_DCHECK(!is_borrowed_ && row < capacity_);
  const size_t width = PhysicalWidth(physical_);
  std::byte* to = buffer_.get() + row * width;
  if (value.is_null()) {
    std::memset(to, 0, width);
    validity_.SetNull(row);
    return;
  }
  validity_.SetValid(row);
  if (physical_ == PhysicalType::kString) {
    const StringRef copy = arena_.Copy(std::string_view(value.bytes()));
    std::memcpy(to, &copy, sizeof copy);
  } else {
    std::memcpy(to, value.fixed_data(), width);
  }
}

Batch::Batch(std::span<const Type> types) {
  columns.reserve(types.size());
  for (const Type type : types) columns.emplace_back(type);
}

}  // namespace oxibase
