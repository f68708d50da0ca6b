// Bytes and digests: bytea's parts, encode, decode, md5, sha2, uuid.

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

#include "common/bytea.h"
#include "expr/function_registry.h"
#include "expr/functions/utf8.h"
#include "expr/kernels.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

using View = std::string_view;

std::string Hex(View bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    text += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

Result<std::string> Digest(const EVP_MD* kind, View bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, kind, nullptr) != 1) {
    return Error(ErrorCode::kInternalError, "could not compute a digest");
  }
  return std::string(reinterpret_cast<char*>(digest), size);
}
Result<std::string> Md5(View bytes) {
  ASSIGN_OR_RETURN(const std::string digest, Digest(EVP_md5(), bytes));
  return Hex(digest);
}

constexpr View kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string EncodeBase64(View bytes) {
  std::string text;
  size_t column = 0;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t word = 0;
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) {
      word = word << 8 | (k < n ? static_cast<uint8_t>(bytes[i + k]) : 0);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += k <= n ? kBase64[word >> (18 - 6 * k) & 63] : '=';
    }
    column += 4;
    if (column >= 76 && i + 3 < bytes.size()) {
      text += '\n';
      column = 0;
    }
  }
  return text;
}

Status BadSymbol(View text, size_t at, View encoding) {
  return Error(ErrorCode::kInvalidParameterValue,
               "invalid symbol \"{}\" found while decoding {} sequence",
               text.substr(at, utf8::CharacterBytes(text, at)), encoding);
}

Result<std::string> DecodeBase64(View text) {
  std::string bytes;
  uint32_t word = 0;
  int count = 0;
  int padding = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    uint32_t value = 0;
    if (c == '=') {
      if (count < 2) {
        return Error(ErrorCode::kInvalidParameterValue,
                     "unexpected \"=\" while decoding base64 sequence");
      }
      ++padding;
    } else {
      const size_t at = kBase64.find(c);
      if (at == View::npos || padding > 0) return BadSymbol(text, i, "base64");
      value = static_cast<uint32_t>(at);
    }
    word = word << 6 | value;
    if (++count == 4) {
      bytes += static_cast<char>(word >> 16);
      if (padding < 2) bytes += static_cast<char>(word >> 8);
      if (padding < 1) bytes += static_cast<char>(word);
      word = 0;
      count = 0;
    }
  }
  if (count != 0) {
    return Error(ErrorCode::kInvalidParameterValue, "invalid base64 end sequence")
        .Hint("Input data is missing padding, is truncated, or is otherwise corrupted.");
  }
  return bytes;
}

std::string EncodeEscape(View bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto b = static_cast<uint8_t>(c);
    if (b == 0 || b >= 0x80) {
      text += '\\';
      text += static_cast<char>('0' + (b >> 6));
      text += static_cast<char>('0' + (b >> 3 & 7));
      text += static_cast<char>('0' + (b & 7));
    } else {
      if (c == '\\') text += '\\';
      text += c;
    }
  }
  return text;
}
Result<std::string> DecodeEscape(View text) {
  std::string bytes;
  const auto octal = [&](size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '7'; };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      bytes += text[++i];
    } else if (octal(i + 1) && text[i + 1] <= '3' && octal(i + 2) && octal(i + 3)) {
      bytes += static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 |
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type {}",
                   "bytea");
    }
  }
  return bytes;
}

std::string Lower(View text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return lower;
}
Status UnknownEncoding(View name) {
  return Error(ErrorCode::kInvalidParameterValue, "unrecognized encoding: \"{}\"", name);
}
Result<std::string> Encode(View bytes, View encoding) {
  const std::string name = Lower(encoding);
  if (name == "hex") return Hex(bytes);
  if (name == "base64") return EncodeBase64(bytes);
  if (name == "escape") return EncodeEscape(bytes);
  return UnknownEncoding(encoding);
}
Result<std::string> Decode(View text, View encoding) {
  const std::string name = Lower(encoding);
  if (name == "hex") return DecodeHex(text);
  if (name == "base64") return DecodeBase64(text);
  if (name == "escape") return DecodeEscape(text);
  return UnknownEncoding(encoding);
}

Result<View> Substring(View bytes, int32_t start, int64_t length) {
  if (length < 0) {
    return Error(ErrorCode::kSubstringError, "negative substring length not allowed");
  }
  const int64_t end = std::min<int64_t>(static_cast<int64_t>(start) + length,
                                        static_cast<int64_t>(bytes.size()) + 1);
  const int64_t first = std::max<int64_t>(start, 1);
  if (end <= first) return View();
  return bytes.substr(static_cast<size_t>(first - 1), static_cast<size_t>(end - first));
}
Result<View> SubstringLength(View bytes, int32_t start, int32_t length) {
  return Substring(bytes, start, length);
}
Result<View> SubstringToEnd(View bytes, int32_t start) {
  return Substring(bytes, start, int64_t{1} << 40);
}
Result<std::string> OverlayLength(View bytes, View part, int32_t start, int32_t length) {
  if (start <= 0) {
    return Error(ErrorCode::kSubstringError, "negative substring length not allowed");
  }
  const int64_t resume = static_cast<int64_t>(start) + length;
  if (resume > INT32_MAX) {
    return Error(ErrorCode::kNumericValueOutOfRange, "integer out of range");
  }
  ASSIGN_OR_RETURN(const View head, Substring(bytes, 1, start - 1));
  ASSIGN_OR_RETURN(const View tail, SubstringToEnd(bytes, static_cast<int32_t>(resume)));
  return std::string(head) + std::string(part) + std::string(tail);
}
Result<std::string> Overlay(View bytes, View part, int32_t start) {
  return OverlayLength(bytes, part, start, static_cast<int32_t>(part.size()));
}
int32_t Position(View bytes, View part) {
  const size_t at = bytes.find(part);
  return at == View::npos ? 0 : static_cast<int32_t>(at) + 1;
}
Result<int32_t> GetByte(View bytes, int32_t n) {
  if (n < 0 || static_cast<size_t>(n) >= bytes.size()) {
    return Error(ErrorCode::kArraySubscriptError, "index {} out of valid range, 0..{}", n,
                 static_cast<int64_t>(bytes.size()) - 1);
  }
  return static_cast<uint8_t>(bytes[static_cast<size_t>(n)]);
}
Result<std::string> SetByte(View bytes, int32_t n, int32_t value) {
  RETURN_IF_ERROR(GetByte(bytes, n).status());
  std::string result(bytes);
  result[static_cast<size_t>(n)] = static_cast<char>(value);
  return result;
}

bool IsUtf8Name(View encoding) {
  const std::string name = Lower(encoding);
  return name == "utf8" || name == "utf-8" || name == "unicode";
}
/// Only UTF-8 is known: conversion is checking.
Result<View> SameEncoding(View bytes, View encoding) {
  if (!IsUtf8Name(encoding)) {
    return Error(ErrorCode::kFeatureNotSupported, "encoding \"{}\" is not supported", encoding)
        .Hint("Only UTF8 is.");
  }
  return bytes;
}
Result<View> ConvertFrom(View bytes, View encoding) {
  ASSIGN_OR_RETURN(const View text, SameEncoding(bytes, encoding));
  RETURN_IF_ERROR(CheckUtf8(text));
  return text;
}

Status RandomUuid(EvalContext&, CallSite&, std::span<const Vector* const>, uint32_t rows,
                  Vector& out) {
  out.ResetFlat(rows);
  auto* result = out.data<UuidValue>();
  if (RAND_bytes(reinterpret_cast<unsigned char*>(result),
                 static_cast<int>(rows * sizeof(UuidValue))) != 1) {
    return Error(ErrorCode::kSystemError, "could not generate random values");
  }
  for (uint32_t i = 0; i < rows; ++i) {  // version 4, variant 1
    result[i].bytes[6] = static_cast<uint8_t>((result[i].bytes[6] & 0x0F) | 0x40);
    result[i].bytes[8] = static_cast<uint8_t>((result[i].bytes[8] & 0x3F) | 0x80);
  }
  return {};
}

}  // namespace

void RegisterBytes(FunctionRegistry& r) {
  r.Scalar("md5_text", &Strict<&Md5>);
  r.Scalar("md5_bytea", &Strict<&Md5>);
  r.Scalar("sha224_bytea", StrictOf([](View b) { return Digest(EVP_sha224(), b); }));
  r.Scalar("sha256_bytea", StrictOf([](View b) { return Digest(EVP_sha256(), b); }));
  r.Scalar("sha384_bytea", StrictOf([](View b) { return Digest(EVP_sha384(), b); }));
  r.Scalar("sha512_bytea", StrictOf([](View b) { return Digest(EVP_sha512(), b); }));
  r.Scalar("binary_encode", &Strict<&Encode>);
  r.Scalar("binary_decode", &Strict<&Decode>);
  r.Scalar("bytea_substr", &Strict<&SubstringLength>);
  r.Scalar("bytea_substr_no_len", &Strict<&SubstringToEnd>);
  r.Scalar("byteaoverlay", &Strict<&OverlayLength>);
  r.Scalar("byteaoverlay_no_len", &Strict<&Overlay>);
  r.Scalar("byteapos", &Strict<&Position>);
  r.Scalar("byteaGetByte", &Strict<&GetByte>);
  r.Scalar("byteaSetByte", &Strict<&SetByte>);
  r.Scalar("pg_convert_from", &Strict<&ConvertFrom>);
  r.Scalar("pg_convert_to", &Strict<&SameEncoding>);
  r.Scalar("gen_random_uuid", &RandomUuid);
}

}  // namespace oxibase
