#include "sql/parse/as_of_text.h"

#include <algorithm>

namespace oxibase::ast {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

/// Whether the word OF is there at all.
bool MayHave(std::string_view text) {
  for (size_t i = 1; i + 2 < text.size(); ++i) {
    if ((text[i] | 0x20) == 'o' && (text[i + 1] | 0x20) == 'f' && !IsNameByte(text[i - 1]) &&
        !IsNameByte(text[i + 2])) {
      return true;
    }
  }
  return false;
}

/// Whether some tokens begin an AS OF, without keeping any.
bool HasAny(std::string_view text) {
  TokenCursor cursor(text, 0);
  int words = 0;  // of AS OF that were the last tokens
  while (cursor.Next()) {
    if (words == 2 && (cursor.IsWord("timestamp") || cursor.IsWord("transaction"))) return true;
    words = cursor.IsWord("as") ? 1 : words == 1 && cursor.IsWord("of") ? 2 : 0;
  }
  return false;
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {
    TokenCursor cursor(text, 0);
    while (cursor.Next()) {
      tokens_.push_back({static_cast<uint32_t>(cursor.begin()),
                         static_cast<uint32_t>(std::min(cursor.end(), text.size()))});
    }
  }

  std::vector<AsOfText> Run() {
    std::vector<AsOfText> found;
    for (size_t i = 1; i + 2 < tokens_.size(); ++i) {
      if (!IsWord(i, "as") || !IsWord(i + 1, "of")) continue;
      const bool is_timestamp = IsWord(i + 2, "timestamp");
      if ((!is_timestamp && !IsWord(i + 2, "transaction")) || !IsName(i - 1)) continue;
      size_t relation = i - 1;
      while (relation >= 2 && Symbol(relation - 1) == '.' && IsName(relation - 2)) relation -= 2;
      const size_t end = SkipExpression(i + 3);
      if (end == i + 3) continue;
      AsOfText& clause = found.emplace_back();
      clause.kind = is_timestamp ? AsOf::Kind::kTimestamp : AsOf::Kind::kTransaction;
      clause.relation = static_cast<int32_t>(tokens_[relation].begin);
      clause.expr = {tokens_[i + 3].begin, tokens_[end - 1].end};
      clause.clause = {tokens_[i].begin, clause.expr.end};
      i = end - 1;
    }
    return found;
  }

 private:
  struct Token {
    uint32_t begin;
    uint32_t end;
  };

  std::string_view TextOf(size_t i) const {
    return text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin);
  }
  char Symbol(size_t i) const { return i < tokens_.size() ? text_[tokens_[i].begin] : '\0'; }
  bool IsString(size_t i) const { return i < tokens_.size() && TextOf(i).back() == '\''; }
  bool IsName(size_t i) const {
    const char c = Symbol(i);
    return c == '"' || (IsNameByte(c) && c != '$' && !(c >= '0' && c <= '9') && !IsString(i));
  }
  bool IsWord(size_t i, std::string_view word) const {
    if (i >= tokens_.size()) return false;
    const std::string_view text = TextOf(i);
    return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
    });
  }

  size_t SkipParentheses(size_t i) const {
    int depth = 0;
    for (; i < tokens_.size(); ++i) {
      depth += Symbol(i) == '(' ? 1 : 0;
      depth -= Symbol(i) == ')' ? 1 : 0;
      if (depth == 0) return i + 1;
    }
    return i;
  }
  /// a, a.b, a.b(...), timestamp with time zone.
  size_t SkipName(size_t i) const {
    ++i;
    while (Symbol(i) == '.' && IsName(i + 1)) i += 2;
    if (Symbol(i) == '(') i = SkipParentheses(i);
    if ((IsWord(i, "with") || IsWord(i, "without")) && IsWord(i + 1, "time") &&
        IsWord(i + 2, "zone")) {
      i += 3;
    }
    return i;
  }
  /// Without casts behind it.
  size_t SkipPrimary(size_t i) const {
    while (Symbol(i) == '-' || Symbol(i) == '+') ++i;
    if (Symbol(i) == '(') return SkipParentheses(i);
    if (!IsName(i)) {
      const bool is_literal =
          IsString(i) || Symbol(i) == '$' || (Symbol(i) >= '0' && Symbol(i) <= '9');
      return is_literal ? i + 1 : i;
    }
    const bool is_interval = IsWord(i, "interval");
    i = SkipName(i);
    if (!IsString(i)) return i;
    ++i;
    constexpr std::string_view kFields[] = {"year",   "month",  "day", "hour",
                                            "minute", "second", "to"};
    while (is_interval && std::any_of(std::begin(kFields), std::end(kFields),
                                      [&](std::string_view field) { return IsWord(i, field); })) {
      ++i;
    }
    return i;
  }
  size_t SkipOperand(size_t i) const {
    size_t end = SkipPrimary(i);
    if (end == i) return i;
    for (;;) {
      if (Symbol(end) == ':' && Symbol(end + 1) == ':' && IsName(end + 2)) {
        end = SkipName(end + 2);
        continue;
      }
      if (!IsWord(end, "at") || !IsWord(end + 1, "time") || !IsWord(end + 2, "zone")) return end;
      const size_t zone = SkipPrimary(end + 3);
      if (zone == end + 3) return end;
      end = zone;
    }
  }
  size_t SkipExpression(size_t i) const {
    for (;;) {
      const size_t end = SkipOperand(i);
      if (end == i) return end;
      const char c = Symbol(end);
      if (c != '+' && c != '-' && c != '*' && c != '/') return end;
      const size_t next = SkipOperand(end + 1);
      if (next == end + 1) return end;
      i = end + 1;
    }
  }

  const std::string_view text_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<AsOfText> FindAsOf(std::string_view text) {
  if (!MayHave(text) || !HasAny(text)) return {};
  return Finder(text).Run();
}

}  // namespace oxibase::ast
