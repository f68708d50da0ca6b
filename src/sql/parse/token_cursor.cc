#include "sql/parse/token_cursor.h"

#include <deque>

#include "sql/parse/identifier.h"

namespace oxibase::ast {
namespace {

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c) || c == '$'; }

}  // namespace

bool TokenCursor::SkipBlanksAndComments() {
  while (end_ < text_.size()) {
    const char c = text_[end_];
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      ++end_;
    } else if (text_.substr(end_, 2) == "--") {
      while (end_ < text_.size() && text_[end_] != '\n' && text_[end_] != '\r') ++end_;
    } else if (text_.substr(end_, 2) == "/*") {
      size_t nested = 0;
      do {
        const std::string_view two = text_.substr(end_, 2);
        if (two == "/*" || two == "*/") {
          nested += two == "/*" ? 1 : static_cast<size_t>(-1);
          end_ += 2;
        } else {
          ++end_;
        }
      } while (nested > 0 && end_ < text_.size());
    } else {
      return true;
    }
  }
  return false;
}

void TokenCursor::SkipQuoted(char quote, bool escapes) {
  ++end_;
  while (end_ < text_.size()) {
    const char c = text_[end_++];
    if (escapes && c == '\\') {
      ++end_;
    } else if (c == quote) {
      if (end_ >= text_.size() || text_[end_] != quote) return;
      ++end_;
    }
  }
}

void TokenCursor::SkipDollarQuoted() {
  size_t tag_end = end_ + 1;
  while (tag_end < text_.size() && IsNamePart(text_[tag_end]) && text_[tag_end] != '$') ++tag_end;
  if (tag_end >= text_.size() || text_[tag_end] != '$' || IsDigit(text_[end_ + 1])) {
    // A parameter.
    end_ = tag_end;
    return;
  }
  const std::string_view tag = text_.substr(end_, tag_end + 1 - end_);
  const size_t close = text_.find(tag, tag_end + 1);
  end_ = close == text_.npos ? text_.size() : close + tag.size();
}

bool TokenCursor::Next() {
  if (!SkipBlanksAndComments()) return false;
  begin_ = end_;
  const char c = text_[begin_];
  if (c == '\'' || c == '"') {
    SkipQuoted(c, false);
  } else if (c == '$') {
    SkipDollarQuoted();
  } else if (IsNameStart(c)) {
    while (end_ < text_.size() && IsNamePart(text_[end_])) ++end_;
    // E'...', and U&'...' through the ampersand.
    if (end_ < text_.size() && text_[end_] == '\'') {
      SkipQuoted('\'', end_ - begin_ == 1 && (c == 'e' || c == 'E'));
    }
  } else if (IsDigit(c)) {
    while (end_ < text_.size() && (IsNamePart(text_[end_]) || text_[end_] == '.')) ++end_;
  } else {
    ++end_;
  }
  return true;
}

bool TokenCursor::IsWord(std::string_view word) const {
  if (end_ - begin_ != word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = text_[begin_ + i];
    if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != word[i]) return false;
  }
  return true;
}

std::string TokenCursor::Name() const {
  std::string name;
  if (text_[begin_] == '"') {
    for (size_t i = begin_ + 1; i + 1 < end_; ++i) {
      name += text_[i];
      if (text_[i] == '"') ++i;
    }
    return name;
  }
  if (!IsNameStart(text_[begin_]) || text_[end_ - 1] == '\'') return name;
  for (size_t i = begin_; i < end_; ++i) {
    const char c = text_[i];
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return name;
}

size_t EndOfStar(std::string_view text, size_t begin) {
  TokenCursor cursor(text, begin);
  while (cursor.Next()) {
    if (cursor.symbol() == '*') return cursor.end();
  }
  return text.size();
}

std::string RenameInText(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t copied = 0;
  TokenCursor cursor(text, 0);
  bool more = cursor.Next();
  while (more) {
    const size_t begin = cursor.begin(), end = cursor.end();
    const bool named = cursor.Name() == from;
    more = cursor.Next();
    if (!named || (more && cursor.symbol() == '(')) continue;
    out.append(text, copied, begin - copied);
    out += QuoteIdentifier(to);
    copied = end;
  }
  out.append(text, copied, text.size() - copied);
  return out;
}

std::string RenameQualified(std::string_view text, std::string_view schema, std::string_view name,
                            std::string_view new_schema, std::string_view new_name) {
  std::string out;
  size_t copied = 0;
  TokenCursor cursor(text, 0);
  bool more = cursor.Next();
  bool after_point = false;
  while (more) {
    const size_t begin = cursor.begin(), end = cursor.end();
    const bool named = !after_point && cursor.Name() == schema;
    after_point = cursor.symbol() == '.';
    more = cursor.Next();
    if (!named || !more || cursor.symbol() != '.') continue;
    after_point = true;
    more = cursor.Next();
    if (!more || (!name.empty() && cursor.Name() != name)) continue;
    out.append(text, copied, begin - copied);
    out += QuoteIdentifier(new_schema);
    copied = end;
    if (name.empty()) continue;
    out += "." + QuoteIdentifier(new_name);
    copied = cursor.end();
  }
  out.append(text, copied, text.size() - copied);
  return out;
}

TextRange FindViewQuery(std::string_view text, size_t name) {
  TextRange range;
  TokenCursor cursor(text, name);
  int depth = 0;
  auto track = [&] {
    depth += cursor.symbol() == '(' ? 1 : 0;
    depth -= cursor.symbol() == ')' ? 1 : 0;
  };
  while (cursor.Next()) {
    track();
    if (depth == 0 && cursor.IsWord("as")) break;
  }
  bool first = true;
  // Where the last four tokens begin: WITH [LOCAL | CASCADED] CHECK OPTION is taken off.
  struct Token {
    size_t begin, end;
    bool with, middle, check, option;
  };
  std::deque<Token> last;
  while (cursor.Next()) {
    track();
    // In CREATE SCHEMA other elements may follow.
    if (depth == 0 &&
        (cursor.symbol() == ';' || cursor.IsWord("create") || cursor.IsWord("grant"))) {
      break;
    }
    if (first) range.begin = cursor.begin();
    first = false;
    last.push_back({cursor.begin(), cursor.end(), cursor.IsWord("with"),
                    cursor.IsWord("local") || cursor.IsWord("cascaded"), cursor.IsWord("check"),
                    cursor.IsWord("option")});
    if (last.size() > 5) last.pop_front();
  }
  auto ends_with_check = [&] {
    const size_t n = last.size();
    if (n < 4 || !last[n - 1].option || !last[n - 2].check) return size_t{0};
    if (last[n - 3].with) return size_t{3};
    return n > 4 && last[n - 3].middle && last[n - 4].with ? size_t{4} : size_t{0};
  };
  for (size_t drop = ends_with_check(); drop > 0; --drop) last.pop_back();
  range.end = last.empty() ? range.begin : last.back().end;
  return range;
}

}  // namespace oxibase::ast
