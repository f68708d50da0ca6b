// to_char and to_number for numbers.

#include "expr/function_registry.h"
#include "expr/functions/number_pattern.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

using View = std::string_view;

struct Kept {
  std::string text;
  NumberPattern pattern;
};

/// The pattern, kept at the call while it stays the same.
Result<const NumberPattern*> PatternFor(CallSite& site, View text) {
  auto* kept = static_cast<Kept*>(site.memo.get());
  if (!kept || kept->text != text) {
    ASSIGN_OR_RETURN(auto pattern, NumberPattern::Parse(text));
    auto fresh = std::make_shared<Kept>(Kept{std::string(text), std::move(pattern)});
    kept = fresh.get();
    site.memo = std::move(fresh);
  }
  return static_cast<const NumberPattern*>(&kept->pattern);
}

Result<std::string> OfNumeric(Frame& frame, const Numeric& value, View pattern) {
  ASSIGN_OR_RETURN(const NumberPattern* p, PatternFor(frame.site, pattern));
  return p->Format(value);
}
template <typename T>
Result<std::string> OfInteger(Frame& frame, T value, View pattern) {
  return OfNumeric(frame, Numeric::FromInt64(value), pattern);
}
template <typename T>
Result<std::string> OfFloat(Frame& frame, T value, View pattern) {
  ASSIGN_OR_RETURN(const NumberPattern* p, PatternFor(frame.site, pattern));
  return p->Format(static_cast<double>(value));
}
Result<std::optional<Numeric>> ToNumber(Frame& frame, View text, View pattern) {
  if (pattern.empty()) return std::optional<Numeric>();
  ASSIGN_OR_RETURN(const NumberPattern* p, PatternFor(frame.site, pattern));
  ASSIGN_OR_RETURN(Numeric value, p->Read(text));
  return std::optional<Numeric>(std::move(value));
}

}  // namespace

void RegisterToCharNumber(FunctionRegistry& r) {
  r.Scalar("numeric_to_char", &Strict<&OfNumeric>);
  r.Scalar("int4_to_char", &Strict<&OfInteger<int32_t>>);
  r.Scalar("int8_to_char", &Strict<&OfInteger<int64_t>>);
  r.Scalar("float4_to_char", &Strict<&OfFloat<float>>);
  r.Scalar("float8_to_char", &Strict<&OfFloat<double>>);
  r.Scalar("numeric_to_number", &Strict<&ToNumber>);
}

}  // namespace oxibase
