#pragma once
// SQL types by PostgreSQL's oids, and the physical form of their values in memory.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"

namespace oxibase {

/// PostgreSQL's type oids, so that drivers recognise what they get.
enum class TypeId : Oid {
  kInvalid = 0,
  kBool = 16,
  kBytea = 17,
  kChar = 18,  // "char": one byte, used by the catalogs
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt2Vector = 22,
  kInt4 = 23,
  kRegProc = 24,
  kText = 25,
  kOid = 26,
  kTid = 27,
  kXid = 28,
  kCid = 29,
  kOidVector = 30,
  kJson = 114,
  kPgNodeTree = 194,
  kFloat4 = 700,
  kFloat8 = 701,
  kUnknown = 705,
  kAclItem = 1033,
  kBpChar = 1042,
  kVarchar = 1043,
  kDate = 1082,
  kTime = 1083,
  kTimestamp = 1114,
  kTimestampTz = 1184,
  kInterval = 1186,
  kTimeTz = 1266,
  kNumeric = 1700,
  kRefCursor = 1790,
  kRegProcedure = 2202,
  kRegOper = 2203,
  kRegOperator = 2204,
  kRegClass = 2205,
  kRegType = 2206,
  kRecord = 2249,
  kCString = 2275,
  kAny = 2276,
  kAnyArray = 2277,
  kVoid = 2278,
  kAnyElement = 2283,
  kAnyNonArray = 2776,
  kUuid = 2950,
  kRegConfig = 3734,
  kJsonb = 3802,
  kRegNamespace = 4089,
  kRegRole = 4096,
  kAnyCompatible = 5077,
  kAnyCompatibleArray = 5078,
  kAnyCompatibleNonArray = 5079,
  // Arrays.
  kBoolArray = 1000,
  kByteaArray = 1001,
  kCharArray = 1002,
  kNameArray = 1003,
  kInt2Array = 1005,
  kInt4Array = 1007,
  kTextArray = 1009,
  kBpCharArray = 1014,
  kVarcharArray = 1015,
  kInt8Array = 1016,
  kFloat4Array = 1021,
  kFloat8Array = 1022,
  kOidArray = 1028,
  kAclItemArray = 1034,
  kTimestampArray = 1115,
  kDateArray = 1182,
  kTimeArray = 1183,
  kTimestampTzArray = 1185,
  kIntervalArray = 1187,
  kNumericArray = 1231,
  kJsonArray = 199,
  kRegClassArray = 2210,
  kRegTypeArray = 2211,
  kRecordArray = 2287,
  kUuidArray = 2951,
  kJsonbArray = 3807,
};

/// How a value lies in a column vector or a row's fixed slot.
enum class PhysicalType : uint8_t {
  kBool,      // uint8_t, 0 or 1; also "char"
  kInt16,     // int16_t
  kInt32,     // int32_t; oid and reg* types are unsigned in it; date: days since 2000-01-01
  kInt64,     // int64_t; time and timestamps: microseconds (since midnight, since 2000-01-01 UTC)
  kFloat32,   // float
  kFloat64,   // double
  kInterval,  // IntervalValue
  kUuid,      // UuidValue
  kString,    // StringRef: text, bytea, numeric, json, jsonb, arrays, records
};

/// PostgreSQL's interval: three parts that do not convert into each other.
struct IntervalValue {
  int64_t micros = 0;
  int32_t days = 0;
  int32_t months = 0;
  bool operator==(const IntervalValue&) const = default;
};

struct UuidValue {
  uint8_t bytes[16] = {};
  auto operator<=>(const UuidValue&) const = default;
};

/// A type with its modifier: varchar's length + 4, numeric's (precision << 16 | scale) + 4,
/// a timestamp's digits, as PostgreSQL encodes them; -1 is none.
struct Type {
  TypeId id = TypeId::kInvalid;
  int32_t typmod = -1;

  constexpr Type() = default;
  constexpr Type(TypeId type_id, int32_t modifier = -1)  // NOLINT(google-explicit-constructor)
      : id(type_id), typmod(modifier) {}
  constexpr bool operator==(const Type&) const = default;
};

PhysicalType PhysicalTypeOf(TypeId id);
inline PhysicalType PhysicalTypeOf(Type type) { return PhysicalTypeOf(type.id); }
/// Bytes of one value in a vector or row slot.
size_t PhysicalWidth(PhysicalType type);

/// PostgreSQL's type category (pg_type.typcategory): 'N' numeric, 'S' string, 'B' boolean, 'D' date
/// and time, 'T' timespan, 'A' array, 'U' user, 'P' pseudo, 'X' unknown, 'Z' internal.
char TypeCategory(TypeId id);
/// Whether the type is the preferred one of its category, which resolution favours.
bool IsPreferredType(TypeId id);
bool IsArrayType(TypeId id);
bool IsPolymorphic(TypeId id);
/// kInvalid when there is none.
TypeId ElementTypeOf(TypeId array);
TypeId ArrayTypeOf(TypeId element);

/// pg_type.typname: "int4", "_text".
std::string_view TypeName(TypeId id);
/// As SQL writes it: format_type(), "integer", "character varying(10)", "text[]".
std::string FormatType(Type type);
/// By pg_type.typname or an SQL name without modifier ("integer", "double precision"), lower case;
/// kInvalid when unknown.
TypeId FindTypeByName(std::string_view name);

/// Every type in the table, with what pg_type says; for the catalog views.
struct TypeInfo {
  TypeId id;
  std::string_view name;      // pg_type.typname
  std::string_view sql_name;  // as format_type() writes it
  PhysicalType physical;
  int16_t length;  // pg_type.typlen: -1 varies, -2 C string
  char category;
  bool preferred;
  TypeId element;  // of arrays (and the vectors), else kInvalid
  TypeId array;    // kInvalid if none
  char kind;       // 'b' base, 'p' pseudo
};
struct TypeInfoSpan {
  const TypeInfo* first;
  size_t count;
  const TypeInfo* begin() const { return first; }
  const TypeInfo* end() const { return first + count; }
};
TypeInfoSpan AllTypes();
/// Null when unknown.
const TypeInfo* FindType(TypeId id);

}  // namespace oxibase
