#include "common/uuid.h"

#include <cstring>

namespace oxibase {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

Result<UuidValue> ParseUuid(std::string_view text) {
  const auto invalid = [&] {
    return Error(ErrorCode::kInvalidTextRepresentation,
                 "invalid input syntax for type uuid: \"{}\"", text);
  };
  std::string_view rest = text;
  const bool braces = !rest.empty() && rest[0] == '{';
  if (braces) rest.remove_prefix(1);
  UuidValue uuid;
  for (size_t i = 0; i < 16; ++i) {
    if (rest.size() < 2) return invalid();
    const int high = HexValue(rest[0]);
    const int low = HexValue(rest[1]);
    if (high < 0 || low < 0) return invalid();
    uuid.bytes[i] = static_cast<uint8_t>(high << 4 | low);
    rest.remove_prefix(2);
    // A hyphen may stand after any group of four digits.
    if (i % 2 == 1 && i < 15 && !rest.empty() && rest[0] == '-') rest.remove_prefix(1);
  }
  if (braces) {
    if (rest.empty() || rest[0] != '}') return invalid();
    rest.remove_prefix(1);
  }
  if (!rest.empty()) return invalid();
  return uuid;
}

void AppendUuid(const UuidValue& uuid, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  char text[36];
  char* p = text;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    *p++ = kHex[uuid.bytes[i] >> 4];
    *p++ = kHex[uuid.bytes[i] & 15];
  }
  out->append(text, sizeof text);
}

UuidValue MakeRandomUuid(const uint8_t (&random)[16]) {
  UuidValue uuid;
  std::memcpy(uuid.bytes, random, 16);
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0F) | 0x40);
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
  return uuid;
}

}  // namespace oxibase
