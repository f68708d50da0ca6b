#include "common/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace oxibase {
namespace {

using T = TypeId;
using P = PhysicalType;

constexpr auto kTypes = std::to_array<TypeInfo>({
    {T::kBool, "bool", "boolean", P::kBool, 1, 'B', true, T::kInvalid, T::kBoolArray, 'b'},
    {T::kBytea, "bytea", "bytea", P::kString, -1, 'U', false, T::kInvalid, T::kByteaArray, 'b'},
    {T::kChar, "char", "\"char\"", P::kBool, 1, 'Z', false, T::kInvalid, T::kCharArray, 'b'},
    {T::kName, "name", "name", P::kString, 64, 'S', false, T::kChar, T::kNameArray, 'b'},
    {T::kInt8, "int8", "bigint", P::kInt64, 8, 'N', false, T::kInvalid, T::kInt8Array, 'b'},
    {T::kInt2, "int2", "smallint", P::kInt16, 2, 'N', false, T::kInvalid, T::kInt2Array, 'b'},
    {T::kInt2Vector, "int2vector", "int2vector", P::kString, -1, 'A', false, T::kInt2, T::kInvalid,
     'b'},
    {T::kInt4, "int4", "integer", P::kInt32, 4, 'N', false, T::kInvalid, T::kInt4Array, 'b'},
    {T::kRegProc, "regproc", "regproc", P::kInt32, 4, 'N', false, T::kInvalid, T::kInvalid, 'b'},
    {T::kText, "text", "text", P::kString, -1, 'S', true, T::kInvalid, T::kTextArray, 'b'},
    {T::kOid, "oid", "oid", P::kInt32, 4, 'N', true, T::kInvalid, T::kOidArray, 'b'},
    {T::kTid, "tid", "tid", P::kInt64, 6, 'U', false, T::kInvalid, T::kInvalid, 'b'},
    {T::kXid, "xid", "xid", P::kInt32, 4, 'U', false, T::kInvalid, T::kInvalid, 'b'},
    {T::kCid, "cid", "cid", P::kInt32, 4, 'U', false, T::kInvalid, T::kInvalid, 'b'},
    {T::kOidVector, "oidvector", "oidvector", P::kString, -1, 'A', false, T::kOid, T::kInvalid,
     'b'},
    {T::kJson, "json", "json", P::kString, -1, 'U', false, T::kInvalid, T::kJsonArray, 'b'},
    {T::kPgNodeTree, "pg_node_tree", "pg_node_tree", P::kString, -1, 'Z', false, T::kInvalid,
     T::kInvalid, 'b'},
    {T::kFloat4, "float4", "real", P::kFloat32, 4, 'N', false, T::kInvalid, T::kFloat4Array, 'b'},
    {T::kFloat8, "float8", "double precision", P::kFloat64, 8, 'N', true, T::kInvalid,
     T::kFloat8Array, 'b'},
    {T::kUnknown, "unknown", "unknown", P::kString, -2, 'X', false, T::kInvalid, T::kInvalid, 'p'},
    {T::kAclItem, "aclitem", "aclitem", P::kString, 12, 'U', false, T::kInvalid, T::kAclItemArray,
     'b'},
    {T::kBpChar, "bpchar", "character", P::kString, -1, 'S', false, T::kInvalid, T::kBpCharArray,
     'b'},
    {T::kVarchar, "varchar", "character varying", P::kString, -1, 'S', false, T::kInvalid,
     T::kVarcharArray, 'b'},
    {T::kDate, "date", "date", P::kInt32, 4, 'D', false, T::kInvalid, T::kDateArray, 'b'},
    {T::kTime, "time", "time without time zone", P::kInt64, 8, 'D', false, T::kInvalid,
     T::kTimeArray, 'b'},
    {T::kTimestamp, "timestamp", "timestamp without time zone", P::kInt64, 8, 'D', false,
     T::kInvalid, T::kTimestampArray, 'b'},
    {T::kTimestampTz, "timestamptz", "timestamp with time zone", P::kInt64, 8, 'D', true,
     T::kInvalid, T::kTimestampTzArray, 'b'},
    {T::kInterval, "interval", "interval", P::kInterval, 16, 'T', true, T::kInvalid,
     T::kIntervalArray, 'b'},
    {T::kNumeric, "numeric", "numeric", P::kString, -1, 'N', false, T::kInvalid, T::kNumericArray,
     'b'},
    {T::kRefCursor, "refcursor", "refcursor", P::kString, -1, 'U', false, T::kInvalid, T::kInvalid,
     'b'},
    {T::kRegProcedure, "regprocedure", "regprocedure", P::kInt32, 4, 'N', false, T::kInvalid,
     T::kInvalid, 'b'},
    {T::kRegOper, "regoper", "regoper", P::kInt32, 4, 'N', false, T::kInvalid, T::kInvalid, 'b'},
    {T::kRegOperator, "regoperator", "regoperator", P::kInt32, 4, 'N', false, T::kInvalid,
     T::kInvalid, 'b'},
    {T::kRegClass, "regclass", "regclass", P::kInt32, 4, 'N', false, T::kInvalid, T::kRegClassArray,
     'b'},
    {T::kRegType, "regtype", "regtype", P::kInt32, 4, 'N', false, T::kInvalid, T::kRegTypeArray,
     'b'},
    {T::kRegConfig, "regconfig", "regconfig", P::kInt32, 4, 'N', false, T::kInvalid, T::kInvalid,
     'b'},
    {T::kRegNamespace, "regnamespace", "regnamespace", P::kInt32, 4, 'N', false, T::kInvalid,
     T::kInvalid, 'b'},
    {T::kRegRole, "regrole", "regrole", P::kInt32, 4, 'N', false, T::kInvalid, T::kInvalid, 'b'},
    {T::kRecord, "record", "record", P::kString, -1, 'P', false, T::kInvalid, T::kRecordArray, 'p'},
    {T::kCString, "cstring", "cstring", P::kString, -2, 'P', false, T::kInvalid, T::kInvalid, 'p'},
    {T::kAny, "any", "\"any\"", P::kString, 4, 'P', false, T::kInvalid, T::kInvalid, 'p'},
    {T::kAnyArray, "anyarray", "anyarray", P::kString, -1, 'P', false, T::kInvalid, T::kInvalid,
     'p'},
    {T::kVoid, "void", "void", P::kString, 4, 'P', false, T::kInvalid, T::kInvalid, 'p'},
    {T::kAnyElement, "anyelement", "anyelement", P::kString, 4, 'P', false, T::kInvalid,
     T::kInvalid, 'p'},
    {T::kAnyNonArray, "anynonarray", "anynonarray", P::kString, 4, 'P', false, T::kInvalid,
     T::kInvalid, 'p'},
    {T::kAnyCompatible, "anycompatible", "anycompatible", P::kString, 4, 'P', false, T::kInvalid,
     T::kInvalid, 'p'},
    {T::kAnyCompatibleArray, "anycompatiblearray", "anycompatiblearray", P::kString, -1, 'P', false,
     T::kInvalid, T::kInvalid, 'p'},
    {T::kAnyCompatibleNonArray, "anycompatiblenonarray", "anycompatiblenonarray", P::kString, 4,
     'P', false, T::kInvalid, T::kInvalid, 'p'},
    {T::kUuid, "uuid", "uuid", P::kUuid, 16, 'U', false, T::kInvalid, T::kUuidArray, 'b'},
    {T::kJsonb, "jsonb", "jsonb", P::kString, -1, 'U', false, T::kInvalid, T::kJsonbArray, 'b'},
    {T::kBoolArray, "_bool", "boolean[]", P::kString, -1, 'A', false, T::kBool, T::kInvalid, 'b'},
    {T::kByteaArray, "_bytea", "bytea[]", P::kString, -1, 'A', false, T::kBytea, T::kInvalid, 'b'},
    {T::kCharArray, "_char", "\"char\"[]", P::kString, -1, 'A', false, T::kChar, T::kInvalid, 'b'},
    {T::kNameArray, "_name", "name[]", P::kString, -1, 'A', false, T::kName, T::kInvalid, 'b'},
    {T::kInt2Array, "_int2", "smallint[]", P::kString, -1, 'A', false, T::kInt2, T::kInvalid, 'b'},
    {T::kInt4Array, "_int4", "integer[]", P::kString, -1, 'A', false, T::kInt4, T::kInvalid, 'b'},
    {T::kTextArray, "_text", "text[]", P::kString, -1, 'A', false, T::kText, T::kInvalid, 'b'},
    {T::kBpCharArray, "_bpchar", "character[]", P::kString, -1, 'A', false, T::kBpChar, T::kInvalid,
     'b'},
    {T::kVarcharArray, "_varchar", "character varying[]", P::kString, -1, 'A', false, T::kVarchar,
     T::kInvalid, 'b'},
    {T::kInt8Array, "_int8", "bigint[]", P::kString, -1, 'A', false, T::kInt8, T::kInvalid, 'b'},
    {T::kFloat4Array, "_float4", "real[]", P::kString, -1, 'A', false, T::kFloat4, T::kInvalid,
     'b'},
    {T::kFloat8Array, "_float8", "double precision[]", P::kString, -1, 'A', false, T::kFloat8,
     T::kInvalid, 'b'},
    {T::kOidArray, "_oid", "oid[]", P::kString, -1, 'A', false, T::kOid, T::kInvalid, 'b'},
    {T::kAclItemArray, "_aclitem", "aclitem[]", P::kString, -1, 'A', false, T::kAclItem,
     T::kInvalid, 'b'},
    {T::kTimestampArray, "_timestamp", "timestamp without time zone[]", P::kString, -1, 'A', false,
     T::kTimestamp, T::kInvalid, 'b'},
    {T::kDateArray, "_date", "date[]", P::kString, -1, 'A', false, T::kDate, T::kInvalid, 'b'},
    {T::kTimeArray, "_time", "time without time zone[]", P::kString, -1, 'A', false, T::kTime,
     T::kInvalid, 'b'},
    {T::kTimestampTzArray, "_timestamptz", "timestamp with time zone[]", P::kString, -1, 'A', false,
     T::kTimestampTz, T::kInvalid, 'b'},
    {T::kIntervalArray, "_interval", "interval[]", P::kString, -1, 'A', false, T::kInterval,
     T::kInvalid, 'b'},
    {T::kNumericArray, "_numeric", "numeric[]", P::kString, -1, 'A', false, T::kNumeric,
     T::kInvalid, 'b'},
    {T::kJsonArray, "_json", "json[]", P::kString, -1, 'A', false, T::kJson, T::kInvalid, 'b'},
    {T::kRegClassArray, "_regclass", "regclass[]", P::kString, -1, 'A', false, T::kRegClass,
     T::kInvalid, 'b'},
    {T::kRegTypeArray, "_regtype", "regtype[]", P::kString, -1, 'A', false, T::kRegType,
     T::kInvalid, 'b'},
    {T::kRecordArray, "_record", "record[]", P::kString, -1, 'P', false, T::kRecord, T::kInvalid,
     'p'},
    {T::kUuidArray, "_uuid", "uuid[]", P::kString, -1, 'A', false, T::kUuid, T::kInvalid, 'b'},
    {T::kJsonbArray, "_jsonb", "jsonb[]", P::kString, -1, 'A', false, T::kJsonb, T::kInvalid, 'b'},
});

/// Oids are below 8,192: a direct table from oid to position makes every lookup one load.
constexpr size_t kOidEnd = 8192;
constexpr auto kPositions = [] {
  std::array<uint8_t, kOidEnd> positions{};
  for (size_t i = 0; i < kTypes.size(); ++i) {
    positions[static_cast<size_t>(kTypes[i].id)] = static_cast<uint8_t>(i + 1);
  }
  return positions;
}();

/// An interval's modifier: the fields in the upper half, as PostgreSQL's INTERVAL_MASK has them,
/// and the precision in the lower one.
std::string FormatInterval(int32_t mod) {
  if (mod < 0) return "interval";
  constexpr int kMonth = 1 << 1, kYear = 1 << 2, kDay = 1 << 3, kHour = 1 << 10, kMinute = 1 << 11,
                kSecond = 1 << 12;
  static constexpr std::pair<int, std::string_view> kFields[] = {
      {kYear, " year"},
      {kMonth, " month"},
      {kDay, " day"},
      {kHour, " hour"},
      {kMinute, " minute"},
      {kSecond, " second"},
      {kYear | kMonth, " year to month"},
      {kDay | kHour, " day to hour"},
      {kDay | kHour | kMinute, " day to minute"},
      {kDay | kHour | kMinute | kSecond, " day to second"},
      {kHour | kMinute, " hour to minute"},
      {kHour | kMinute | kSecond, " hour to second"},
      {kMinute | kSecond, " minute to second"},
  };
  std::string text = "interval";
  for (const auto& [mask, fields] : kFields) {
    if ((mod >> 16 & 0x7FFF) == mask) text += fields;
  }
  const int precision = mod & 0xFFFF;
  return precision == 0xFFFF ? text : text + fmt::format("({})", precision);
}

std::string FormatBase(Type type, const TypeInfo& info) {
  const int32_t mod = type.typmod;
  switch (type.id) {
    case T::kVarchar:
      return mod < 4 ? "character varying" : fmt::format("character varying({})", mod - 4);
    case T::kBpChar:
      // Without a modifier the name is PostgreSQL's own, since plain "character" means (1).
      return mod < 4 ? (mod == -1 ? "character" : "bpchar") : fmt::format("character({})", mod - 4);
    case T::kNumeric:
      if (mod < 4) return "numeric";
      return fmt::format("numeric({},{})", (mod - 4) >> 16 & 0xFFFF,
                         (((mod - 4) & 0x7FF) ^ 0x400) - 0x400);
    case T::kTimestamp:
    case T::kTimestampTz:
    case T::kTime: {
      if (mod < 0) return std::string(info.sql_name);
      const std::string_view name = info.sql_name;
      const size_t space = name.find(' ');
      return fmt::format("{}({}){}", name.substr(0, space), mod, name.substr(space));
    }
    case T::kInterval:
      return FormatInterval(mod);
    default:
      return std::string(info.sql_name);
  }
}

}  // namespace

const TypeInfo* FindType(TypeId id) {
  const auto oid = static_cast<size_t>(id);
  if (oid >= kOidEnd || kPositions[oid] == 0) return nullptr;
  return &kTypes[kPositions[oid] - 1];
}

TypeInfoSpan AllTypes() { return {kTypes.data(), kTypes.size()}; }

PhysicalType PhysicalTypeOf(TypeId id) {
  const TypeInfo* info = FindType(id);
  return info ? info->physical : PhysicalType::kString;
}

size_t PhysicalWidth(PhysicalType type) {
  static constexpr size_t kWidths[] = {1, 2, 4, 8, 4, 8, 16, 16, 16};
  return kWidths[static_cast<size_t>(type)];
}

char TypeCategory(TypeId id) {
  const TypeInfo* info = FindType(id);
  return info ? info->category : 'U';
}

bool IsPreferredType(TypeId id) {
  const TypeInfo* info = FindType(id);
  return info && info->preferred;
}

bool IsArrayType(TypeId id) { return TypeCategory(id) == 'A' || id == T::kRecordArray; }

bool IsPolymorphic(TypeId id) {
  return id == T::kAnyArray || id == T::kAnyElement || id == T::kAnyNonArray ||
         id == T::kAnyCompatible || id == T::kAnyCompatibleArray || id == T::kAnyCompatibleNonArray;
}

TypeId ElementTypeOf(TypeId array) {
  const TypeInfo* info = FindType(array);
  return info && IsArrayType(array) ? info->element : T::kInvalid;
}

TypeId ArrayTypeOf(TypeId element) {
  const TypeInfo* info = FindType(element);
  return info ? info->array : T::kInvalid;
}

std::string_view TypeName(TypeId id) {
  const TypeInfo* info = FindType(id);
  return info ? info->name : "???";
}

std::string FormatType(Type type) {
  const TypeInfo* info = FindType(type.id);
  if (!info) return "???";
  if (info->name.starts_with('_')) {
    return FormatBase({info->element, type.typmod}, *FindType(info->element)) + "[]";
  }
  return FormatBase(type, *info);
}

TypeId FindTypeByName(std::string_view name) {
  for (const TypeInfo& info : kTypes) {
    if (info.name == name || info.sql_name == name) return info.id;
  }
  if (name == "int") return T::kInt4;
  if (name == "decimal") return T::kNumeric;
  if (name == "float") return T::kFloat8;
  return T::kInvalid;
}

}  // namespace oxibase
