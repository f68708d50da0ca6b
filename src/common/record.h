#pragma once
// Row values (ROW(...), whole-row references). Bytes of one:
//
//   u16 field count (bit 15: named), then if named: u32 length of the names, per field u16 length
//   and bytes; then per field: u32 type oid, i32 length (-1: NULL), bytes
//
// Fixed-width fields are as they lie in a vector. Names are for JSON alone: comparison, hashing and
// output leave them out.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/types.h"
#include "common/value.h"
#include "common/vector.h"

namespace oxibase {

/// Walks the fields of a record's bytes, which it borrows: `while (reader.Next()) ...`.
class RecordReader {
 public:
  /// REQUIRES: bytes of a valid record
  explicit RecordReader(std::string_view bytes);
  uint16_t field_count() const { return count_; }
  bool Next();
  /// Empty where the record has no names.
  std::string_view name() const { return name_; }
  TypeId type() const { return type_; }
  bool is_null() const { return is_null_; }
  std::string_view bytes() const { return field_; }
  Value GetValue() const;

 private:
  std::string_view rest_;
  std::string_view names_;
  std::string_view name_;
  std::string_view field_;
  uint16_t count_ = 0;
  uint16_t done_ = 0;
  TypeId type_ = TypeId::kInvalid;
  bool is_null_ = false;
};

/// Appends a record's bytes field by field.
class RecordBuilder {
 public:
  /// REQUIRES: exactly `field_count` fields follow; one name for each, or none
  RecordBuilder(std::string* out, uint16_t field_count, std::span<const std::string> names = {});
  /// `out` holds what the constructor above has put there: for many records of one shape.
  explicit RecordBuilder(std::string* out) : out_(out) {}
  void AddNull(TypeId type);
  void AddBytes(TypeId type, std::string_view bytes);
  void AddValue(const Value& value);
  void AddFrom(TypeId type, const VectorView& view, uint32_t row);

 private:
  std::string* out_;
};

/// Row `row` of a view as bytes: string types' own, fixed types' as they lie there.
inline std::string_view BytesOf(PhysicalType physical, const VectorView& view, uint32_t row) {
  if (physical == PhysicalType::kString) return view.Get<StringRef>(row).view();
  const size_t width = PhysicalWidth(physical);
  return {reinterpret_cast<const char*>(view.bytes) + width * view.sel[row], width};
}
/// The inverse, as a Value that owns its bytes.
Value ValueFromBytes(Type type, std::string_view bytes);
inline std::string_view BytesOf(const Value& value) {
  const PhysicalType physical = PhysicalTypeOf(value.type());
  if (physical == PhysicalType::kString) return value.bytes();
  return {static_cast<const char*>(value.fixed_data()), PhysicalWidth(physical)};
}

}  // namespace oxibase
