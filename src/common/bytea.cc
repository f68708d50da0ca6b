#include "common/bytea.h"

namespace oxibase {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

/// The whole UTF-8 character at the front of `text`.
std::string_view FirstCharacter(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (text[size] & 0xC0) == 0x80) ++size;
  return text.substr(0, size);
}

}  // namespace

Result<std::string> DecodeHex(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++i;
      continue;
    }
    const int high = HexValue(c);
    if (high < 0) {
      return Error(ErrorCode::kInvalidParameterValue, "invalid hexadecimal digit: \"{}\"",
                   FirstCharacter(text.substr(i)));
    }
    if (++i == text.size()) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "invalid hexadecimal data: odd number of digits");
    }
    const int low = HexValue(text[i]);
    if (low < 0) {
      return Error(ErrorCode::kInvalidParameterValue, "invalid hexadecimal digit: \"{}\"",
                   FirstCharacter(text.substr(i)));
    }
    ++i;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

Result<std::string> ParseBytea(std::string_view text) {
  if (text.starts_with("\\x")) return DecodeHex(text.substr(2));
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      out.push_back('\\');
      ++i;
    } else if (i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3' &&
               IsOctal(text[i + 2]) && IsOctal(text[i + 3])) {
      out.push_back(static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 |
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type bytea");
    }
  }
  return out;
}

void AppendHex(std::string_view bytes, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  const size_t begin = out->size();
  out->resize(begin + bytes.size() * 2);
  char* p = out->data() + begin;
  for (const char c : bytes) {
    *p++ = kHex[static_cast<unsigned char>(c) >> 4];
    *p++ = kHex[static_cast<unsigned char>(c) & 15];
  }
}

void AppendByteaHex(std::string_view bytes, std::string* out) {
  out->append("\\x");
  AppendHex(bytes, out);
}

void AppendByteaEscape(std::string_view bytes, std::string* out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      out->append("\\\\");
    } else if (byte < 0x20 || byte > 0x7E) {
      const char octal[4] = {'\\', static_cast<char>('0' + (byte >> 6)),
                             static_cast<char>('0' + (byte >> 3 & 7)),
                             static_cast<char>('0' + (byte & 7))};
      out->append(octal, 4);
    } else {
      out->push_back(c);
    }
  }
}

}  // namespace oxibase
