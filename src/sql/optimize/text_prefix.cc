#include "sql/optimize/text_prefix.h"

#include "expr/function.h"
#include "expr/functions/utf8.h"

namespace oxibase {
namespace {

TextPrefix PrefixOfLike(std::string_view pattern) {
  TextPrefix prefix;
  size_t i = 0;
  for (; i < pattern.size() && pattern[i] != '%' && pattern[i] != '_'; ++i) {
    if (pattern[i] == '\\') {
      // A pattern that ends so is an error, which the match has to raise.
      if (++i == pattern.size()) return prefix;
    }
    prefix.text += pattern[i];
  }
  prefix.is_whole = i == pattern.size();
  prefix.is_exact = prefix.is_whole || pattern.substr(i).find_first_not_of('%') == pattern.npos;
  return prefix;
}

/// Of `^abc...`; anything that is not plainly read gives less of a prefix, or none.
TextPrefix PrefixOfRegex(std::string_view pattern) {
  constexpr std::string_view kSpecial = "^$.[]()|*+?{}\\";
  TextPrefix prefix;
  if (!pattern.starts_with('^') || pattern.find('|') != pattern.npos) return prefix;
  const size_t end = std::min(pattern.find_first_of(kSpecial, 1), pattern.size());
  prefix.text = pattern.substr(1, end - 1);
  if (end == pattern.size()) {
    prefix.is_exact = true;
  } else if (pattern[end] == '$' && end + 1 == pattern.size()) {
    prefix.is_exact = prefix.is_whole = true;
  } else if (std::string_view("*?+{").find(pattern[end]) != pattern.npos) {
    // The last character is the quantifier's.
    while (!prefix.text.empty() && utf8::IsContinuation(prefix.text.back())) prefix.text.pop_back();
    if (!prefix.text.empty()) prefix.text.pop_back();
  }
  return prefix;
}

enum class Syntax { kNone, kLike, kRegex, kPrefix };

/// The call of a text pattern with its arguments at 0 (what is matched) and 1.
Syntax SyntaxOf(const Expr& expr) {
  if (expr.kind != ExprKind::kCall) return Syntax::kNone;
  const auto& call = static_cast<const CallExpr&>(expr);
  if (call.args.size() != 2 || call.args[1]->type.id != TypeId::kText) return Syntax::kNone;
  const TypeId subject = call.args[0]->type.id;
  if (subject != TypeId::kText && subject != TypeId::kVarchar) return Syntax::kNone;
  const std::string_view name = call.function->name;
  if (name == "~~") return Syntax::kLike;
  if (name == "~") return Syntax::kRegex;
  return name == "^@" || name == "starts_with" ? Syntax::kPrefix : Syntax::kNone;
}

}  // namespace

PrefixMatch AsPrefixMatch(const Expr& expr) {
  const Syntax syntax = SyntaxOf(expr);
  if (syntax == Syntax::kNone) return {};
  const auto& call = static_cast<const CallExpr&>(expr);
  if (call.args[1]->kind != ExprKind::kConstant) return {};
  const Value& value = static_cast<const ConstantExpr&>(*call.args[1]).value;
  if (value.is_null()) return {};
  const std::string_view pattern = value.bytes();
  PrefixMatch match;
  switch (syntax) {
    case Syntax::kLike:
      match.prefix = PrefixOfLike(pattern);
      break;
    case Syntax::kRegex:
      match.prefix = PrefixOfRegex(pattern);
      break;
    default:
      match.prefix = {std::string(pattern), true, false};
  }
  if (!match.prefix.text.empty()) match.subject = call.args[0].get();
  return match;
}

const Expr* SubjectOfParameterPattern(const Expr& expr) {
  if (SyntaxOf(expr) == Syntax::kNone) return nullptr;
  const auto& call = static_cast<const CallExpr&>(expr);
  return call.args[1]->kind == ExprKind::kParam ? call.args[0].get() : nullptr;
}

std::optional<std::string> EndOfPrefix(std::string_view prefix) {
  constexpr uint32_t kLastCharacter = 0x10FFFF;
  // Bytes of UTF-8 are in the order of the characters, which leave a gap for surrogates.
  constexpr uint32_t kSurrogatesFrom = 0xD800, kSurrogatesTo = 0xE000;
  std::string end(prefix);
  while (!end.empty()) {
    size_t at = end.size() - 1;
    while (at > 0 && utf8::IsContinuation(end[at])) --at;
    const uint32_t last = utf8::Decode(std::string_view(end).substr(at));
    end.resize(at);
    if (last >= kLastCharacter) continue;
    utf8::Append(last + 1 == kSurrogatesFrom ? kSurrogatesTo : last + 1, &end);
    return end;
  }
  return {};
}

}  // namespace oxibase
