#pragma once
// Array values. Bytes of one:
//
//   u32 element type, u8 ndim (0: empty), u8 has_nulls, u16 0
//   ndim times: i32 size, i32 lower bound
//   has_nulls: (count + 7) / 8 bytes, bit set = NULL
//   fixed-width elements: count values of the physical width (NULLs keep a slot of zeros)
//   others: count + 1 times u32, where each element begins behind this table; then the bytes
//
// Element i is found in O(1). Elements lie in row-major order. Nothing is aligned.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "common/types.h"
#include "common/value.h"
#include "common/vector.h"

namespace oxibase {

struct ArrayDim {
  int32_t size = 0;
  int32_t lower = 1;
  bool operator==(const ArrayDim&) const = default;
};

inline constexpr int kArrayDimsMax = 6;
/// PostgreSQL's MaxArraySize for pointers of 8 bytes.
inline constexpr int64_t kArrayElementsMax = 134217727;

/// Reads an array's bytes, which it borrows.
class ArrayView {
 public:
  /// REQUIRES: bytes of a valid array
  explicit ArrayView(std::string_view bytes);

  TypeId element_type() const { return element_; }
  PhysicalType element_physical() const { return physical_; }
  int ndim() const { return ndim_; }
  ArrayDim dim(int i) const;
  /// Elements in all dimensions.
  uint32_t size() const { return count_; }
  bool has_nulls() const { return nulls_ != nullptr; }
  bool IsNull(uint32_t i) const { return nulls_ && (nulls_[i >> 3] >> (i & 7) & 1); }
  /// REQUIRES: T is the physical form, not NULL
  template <typename T>
  T Get(uint32_t i) const {
    T value;
    std::memcpy(&value, values_ + static_cast<size_t>(i) * sizeof(T), sizeof(T));
    return value;
  }
  /// The bytes of element i: string types' own, fixed types' as they lie in a vector.
  std::string_view GetBytes(uint32_t i) const;
  Value GetValue(uint32_t i) const;
  /// Fills row `row` of a flat vector of the element type; strings are borrowed from these bytes.
  void CopyElement(uint32_t i, Vector* out, uint32_t row) const;

 private:
  TypeId element_ = TypeId::kInvalid;
  PhysicalType physical_ = PhysicalType::kString;
  int ndim_ = 0;
  uint32_t width_ = 0;  // 0: offsets
  uint32_t count_ = 0;
  const char* dims_ = nullptr;
  const unsigned char* nulls_ = nullptr;
  const char* values_ = nullptr;  // or the offsets
  const char* content_ = nullptr;
};

/// Collects elements and writes an array's bytes. Reusable after `Reset`.
class ArrayBuilder {
 public:
  explicit ArrayBuilder(TypeId element) { Reset(element); }
  void Reset(TypeId element);

  void AddNull();
  /// Bytes as ArrayView::GetBytes gives them. REQUIRES: of the element's width if fixed
  void AddBytes(std::string_view bytes);
  template <typename T>
  void Add(T value) {
    AddBytes({reinterpret_cast<const char*>(&value), sizeof value});
  }
  void AddString(std::string_view bytes) { AddBytes(bytes); }
  void AddValue(const Value& value);
  void AddFrom(const VectorView& view, uint32_t row);
  uint32_t size() const { return static_cast<uint32_t>(is_null_.size()); }

  /// One dimension from `lower` on; empty when nothing was added.
  void Finish(std::string* out, int32_t lower = 1) const;
  /// REQUIRES: the product of the sizes is size(), at most kArrayDimsMax dimensions
  void Finish(std::string* out, const std::vector<ArrayDim>& dims) const;

 private:
  TypeId element_ = TypeId::kInvalid;
  PhysicalType physical_ = PhysicalType::kString;
  uint32_t width_ = 0;
  bool has_nulls_ = false;
  std::vector<bool> is_null_;
  std::vector<uint32_t> ends_;  // of string elements within content_
  std::string content_;
};

/// Bytes of an empty array.
std::string EmptyArray(TypeId element);
/// One array of `dims` without values of its own: an error when sizes multiply past the limit.
Status CheckArraySize(const std::vector<ArrayDim>& dims);

}  // namespace oxibase
