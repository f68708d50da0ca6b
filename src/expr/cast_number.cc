// Casts between numbers, booleans, oids and jsonb's scalars.
#include <cmath>
#include <limits>

#include "common/jsonb.h"
#include "common/numeric.h"
#include "expr/cast_kernels.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

template <typename T>
constexpr const char* kIntName = "integer";
template <>
constexpr const char* kIntName<int16_t> = "smallint";
template <>
constexpr const char* kIntName<int64_t> = "bigint";

template <typename T>
Status OutOfRangeInt() {
  return Error(ErrorCode::kNumericValueOutOfRange, "{} out of range", kIntName<T>);
}

template <typename From, typename To>
Result<To> IntToInt(From value) {
  if (value < std::numeric_limits<To>::min() || value > std::numeric_limits<To>::max()) {
    return OutOfRangeInt<To>();
  }
  return static_cast<To>(value);
}

template <typename From, typename To>
To Widen(From value) {
  return static_cast<To>(value);
}

template <typename From, typename To>
Result<To> FloatToInt(From value) {
  const From rounded = std::rint(value);
  // Both bounds are exact powers of two as floats.
  constexpr From kEnd = static_cast<From>(uint64_t{1} << (sizeof(To) * 8 - 1));
  if (!(rounded >= -kEnd && rounded < kEnd)) return OutOfRangeInt<To>();
  return static_cast<To>(rounded);
}

Result<float> DoubleToFloat(double value) {
  const auto result = static_cast<float>(value);
  if (std::isinf(result) && !std::isinf(value)) {
    return Error(ErrorCode::kNumericValueOutOfRange, "value out of range: overflow");
  }
  if (result == 0 && value != 0) {
    return Error(ErrorCode::kNumericValueOutOfRange, "value out of range: underflow");
  }
  return result;
}

template <typename T>
Numeric IntToNumeric(T value) {
  return Numeric::FromInt64(value);
}
Numeric FloatToNumeric(float value) { return Numeric::FromFloat(value); }
Numeric DoubleToNumeric(double value) { return Numeric::FromDouble(value); }
Result<int16_t> NumericToInt16(const Numeric& n) { return n.ToInt16(); }
Result<int32_t> NumericToInt32(const Numeric& n) { return n.ToInt32(); }
Result<int64_t> NumericToInt64(const Numeric& n) { return n.ToInt64(); }
Result<float> NumericToFloat(const Numeric& n) { return n.ToFloat(); }
Result<double> NumericToDouble(const Numeric& n) { return n.ToDouble(); }

int32_t BoolToInt(bool value) { return value; }
bool IntToBool(int32_t value) { return value != 0; }

/// Oids and their aliases are unsigned and lie in an int32_t.
Result<int32_t> Int64ToOid(int64_t value) {
  if (value < 0 || value > std::numeric_limits<uint32_t>::max()) {
    return Error(ErrorCode::kNumericValueOutOfRange, "OID out of range");
  }
  return static_cast<int32_t>(static_cast<uint32_t>(value));
}
int32_t Int16ToOid(int16_t value) { return value; }
int64_t OidToInt64(int32_t value) { return static_cast<uint32_t>(value); }

std::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kString:
      return "string";
    case JsonKind::kNumber:
      return "numeric";
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return "boolean";
    case JsonKind::kArray:
      return "array";
    case JsonKind::kObject:
      return "object";
  }
  return "";
}

Status CannotCastJson(JsonbView value, std::string_view type) {
  if (value.is_scalar()) {
    return Error(ErrorCode::kInvalidParameterValue, "cannot cast jsonb {} to type {}",
                 JsonKindName(value.kind()), type);
  }
  return Error(ErrorCode::kInvalidParameterValue, "cannot cast jsonb {} to type {}",
               JsonKindName(value.kind()), type);
}

Result<bool> JsonToBool(JsonbView value) {
  if (value.kind() == JsonKind::kTrue) return true;
  if (value.kind() == JsonKind::kFalse) return false;
  return CannotCastJson(value, "boolean");
}
Result<Numeric> JsonToNumeric(JsonbView value) {
  if (value.kind() != JsonKind::kNumber) return CannotCastJson(value, "numeric");
  return value.number();
}
Result<int16_t> JsonToInt16(JsonbView value) {
  if (value.kind() != JsonKind::kNumber) return CannotCastJson(value, "smallint");
  return value.number().ToInt16();
}
Result<int32_t> JsonToInt32(JsonbView value) {
  if (value.kind() != JsonKind::kNumber) return CannotCastJson(value, "integer");
  return value.number().ToInt32();
}
Result<int64_t> JsonToInt64(JsonbView value) {
  if (value.kind() != JsonKind::kNumber) return CannotCastJson(value, "bigint");
  return value.number().ToInt64();
}
Result<float> JsonToFloat(JsonbView value) {
  if (value.kind() != JsonKind::kNumber) return CannotCastJson(value, "real");
  return value.number().ToFloat();
}
Result<double> JsonToDouble(JsonbView value) {
  if (value.kind() != JsonKind::kNumber) return CannotCastJson(value, "double precision");
  return value.number().ToDouble();
}

bool IsOidLike(TypeId type) {
  return type == TypeId::kOid || type == TypeId::kRegProc || type == TypeId::kRegProcedure ||
         type == TypeId::kRegOper || type == TypeId::kRegOperator || type == TypeId::kRegClass ||
         type == TypeId::kRegType || type == TypeId::kRegConfig || type == TypeId::kRegNamespace ||
         type == TypeId::kRegRole;
}

struct Entry {
  TypeId from;
  TypeId to;
  Kernel kernel;
};

using T = TypeId;
const Entry kEntries[] = {
    {T::kBool, T::kInt4, Strict<BoolToInt>},
    {T::kInt4, T::kBool, Strict<IntToBool>},
    {T::kInt2, T::kInt4, Strict<Widen<int16_t, int32_t>>},
    {T::kInt2, T::kInt8, Strict<Widen<int16_t, int64_t>>},
    {T::kInt4, T::kInt8, Strict<Widen<int32_t, int64_t>>},
    {T::kInt4, T::kInt2, Strict<IntToInt<int32_t, int16_t>>},
    {T::kInt8, T::kInt2, Strict<IntToInt<int64_t, int16_t>>},
    {T::kInt8, T::kInt4, Strict<IntToInt<int64_t, int32_t>>},
    {T::kInt2, T::kFloat4, Strict<Widen<int16_t, float>>},
    {T::kInt2, T::kFloat8, Strict<Widen<int16_t, double>>},
    {T::kInt4, T::kFloat4, Strict<Widen<int32_t, float>>},
    {T::kInt4, T::kFloat8, Strict<Widen<int32_t, double>>},
    {T::kInt8, T::kFloat4, Strict<Widen<int64_t, float>>},
    {T::kInt8, T::kFloat8, Strict<Widen<int64_t, double>>},
    {T::kFloat4, T::kFloat8, Strict<Widen<float, double>>},
    {T::kFloat8, T::kFloat4, Strict<DoubleToFloat>},
    {T::kFloat4, T::kInt2, Strict<FloatToInt<float, int16_t>>},
    {T::kFloat4, T::kInt4, Strict<FloatToInt<float, int32_t>>},
    {T::kFloat4, T::kInt8, Strict<FloatToInt<float, int64_t>>},
    {T::kFloat8, T::kInt2, Strict<FloatToInt<double, int16_t>>},
    {T::kFloat8, T::kInt4, Strict<FloatToInt<double, int32_t>>},
    {T::kFloat8, T::kInt8, Strict<FloatToInt<double, int64_t>>},
    {T::kInt2, T::kNumeric, Strict<IntToNumeric<int16_t>>},
    {T::kInt4, T::kNumeric, Strict<IntToNumeric<int32_t>>},
    {T::kInt8, T::kNumeric, Strict<IntToNumeric<int64_t>>},
    {T::kFloat4, T::kNumeric, Strict<FloatToNumeric>},
    {T::kFloat8, T::kNumeric, Strict<DoubleToNumeric>},
    {T::kNumeric, T::kInt2, Strict<NumericToInt16>},
    {T::kNumeric, T::kInt4, Strict<NumericToInt32>},
    {T::kNumeric, T::kInt8, Strict<NumericToInt64>},
    {T::kNumeric, T::kFloat4, Strict<NumericToFloat>},
    {T::kNumeric, T::kFloat8, Strict<NumericToDouble>},
    {T::kJsonb, T::kBool, Strict<JsonToBool>},
    {T::kJsonb, T::kNumeric, Strict<JsonToNumeric>},
    {T::kJsonb, T::kInt2, Strict<JsonToInt16>},
    {T::kJsonb, T::kInt4, Strict<JsonToInt32>},
    {T::kJsonb, T::kInt8, Strict<JsonToInt64>},
    {T::kJsonb, T::kFloat4, Strict<JsonToFloat>},
    {T::kJsonb, T::kFloat8, Strict<JsonToDouble>},
};

}  // namespace

Kernel FindNumberCast(TypeId from, TypeId to) {
  for (const Entry& entry : kEntries) {
    if (entry.from == from && entry.to == to) return entry.kernel;
  }
  if (IsOidLike(to)) {
    if (from == T::kInt8) return Strict<Int64ToOid>;
    if (from == T::kInt2) return Strict<Int16ToOid>;
  }
  if (IsOidLike(from) && to == T::kInt8) return Strict<OidToInt64>;
  return nullptr;
}

}  // namespace oxibase
