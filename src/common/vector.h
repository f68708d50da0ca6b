#pragma once
// Columns of values, the unit in which operators and expressions work.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/arena.h"
#include "common/types.h"
#include "common/value.h"

namespace oxibase {

/// Rows in a full batch.
inline constexpr uint32_t kVectorSize = 2048;

/// Which values of a vector are not NULL. No bits are stored while all are valid.
class Validity {
 public:
  bool all_valid() const { return !has_nulls_; }
  bool IsValid(uint32_t i) const { return !has_nulls_ || (words_[i >> 6] >> (i & 63) & 1); }
  void SetNull(uint32_t i) {
    if (!has_nulls_) Materialize();
    words_[i >> 6] &= ~(uint64_t{1} << (i & 63));
  }
  void SetValid(uint32_t i) {
    if (has_nulls_) words_[i >> 6] |= uint64_t{1} << (i & 63);
  }
  void SetAllValid() { has_nulls_ = false; }
  /// One word for 64 values; bit set = valid. REQUIRES: !all_valid()
  const uint64_t* words() const { return words_.get(); }

 private:
  void Materialize() {
    if (!words_) words_ = std::make_unique_for_overwrite<uint64_t[]>(kVectorSize / 64);
    std::fill_n(words_.get(), kVectorSize / 64, ~uint64_t{0});
    has_nulls_ = true;
  }

  bool has_nulls_ = false;
  std::unique_ptr<uint64_t[]> words_;
};

/// Positions 0, 1, 2, ... and 0, 0, 0, ...: the selections of flat and constant vectors.
extern const std::array<uint32_t, kVectorSize> kIdentitySelection;
extern const std::array<uint32_t, kVectorSize> kZeroSelection;

/// Any vector seen alike: value of row i is data<T>()[sel[i]], valid if validity->IsValid(sel[i]).
struct VectorView {
  const std::byte* bytes = nullptr;
  const uint32_t* sel = nullptr;
  const Validity* validity = nullptr;

  template <typename T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes);
  }
  template <typename T>
  const T& Get(uint32_t row) const {
    return data<T>()[sel[row]];
  }
  bool IsNull(uint32_t row) const { return !validity->IsValid(sel[row]); }
};

/// Up to kVectorSize values of one type.
///
/// - kFlat: values lie one after another in this vector's buffer.
/// - kConstant: one value (or NULL) stands for every row.
/// - kDictionary: positions into another vector's values, which are borrowed: valid as long as
///   that vector is left alone.
///
/// Long strings lie in `arena()` or are borrowed from whatever the producer says: a vector that an
/// operator returned is valid until that operator is asked for more or closed. Keeping rows longer
/// means copying them. Not thread-safe.
class Vector {
 public:
  enum class Kind : uint8_t { kFlat, kConstant, kDictionary };

  Vector() = default;
  explicit Vector(Type type) : type_(type), physical_(PhysicalTypeOf(type)) {}
  Vector(Vector&&) noexcept = default;
  Vector& operator=(Vector&&) noexcept = default;

  Type type() const { return type_; }
  PhysicalType physical() const { return physical_; }
  Kind kind() const { return kind_; }
  bool is_flat() const { return kind_ == Kind::kFlat; }
  bool is_constant() const { return kind_ == Kind::kConstant; }

  /// Makes it flat and empty with room for `rows` values, all valid, its arena reset. Values are
  /// uninitialised. A reused vector allocates nothing.
  void ResetFlat(uint32_t rows);
  /// Makes it one constant, copying long strings.
  void SetConstant(const Value& value);
  void SetConstantNull();
  /// Lets the first value of a flat vector stand for every row.
  void MarkConstant() { kind_ = Kind::kConstant; }
  /// Borrows all of `other` (which must stay as it is), whatever its kind.
  void Reference(const Vector& other);
  /// Borrows the rows `sel[0..count)` of `other`; composes with other's own selection. `count`
  /// positions are copied.
  void Select(const Vector& other, const uint32_t* sel, uint32_t count);
  /// Turns any kind into a flat vector that owns its values and strings.
  void Flatten(uint32_t count);
  /// Copies `count` rows of `source` (from `first` on) behind the `at` rows here. REQUIRES: flat,
  /// room for at + count; long strings are copied to `arena()`.
  void Append(uint32_t at, const Vector& source, uint32_t first, uint32_t count);

  VectorView view() const;

  /// The values of a flat vector, or the single one of a constant one.
  template <typename T>
  T* data() {
    return reinterpret_cast<T*>(buffer_.get());
  }
  template <typename T>
  const T* data() const {
    return reinterpret_cast<const T*>(buffer_.get());
  }
  Validity& validity() { return validity_; }
  const Validity& validity() const { return validity_; }
  /// For the long strings of a flat or constant vector.
  Arena& arena() { return arena_; }

  /// Row `row` as a value of its own.
  Value GetValue(uint32_t row) const;
  /// REQUIRES: flat, row < capacity; the value has this physical type (or is NULL).
  void SetValue(uint32_t row, const Value& value);
  bool IsNull(uint32_t row) const { return view().IsNull(row); }

  void set_type(Type type) { type_ = type; }  // same physical form only

 private:
  void EnsureCapacity(uint32_t rows);

  Type type_;
  PhysicalType physical_ = PhysicalType::kString;
  Kind kind_ = Kind::kFlat;
  uint32_t capacity_ = 0;                // values in buffer_
  std::unique_ptr<std::byte[]> buffer_;  // aligned to 16
  Validity validity_;
  Arena arena_;
  VectorView borrowed_;  // kDictionary, or a flat or constant vector borrowed whole
  bool is_borrowed_ = false;
  std::unique_ptr<uint32_t[]> sel_;  // kDictionary: room for kVectorSize, or sel_capacity_
  uint32_t sel_capacity_ = 0;
};

/// Rows on their way between operators: columns of equal length.
struct Batch {
  std::vector<Vector> columns;
  uint32_t size = 0;

  Batch() = default;
  explicit Batch(std::span<const Type> types);
  bool empty() const { return size == 0; }
};

}  // namespace oxibase
