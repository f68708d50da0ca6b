#include "common/record.h"

#include <cstring>

namespace oxibase {

namespace {

constexpr uint16_t kNamed = 0x8000;

}  // namespace

RecordReader::RecordReader(std::string_view bytes) : rest_(bytes) {
  if (rest_.size() < 2) return;
  std::memcpy(&count_, rest_.data(), 2);
  rest_.remove_prefix(2);
  if (!(count_ & kNamed)) return;
  count_ &= static_cast<uint16_t>(~kNamed);
  uint32_t length;
  std::memcpy(&length, rest_.data(), 4);
  names_ = rest_.substr(4, length);
  rest_.remove_prefix(4 + size_t{length});
}

bool RecordReader::Next() {
  if (done_ == count_) return false;
  ++done_;
  if (!names_.empty()) {
    uint16_t name_length;
    std::memcpy(&name_length, names_.data(), 2);
    name_ = names_.substr(2, name_length);
    names_.remove_prefix(2 + size_t{name_length});
  }
  uint32_t oid;
  int32_t length;
  std::memcpy(&oid, rest_.data(), 4);
  std::memcpy(&length, rest_.data() + 4, 4);
  rest_.remove_prefix(8);
  type_ = static_cast<TypeId>(oid);
  is_null_ = length < 0;
  field_ = is_null_ ? std::string_view() : rest_.substr(0, static_cast<size_t>(length));
  rest_.remove_prefix(field_.size());
  return true;
}

Value RecordReader::GetValue() const {
  return is_null_ ? Value::Null(type_) : ValueFromBytes(type_, field_);
}

RecordBuilder::RecordBuilder(std::string* out, uint16_t field_count,
                             std::span<const std::string> names)
    : out_(out) {
  const bool named = !names.empty();
  const auto head = static_cast<uint16_t>(named ? field_count | kNamed : field_count);
  out_->append(reinterpret_cast<const char*>(&head), 2);
  if (!named) return;
  uint32_t length = 0;
  for (const std::string& name : names) length += static_cast<uint32_t>(2 + name.size());
  out_->append(reinterpret_cast<const char*>(&length), 4);
  for (const std::string& name : names) {
    const auto size = static_cast<uint16_t>(name.size());
    out_->append(reinterpret_cast<const char*>(&size), 2);
    out_->append(name);
  }
}

void RecordBuilder::AddNull(TypeId type) {
  const auto oid = static_cast<uint32_t>(type);
  const int32_t length = -1;
  out_->append(reinterpret_cast<const char*>(&oid), 4);
  out_->append(reinterpret_cast<const char*>(&length), 4);
}

void RecordBuilder::AddBytes(TypeId type, std::string_view bytes) {
  const auto oid = static_cast<uint32_t>(type);
  const auto length = static_cast<int32_t>(bytes.size());
  out_->append(reinterpret_cast<const char*>(&oid), 4);
  out_->append(reinterpret_cast<const char*>(&length), 4);
  out_->append(bytes);
}

void RecordBuilder::AddValue(const Value& value) {
  if (value.is_null()) {
    AddNull(value.type().id);
  } else {
    AddBytes(value.type().id, BytesOf(value));
  }
}

void RecordBuilder::AddFrom(TypeId type, const VectorView& view, uint32_t row) {
  if (view.IsNull(row)) {
    AddNull(type);
  } else {
    AddBytes(type, BytesOf(PhysicalTypeOf(type), view, row));
  }
}

Value ValueFromBytes(Type type, std::string_view bytes) {
  if (PhysicalTypeOf(type) == PhysicalType::kString) return Value::String(type, std::string(bytes));
  Value value = Value::Fixed<uint8_t>(type, 0);
  std::memcpy(value.fixed_data(), bytes.data(), bytes.size());
  return value;
}

}  // namespace oxibase
