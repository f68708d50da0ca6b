// Strings by characters: length, parts, padding, case. The C collation knows the case of ASCII
// letters only, as PostgreSQL's does.

#include <algorithm>

#include "expr/function_registry.h"
#include "expr/functions/text_limit.h"
#include "expr/functions/utf8.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

using View = std::string_view;

View WithoutPadding(View text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

int32_t Length(View text) { return static_cast<int32_t>(utf8::Length(text)); }
int32_t Bytes(View text) { return static_cast<int32_t>(text.size()); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

template <char (*kMap)(char)>
View MapBytes(Frame& frame, View text) {
  auto* bytes = reinterpret_cast<char*>(frame.arena.Allocate(text.size()));
  std::ranges::transform(text, bytes, kMap);
  return {bytes, text.size()};
}

std::string InitCap(View text) {
  std::string result(text);
  bool inside = false;
  for (char& c : result) {
    c = inside ? Lower(c) : Upper(c);
    inside = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  return result;
}

/// Characters `start` (from 1) and on, `length` of them. Both may reach outside the string.
Result<View> Substring(View text, int32_t start, int64_t length) {
  if (length < 0) {
    return Error(ErrorCode::kSubstringError, "negative substring length not allowed");
  }
  const int64_t end = static_cast<int64_t>(start) + length;
  const int64_t first = std::max<int64_t>(start, 1);
  if (end <= first) return View();
  const size_t from = utf8::Prefix(text, static_cast<size_t>(first - 1));
  text.remove_prefix(from);
  return text.substr(0, utf8::Prefix(text, static_cast<size_t>(end - first)));
}
Result<View> SubstringLength(View text, int32_t start, int32_t length) {
  return Substring(text, start, length);
}
Result<View> SubstringToEnd(View text, int32_t start) {
  return Substring(text, start, INT64_MAX / 2);
}

View Left(View text, int32_t n) {
  if (n < 0) n = static_cast<int32_t>(std::max<int64_t>(0, int64_t{Length(text)} + n));
  return text.substr(0, utf8::Prefix(text, static_cast<size_t>(n)));
}
View Right(View text, int32_t n) {
  const int64_t skip = n < 0 ? -int64_t{n} : std::max<int64_t>(0, int64_t{Length(text)} - n);
  return text.substr(utf8::Prefix(text, static_cast<size_t>(skip)));
}

/// Whether the character at `at` is one of `set`.
bool IsOneOf(View text, size_t at, size_t bytes, View set) {
  const View character = text.substr(at, bytes);
  for (size_t i = 0; i < set.size();) {
    const size_t n = utf8::CharacterBytes(set, i);
    if (set.substr(i, n) == character) return true;
    i += n;
  }
  return false;
}
View TrimLeft(View text, View set) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t n = utf8::CharacterBytes(text, at);
    if (!IsOneOf(text, at, n, set)) break;
    at += n;
  }
  return text.substr(at);
}
View TrimRight(View text, View set) {
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && utf8::IsContinuation(text[at])) --at;
    if (!IsOneOf(text, at, text.size() - at, set)) break;
    text = text.substr(0, at);
  }
  return text;
}
View TrimBoth(View text, View set) { return TrimRight(TrimLeft(text, set), set); }

Result<std::string> Pad(View text, int32_t width, View fill, bool left) {
  const auto wanted = static_cast<size_t>(std::max(width, 0));
  const size_t length = utf8::Length(text);
  if (wanted > kTextBytesMax / 4 && !fill.empty()) return TextTooLong();
  if (length >= wanted || fill.empty()) {
    return std::string(text.substr(0, utf8::Prefix(text, wanted)));
  }
  std::string padding;
  size_t at = 0;
  for (size_t i = length; i < wanted; ++i) {
    const size_t n = utf8::CharacterBytes(fill, at);
    padding += fill.substr(at, n);
    at += n;
    if (at >= fill.size()) at = 0;
  }
  return left ? padding + std::string(text) : std::string(text) + padding;
}

Result<std::string> Repeat(Frame& frame, View text, int32_t count) {
  if (count <= 0 || text.empty()) return std::string();
  if (text.size() * static_cast<size_t>(count) > kTextBytesMax) return TextTooLong();
  std::string result;
  result.reserve(text.size() * static_cast<size_t>(count));
  TextGrowth growth(frame.context);
  for (int32_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(growth.Reach(result.size()));
    result += text;
  }
  return result;
}

Result<std::string> Replace(Frame& frame, View text, View from, View to) {
  if (from.empty()) return std::string(text);
  std::string result;
  // Too long a result is refused before it is made.
  size_t hits = 0;
  for (size_t hit = 0; (hit = text.find(from, hit)) != View::npos; hit += from.size()) ++hits;
  if (text.size() - hits * from.size() + hits * to.size() > kTextBytesMax) return TextTooLong();
  TextGrowth growth(frame.context);
  size_t at = 0;
  for (size_t hit; (hit = text.find(from, at)) != View::npos; at = hit + from.size()) {
    RETURN_IF_ERROR(growth.Reach(result.size() + hit - at + to.size()));
    result += text.substr(at, hit - at);
    result += to;
  }
  return std::move(result += text.substr(at));
}

std::string Translate(View text, View from, View to) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t n = utf8::CharacterBytes(text, at);
    const View character = text.substr(at, n);
    at += n;
    size_t f = 0;
    size_t t = 0;
    bool found = false;
    while (f < from.size() && !found) {
      const size_t fn = utf8::CharacterBytes(from, f);
      found = from.substr(f, fn) == character;
      const size_t tn = t < to.size() ? utf8::CharacterBytes(to, t) : 0;
      if (found) {
        result += to.substr(std::min(t, to.size()), tn);
      }
      f += fn;
      t += tn;
    }
    if (!found) result += character;
  }
  return result;
}

int32_t Position(View text, View part) {
  const size_t at = text.find(part);
  return at == View::npos ? 0 : Length(text.substr(0, at)) + 1;
}

Result<View> SplitPart(View text, View separator, int32_t n) {
  if (n == 0) {
    return Error(ErrorCode::kInvalidParameterValue, "field position must not be zero");
  }
  if (separator.empty()) return n == 1 || n == -1 ? text : View();
  if (n < 0) {
    int64_t parts = 1;
    for (size_t at = 0; (at = text.find(separator, at)) != View::npos; at += separator.size()) {
      ++parts;
    }
    if (parts + n + 1 < 1) return View();
    n = static_cast<int32_t>(parts + n + 1);
  }
  for (;;) {
    const size_t hit = text.find(separator);
    if (n == 1) return text.substr(0, hit);
    if (hit == View::npos) return View();
    text.remove_prefix(hit + separator.size());
    --n;
  }
}

std::string Reverse(View text) {
  std::string result;
  result.reserve(text.size());
  for (size_t end = text.size(); end > 0;) {
    size_t begin = end - 1;
    while (begin > 0 && utf8::IsContinuation(text[begin])) --begin;
    result += text.substr(begin, end - begin);
    end = begin;
  }
  return result;
}

int32_t Ascii(View text) {
  return static_cast<int32_t>(utf8::Decode(text.substr(0, utf8::Prefix(text, 1))));
}
Result<std::string> Chr(int32_t code) {
  if (code == 0) return Error(ErrorCode::kProgramLimitExceeded, "null character not permitted");
  if (code < 0)
    return Error(ErrorCode::kInvalidParameterValue, "character number must be positive");
  if (code > 0x10FFFF) {
    return Error(ErrorCode::kProgramLimitExceeded, "requested character too large for encoding: {}",
                 code);
  }
  if (code >= 0xD800 && code <= 0xDFFF) {
    return Error(ErrorCode::kProgramLimitExceeded, "requested character not valid for encoding: {}",
                 code);
  }
  std::string result;
  utf8::Append(static_cast<uint32_t>(code), &result);
  return result;
}

Result<std::string> OverlayLength(View text, View part, int32_t start, int32_t length) {
  if (start <= 0) {
    return Error(ErrorCode::kSubstringError, "negative substring length not allowed");
  }
  const int64_t resume = static_cast<int64_t>(start) + length;
  if (resume > INT32_MAX) {
    return Error(ErrorCode::kNumericValueOutOfRange, "integer out of range");
  }
  ASSIGN_OR_RETURN(const View head, Substring(text, 1, start - 1));
  ASSIGN_OR_RETURN(const View tail, SubstringToEnd(text, static_cast<int32_t>(resume)));
  return std::string(head) + std::string(part) + std::string(tail);
}
Result<std::string> Overlay(View text, View part, int32_t start) {
  return OverlayLength(text, part, start, Length(part));
}

Result<View> Concat(Frame& frame, View a, View b) {
  if (b.empty()) return a;
  if (a.empty()) return b;
  if (a.size() + b.size() > kTextBytesMax) return TextTooLong();
  auto* bytes = reinterpret_cast<char*>(frame.arena.Allocate(a.size() + b.size()));
  std::memcpy(bytes, a.data(), a.size());
  std::memcpy(bytes + a.size(), b.data(), b.size());
  return View(bytes, a.size() + b.size());
}

std::string ToHex(uint64_t value) {
  std::string digits;
  do {
    digits += "0123456789abcdef"[value & 15];
    value >>= 4;
  } while (value != 0);
  return {digits.rbegin(), digits.rend()};
}

}  // namespace

void RegisterString(FunctionRegistry& r) {
  r.Scalar("textlen", &Strict<&Length>);
  r.Scalar("bpcharlen", StrictOf([](View text) { return Length(WithoutPadding(text)); }));
  r.Scalar("textoctetlen", &Strict<&Bytes>);
  r.Scalar("bpcharoctetlen", &Strict<&Bytes>);
  r.Scalar("byteaoctetlen", &Strict<&Bytes>);
  r.Scalar("bit_length(text)", StrictOf([](View text) { return Bytes(text) * 8; }));
  r.Scalar("bit_length(bytea)", StrictOf([](View text) { return Bytes(text) * 8; }));
  r.Scalar("lower", &Strict<&MapBytes<Lower>>);
  r.Scalar("upper", &Strict<&MapBytes<Upper>>);
  r.Scalar("initcap", &Strict<&InitCap>);
  r.Scalar("text_substr", &Strict<&SubstringLength>);
  r.Scalar("text_substr_no_len", &Strict<&SubstringToEnd>);
  r.Scalar("text_left", &Strict<&Left>);
  r.Scalar("text_right", &Strict<&Right>);
  r.Scalar("btrim", &Strict<&TrimBoth>);
  r.Scalar("btrim1", StrictOf([](View text) { return TrimBoth(text, " "); }));
  r.Scalar("ltrim", &Strict<&TrimLeft>);
  r.Scalar("ltrim1", StrictOf([](View text) { return TrimLeft(text, " "); }));
  r.Scalar("rtrim", &Strict<&TrimRight>);
  r.Scalar("rtrim1", StrictOf([](View text) { return TrimRight(text, " "); }));
  r.Scalar("lpad", StrictOf([](View t, int32_t n, View f) { return Pad(t, n, f, true); }));
  r.Scalar("rpad", StrictOf([](View t, int32_t n, View f) { return Pad(t, n, f, false); }));
  r.Scalar("lpad(text,int4)", StrictOf([](View t, int32_t n) { return Pad(t, n, " ", true); }));
  r.Scalar("rpad(text,int4)", StrictOf([](View t, int32_t n) { return Pad(t, n, " ", false); }));
  r.Scalar("repeat", &Strict<&Repeat>);
  r.Scalar("replace_text", &Strict<&Replace>);
  r.Scalar("translate", &Strict<&Translate>);
  r.Scalar("textpos", &Strict<&Position>);
  r.Scalar("split_part", &Strict<&SplitPart>);
  r.Scalar("text_reverse", &Strict<&Reverse>);
  r.Scalar("ascii", &Strict<&Ascii>);
  r.Scalar("chr", &Strict<&Chr>);
  r.Scalar("textoverlay", &Strict<&OverlayLength>);
  r.Scalar("textoverlay_no_len", &Strict<&Overlay>);
  r.Scalar("textcat", &Strict<&Concat>);
  r.Scalar("byteacat", &Strict<&Concat>);
  r.Scalar("text_starts_with", StrictOf([](View a, View b) { return a.starts_with(b); }));
  r.Scalar("to_hex32", StrictOf([](int32_t v) { return ToHex(static_cast<uint32_t>(v)); }));
  r.Scalar("to_hex64", StrictOf([](int64_t v) { return ToHex(static_cast<uint64_t>(v)); }));
  r.Scalar("text_larger", StrictOf([](View a, View b) { return a < b ? b : a; }));
  r.Scalar("text_smaller", StrictOf([](View a, View b) { return b < a ? b : a; }));
}

}  // namespace oxibase
