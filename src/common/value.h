#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "common/string_ref.h"
#include "common/types.h"

namespace oxibase {

/// One SQL value with its type: constants, parameters, defaults. Owns its bytes. For columns of
/// values there is Vector.
class Value {
 public:
  /// NULL of no particular type.
  Value() = default;
  static Value Null(Type type) {
    Value v;
    v.type_ = type;
    return v;
  }
  static Value Bool(bool b) { return Fixed<uint8_t>(TypeId::kBool, b); }
  static Value Int2(int16_t i) { return Fixed(TypeId::kInt2, i); }
  static Value Int4(int32_t i) { return Fixed(TypeId::kInt4, i); }
  static Value Int8(int64_t i) { return Fixed(TypeId::kInt8, i); }
  static Value Float4(float f) { return Fixed(TypeId::kFloat4, f); }
  static Value Float8(double d) { return Fixed(TypeId::kFloat8, d); }
  static Value Text(std::string text) { return String(TypeId::kText, std::move(text)); }
  /// Any type whose physical form is kString: the bytes as they lie in a vector.
  static Value String(Type type, std::string bytes) {
    Value v;
    v.type_ = type;
    v.is_null_ = false;
    v.bytes_ = std::move(bytes);
    return v;
  }
  /// Any fixed-width type. REQUIRES: sizeof(T) is the type's physical width
  template <typename T>
  static Value Fixed(Type type, T fixed) {
    static_assert(sizeof(T) <= 16);
    Value v;
    v.type_ = type;
    v.is_null_ = false;
    std::memcpy(v.fixed_, &fixed, sizeof fixed);
    return v;
  }

  // What is already there takes another value of its type; the room for long bytes is kept.
  void SetNull() {
    is_null_ = true;
    std::memset(fixed_, 0, sizeof fixed_);
    bytes_.clear();
  }
  /// REQUIRES: sizeof(T) is the type's physical width
  template <typename T>
  void SetFixed(Type type, T fixed) {
    static_assert(sizeof(T) <= 16);
    type_ = type;
    is_null_ = false;
    std::memset(fixed_, 0, sizeof fixed_);
    std::memcpy(fixed_, &fixed, sizeof fixed);
  }
  /// REQUIRES: the type's physical form is kString
  void SetBytes(Type type, std::string_view bytes) {
    type_ = type;
    is_null_ = false;
    bytes_.assign(bytes);
  }

  Type type() const { return type_; }
  void set_type(Type type) { type_ = type; }  // same physical form: relabelling only
  bool is_null() const { return is_null_; }

  /// REQUIRES: !is_null() and T is the physical form
  template <typename T>
  T As() const {
    T fixed;
    std::memcpy(&fixed, fixed_, sizeof fixed);
    return fixed;
  }
  bool AsBool() const { return As<uint8_t>() != 0; }
  /// REQUIRES: the physical form is kString
  const std::string& bytes() const { return bytes_; }
  const void* fixed_data() const { return fixed_; }
  void* fixed_data() { return fixed_; }

  /// Same type, both null or the same bytes: identity, not SQL's "=".
  friend bool operator==(const Value& a, const Value& b) {
    return a.type_ == b.type_ && a.is_null_ == b.is_null_ && a.bytes_ == b.bytes_ &&
           std::memcmp(a.fixed_, b.fixed_, sizeof a.fixed_) == 0;
  }

 private:
  Type type_;
  bool is_null_ = true;
  alignas(8) unsigned char fixed_[16] = {};
  std::string bytes_;
};

}  // namespace oxibase
