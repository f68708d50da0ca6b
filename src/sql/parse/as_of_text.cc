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

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {
    TokenCursor cursor(text, 0);
    while (cursor.Next()) {
      Token token;
      token.begin = cursor.begin();
      token.end = std::min(cursor.end(), text.size());
      token.symbol = cursor.symbol();
      token.name = cursor.Name();
      token.quoted = token.symbol == '"';
      tokens_.push_back(std::move(token));
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
    size_t begin = 0;
    size_t end = 0;
    char symbol = '\0';
    bool quoted = false;
    std::string name;  // empty: it is none
  };

  bool IsName(size_t i) const { return i < tokens_.size() && !tokens_[i].name.empty(); }
  bool IsWord(size_t i, std::string_view word) const {
    return IsName(i) && !tokens_[i].quoted && tokens_[i].name == word;
  }
  char Symbol(size_t i) const { return i < tokens_.size() ? tokens_[i].symbol : '\0'; }
  bool IsString(size_t i) const {
    return i < tokens_.size() && tokens_[i].name.empty() && text_[tokens_[i].end - 1] == '\'';
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
  size_t SkipOperand(size_t i) const {
    while (Symbol(i) == '-' || Symbol(i) == '+') ++i;
    const size_t begin = i;
    if (Symbol(i) == '(') {
      i = SkipParentheses(i);
    } else if (IsName(i)) {
      const bool is_interval = IsWord(i, "interval");
      i = SkipName(i);
      if (IsString(i)) {
        ++i;
        constexpr std::string_view kFields[] = {"year",   "month",  "day", "hour",
                                                "minute", "second", "to"};
        while (is_interval && std::any_of(std::begin(kFields), std::end(kFields),
                                          [&](std::string_view field) { return IsWord(i, field); }))
          ++i;
      }
    } else if (i < tokens_.size() &&
               (IsString(i) || Symbol(i) == '$' || (Symbol(i) >= '0' && Symbol(i) <= '9'))) {
      ++i;
    }
    if (i == begin) return i;
    for (;;) {
      if (Symbol(i) == ':' && Symbol(i + 1) == ':' && IsName(i + 2)) {
        i = SkipName(i + 2);
      } else if (IsWord(i, "at") && IsWord(i + 1, "time") && IsWord(i + 2, "zone")) {
        const size_t zone = SkipOperand(i + 3);
        if (zone == i + 3) return i;
        i = zone;
      } else {
        return i;
      }
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
  if (!MayHave(text)) return {};
  return Finder(text).Run();
}

}  // namespace oxibase::ast
