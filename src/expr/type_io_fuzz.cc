// Any bytes as the text or the binary form of any type end in a value or an error; what was read
// prints, and what it prints is read again as the same. The first byte chooses the type, the second
// the form.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "expr/type_io.h"

namespace oxibase {
namespace {

using std::string_literals::operator""s;

constexpr TypeId kTypes[] = {
    TypeId::kBool,      TypeId::kInt2,        TypeId::kInt4,     TypeId::kInt8,
    TypeId::kFloat4,    TypeId::kFloat8,      TypeId::kNumeric,  TypeId::kText,
    TypeId::kVarchar,   TypeId::kBpChar,      TypeId::kBytea,    TypeId::kDate,
    TypeId::kTime,      TypeId::kTimestamp,   TypeId::kInterval, TypeId::kTimestampTz,
    TypeId::kUuid,      TypeId::kJson,        TypeId::kJsonb,    TypeId::kInt4Array,
    TypeId::kTextArray, TypeId::kNumericArray};

bool Read(TypeId type, bool binary, std::string_view bytes, Value* value) {
  const TypeIo io;
  Result<Value> read = binary ? BinaryIn(type, bytes, io) : TextIn(type, bytes, io);
  if (!read.ok()) return false;
  *value = std::move(*read);
  return true;
}

/// Prints in the other form, reads that, prints again: both texts agree.
void CheckRoundTrip(TypeId type, const Value& value) {
  const TypeIo io;
  std::string text, binary, again;
  TextOut(value, io, &text);
  Value copy;
  if (!BinaryOut(value, io, &binary).ok() || !Read(type, true, binary, &copy)) std::abort();
  TextOut(copy, io, &again);
  if (again != text) std::abort();
  if (!Read(type, false, text, &copy)) std::abort();
  again.clear();
  TextOut(copy, io, &again);
  if (again != text) std::abort();
}

/// The forms to start from, by type; 'b' (even) before binary ones, 's' before strings.
const std::string kSeeds[] = {
    "\0strue"s,
    "\2s-2147483648"s,
    "\3b\0\0\0\0\0\0\0\7"s,
    "\5s1.5e300"s,
    "\5b\x7f\xf0\0\0\0\0\0\0"s,
    "\6s-123456789.000123"s,
    "\6b\0\2\0\1\x40\0\0\3\0\1\x09\x29"s,
    "\7stext"s,
    "\x0as\\xdeadbeef"s,
    "\x0bs2024-02-29"s,
    "\x0bs-infinity"s,
    "\x0cs23:59:59.999999"s,
    "\x0ds0044-03-15 12:00:00 BC"s,
    "\x0es1 year -2 mons 3 days 04:05:06.7"s,
    "\x0esP1Y2M3DT4H5M6S"s,
    "\x0fs2024-02-29 12:34:56.789+05:30"s,
    "\x10sa0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"s,
    "\x12s{\"a\": [1, 2.50, null, true, \"\\u00e9\"], \"b\": {}}"s,
    "\x12"s + "b\1{\"a\": 1}"s,
    "\x13s[0:1]={1,NULL}"s,
    "\x13"s + "b\0\0\0\1\0\0\0\1\0\0\0\x17\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\5\xff\xff\xff\xff"s,
    "\x14s{a,\"b \\\" c\",NULL,\"\"}"s,
    "\x15s{1.0,-2e10}"s,
};

}  // namespace
}  // namespace oxibase

extern "C" size_t OxiFuzzSeed(size_t i, const uint8_t** data) {
  using oxibase::kSeeds;
  if (i >= std::size(kSeeds)) return 0;
  *data = reinterpret_cast<const uint8_t*>(kSeeds[i].data());
  return kSeeds[i].size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const oxibase::TypeId type = oxibase::kTypes[data[0] % std::size(oxibase::kTypes)];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  oxibase::Value value;
  if (oxibase::Read(type, data[1] % 2 == 0, bytes, &value)) oxibase::CheckRoundTrip(type, value);
  return 0;
}
