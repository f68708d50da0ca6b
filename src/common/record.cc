#include "common/record.h"

#include <cstring>

namespace oxibase {

RecordReader::RecordReader(std::string_view bytes) : rest_(bytes) {
  if (rest_.size() < 2) return;
  std::memcpy(&count_, rest_.data(), 2);
  rest_.remove_prefix(2);
}

bool RecordReader::Next() {
  if (done_ == count_) return false;
  ++done_;
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

RecordBuilder::RecordBuilder(std::string* out, uint16_t field_count) : out_(out) {
  out_->append(reinterpret_cast<const char*>(&field_count), 2);
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
