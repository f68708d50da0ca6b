// LIKE, ILIKE and their negations.

#include "expr/function_registry.h"
#include "expr/functions/like_matcher.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

/// The matcher for `pattern`, kept at the call while the pattern stays the same.
template <bool kIgnoreCase>
const LikeMatcher* MatcherFor(CallSite& site, std::string_view pattern) {
  auto* matcher = static_cast<LikeMatcher*>(site.memo.get());
  if (matcher && matcher->pattern() == pattern) return matcher;
  auto kept = std::make_shared<LikeMatcher>(LikeMatcher::Compile(pattern, kIgnoreCase));
  matcher = kept.get();
  site.memo = std::move(kept);
  return matcher;
}

template <bool kIgnoreCase, bool kNegated>
Result<bool> Like(Frame& frame, std::string_view text, std::string_view pattern) {
  const LikeMatcher* matcher = MatcherFor<kIgnoreCase>(frame.site, pattern);
  ASSIGN_OR_RETURN(const bool matches, matcher->Matches(text));
  return matches != kNegated;
}

template <bool kIgnoreCase, bool kNegated>
Status SelectLike(EvalContext&, CallSite& site, std::span<const Vector* const> args,
                  const uint32_t* sel, uint32_t rows, uint32_t* out, uint32_t* count) {
  const VectorView text = args[0]->view();
  const VectorView pattern = args[1]->view();
  uint32_t n = 0;
  const LikeMatcher* matcher = nullptr;
  for (uint32_t i = 0; i < rows; ++i) {
    const uint32_t row = sel ? sel[i] : i;
    if (text.IsNull(row) || pattern.IsNull(row)) continue;
    if (!matcher || !args[1]->is_constant()) {
      matcher = MatcherFor<kIgnoreCase>(site, pattern.Get<StringRef>(row).view());
    }
    ASSIGN_OR_RETURN(const bool matches, matcher->Matches(text.Get<StringRef>(row).view()));
    out[n] = row;
    n += matches != kNegated;
  }
  *count = n;
  return {};
}

/// like_escape(pattern, escape): the pattern with backslash as its escape character.
Result<std::string> LikeEscape(std::string_view pattern, std::string_view escape) {
  std::string result;
  if (escape.empty()) {
    for (const char c : pattern) {
      if (c == '\\') result += '\\';
      result += c;
    }
    return result;
  }
  size_t characters = 0;
  for (const char c : escape) characters += (static_cast<uint8_t>(c) & 0xC0) != 0x80;
  if (characters != 1) {
    return Error(ErrorCode::kInvalidEscapeSequence, "invalid escape string")
        .Hint("Escape string must be empty or one character.");
  }
  if (escape == "\\") return std::string(pattern);
  for (size_t i = 0; i < pattern.size();) {
    if (pattern.substr(i).starts_with(escape)) {
      result += '\\';
      i += escape.size();
      if (i < pattern.size()) result += pattern[i++];
    } else {
      if (pattern[i] == '\\') result += '\\';
      result += pattern[i++];
    }
  }
  return result;
}

}  // namespace

void RegisterLike(FunctionRegistry& r) {
  for (const std::string_view key : {"textlike", "namelike", "bytealike"}) {
    r.Scalar(key, &Strict<&Like<false, false>>, &SelectLike<false, false>);
  }
  for (const std::string_view key : {"textnlike", "namenlike", "byteanlike"}) {
    r.Scalar(key, &Strict<&Like<false, true>>, &SelectLike<false, true>);
  }
  for (const std::string_view key : {"texticlike", "nameiclike"}) {
    r.Scalar(key, &Strict<&Like<true, false>>, &SelectLike<true, false>);
  }
  for (const std::string_view key : {"texticnlike", "nameicnlike"}) {
    r.Scalar(key, &Strict<&Like<true, true>>, &SelectLike<true, true>);
  }
  r.Scalar("like_escape", &Strict<&LikeEscape>);
  r.Scalar("like_escape_bytea", &Strict<&LikeEscape>);
}

}  // namespace oxibase
