// Unicode: normalize, unistr. Hashes that SQL sees: hashtext and its like.

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <bit>

#include "expr/function_registry.h"
#include "expr/functions/utf8.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

using View = std::string_view;

Result<const icu::Normalizer2*> NormalizerOf(View form) {
  std::string name(form);
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = nullptr;
  if (name == "NFC") normalizer = icu::Normalizer2::getNFCInstance(code);
  if (name == "NFD") normalizer = icu::Normalizer2::getNFDInstance(code);
  if (name == "NFKC") normalizer = icu::Normalizer2::getNFKCInstance(code);
  if (name == "NFKD") normalizer = icu::Normalizer2::getNFKDInstance(code);
  if (!normalizer || U_FAILURE(code)) {
    return Error(ErrorCode::kInvalidParameterValue, "invalid normalization form: {}", form);
  }
  return normalizer;
}
Result<std::string> Normalize(View text, View form) {
  ASSIGN_OR_RETURN(const icu::Normalizer2* normalizer, NormalizerOf(form));
  UErrorCode code = U_ZERO_ERROR;
  const auto source =
      icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())});
  const icu::UnicodeString result = normalizer->normalize(source, code);
  if (U_FAILURE(code)) return Error(ErrorCode::kInternalError, "normalization failed");
  std::string out;
  result.toUTF8String(out);
  return out;
}
Result<bool> IsNormalized(View text, View form) {
  ASSIGN_OR_RETURN(const std::string normal, Normalize(text, form));
  return normal == text;
}

/// unistr(): \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX and \\.
Result<std::string> Unistr(View text) {
  std::string out;
  uint32_t high = 0;  // first half of a surrogate pair
  const auto bad_pair = [] {
    return Error(ErrorCode::kSyntaxError, "invalid Unicode surrogate pair");
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      if (high != 0) return bad_pair();
      out += text[i];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '\\') {
      if (high != 0) return bad_pair();
      out += '\\';
      ++i;
      continue;
    }
    size_t digits = 4;
    size_t at = i + 1;
    if (at < text.size() && text[at] == '+') digits = 6, ++at;
    if (at < text.size() && text[at] == 'u') ++at;
    if (at < text.size() && text[at] == 'U') digits = 8, ++at;
    uint32_t code = 0;
    size_t n = 0;
    for (; n < digits && at + n < text.size(); ++n) {
      const char c = text[at + n];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) break;
      code = code << 4 | static_cast<uint32_t>(digit);
    }
    if (n < digits) {
      return Error(ErrorCode::kSyntaxError, "invalid Unicode escape")
          .Hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
    }
    if (code == 0 || code > 0x10FFFF) {
      return Error(ErrorCode::kSyntaxError, "invalid Unicode code point: {:04X}", code);
    }
    i = at + digits - 1;
    const bool is_high = code >= 0xD800 && code <= 0xDBFF;
    const bool is_low = code >= 0xDC00 && code <= 0xDFFF;
    if (high != 0 ? !is_low : is_low) return bad_pair();
    if (is_high) {
      high = code;
      continue;
    }
    if (is_low) code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00);
    high = 0;
    utf8::Append(code, &out);
  }
  if (high != 0) return bad_pair();
  return out;
}

// ---- PostgreSQL's hash_bytes (Bob Jenkins' lookup3): advisory locks and sharding by hashtext()
// must not change their values.
void Mix(uint32_t& a, uint32_t& b, uint32_t& c) {
  a -= c;
  a ^= std::rotl(c, 4);
  c += b;
  b -= a;
  b ^= std::rotl(a, 6);
  a += c;
  c -= b;
  c ^= std::rotl(b, 8);
  b += a;
  a -= c;
  a ^= std::rotl(c, 16);
  c += b;
  b -= a;
  b ^= std::rotl(a, 19);
  a += c;
  c -= b;
  c ^= std::rotl(b, 4);
  b += a;
}
void Final(uint32_t& a, uint32_t& b, uint32_t& c) {
  c ^= b;
  c -= std::rotl(b, 14);
  a ^= c;
  a -= std::rotl(c, 11);
  b ^= a;
  b -= std::rotl(a, 25);
  c ^= b;
  c -= std::rotl(b, 16);
  a ^= c;
  a -= std::rotl(c, 4);
  b ^= a;
  b -= std::rotl(a, 14);
  c ^= b;
  c -= std::rotl(b, 24);
}
int32_t HashText(View text) {
  uint32_t a = 0x9E3779B9u + static_cast<uint32_t>(text.size()) + 3923095u;
  uint32_t b = a;
  uint32_t c = a;
  while (text.size() >= 12) {
    uint32_t words[3];
    std::memcpy(words, text.data(), 12);
    a += words[0];
    b += words[1];
    c += words[2];
    Mix(a, b, c);
    text.remove_prefix(12);
  }
  // What is left; the lowest byte of c is kept for the length.
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<uint32_t>(static_cast<uint8_t>(text[i])) : 0;
  };
  a += byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
  b += byte(4) | byte(5) << 8 | byte(6) << 16 | byte(7) << 24;
  c += byte(8) << 8 | byte(9) << 16 | byte(10) << 24;
  Final(a, b, c);
  return static_cast<int32_t>(c);
}
int32_t HashWord(uint32_t word) {
  uint32_t a = 0x9E3779B9u + 4u + 3923095u;
  uint32_t b = a;
  uint32_t c = a;
  a += word;
  Final(a, b, c);
  return static_cast<int32_t>(c);
}
int32_t HashInt8(int64_t value) {
  const auto low = static_cast<uint32_t>(value);
  const auto high = static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32);
  return HashWord(low ^ (value >= 0 ? high : ~high));
}

/// pg_column_size(): bytes of the value as it lies in a row.
Status ColumnSize(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                  Vector& out) {
  out.ResetFlat(rows);
  const VectorView view = args[0]->view();
  for (uint32_t i = 0; i < rows; ++i) {
    if (view.IsNull(i)) {
      kernels::PutNull(out, i);
    } else if (args[0]->physical() == PhysicalType::kString) {
      out.data<int32_t>()[i] = static_cast<int32_t>(view.Get<StringRef>(i).size()) + 4;
    } else {
      out.data<int32_t>()[i] = static_cast<int32_t>(PhysicalWidth(args[0]->physical()));
    }
  }
  return {};
}

/// The form may be left out: NFC then.
template <Kernel kKernel>
Status WithForm(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                uint32_t rows, Vector& out) {
  if (args.size() > 1) return kKernel(context, site, args, rows, out);
  Vector form{Type(TypeId::kText)};
  form.SetConstant(Value::Text("NFC"));
  const std::array<const Vector*, 2> both = {args[0], &form};
  return kKernel(context, site, both, rows, out);
}

}  // namespace

void RegisterUnicode(FunctionRegistry& r) {
  r.Scalar("unicode_normalize_func", &WithForm<&Strict<&Normalize>>);
  r.Scalar("unicode_is_normalized", &WithForm<&Strict<&IsNormalized>>);
  r.Scalar("unistr", &Strict<&Unistr>);
  r.Scalar("hashtext", &Strict<&HashText>);
  r.Scalar("hashint4", StrictOf([](int32_t v) { return HashWord(static_cast<uint32_t>(v)); }));
  r.Scalar("hashint2",
           StrictOf([](int16_t v) { return HashWord(static_cast<uint32_t>(int32_t{v})); }));
  r.Scalar("hashint8", &Strict<&HashInt8>);
  r.Scalar("pg_column_size", &ColumnSize);
}

}  // namespace oxibase
