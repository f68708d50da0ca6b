#include "statement_splitter.h"

#include <cctype>

namespace oxibase {
namespace {

bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The position behind a quoted piece that begins at `at`, or npos if it has no end yet.
size_t SkipQuoted(std::string_view text, size_t at) {
  const char quote = text[at];
  const bool escapes = quote == '\'' && at > 0 && (text[at - 1] == 'E' || text[at - 1] == 'e') &&
                       (at < 2 || !IsNameChar(text[at - 2]));
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (escapes && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 < text.size() && text[i + 1] == quote) {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return std::string_view::npos;
}

/// The same for $tag$ ... $tag$; `at` itself if no such quote begins there.
size_t SkipDollarQuoted(std::string_view text, size_t at) {
  if (at > 0 && IsNameChar(text[at - 1])) return at;
  size_t end = at + 1;
  while (end < text.size() && IsNameChar(text[end])) ++end;
  if (end >= text.size() || text[end] != '$') return at;
  if (end > at + 1 && std::isdigit(static_cast<unsigned char>(text[at + 1]))) return at;
  const std::string_view tag = text.substr(at, end + 1 - at);
  const size_t close = text.find(tag, end + 1);
  return close == std::string_view::npos ? close : close + tag.size();
}

size_t SkipComment(std::string_view text, size_t at) {
  if (text.substr(at, 2) == "--") {
    const size_t end = text.find('\n', at);
    return end == std::string_view::npos ? end : end + 1;
  }
  int depth = 0;
  for (size_t i = at; i + 1 < text.size(); ++i) {
    if (text[i] == '/' && text[i + 1] == '*') {
      ++depth;
      ++i;
    } else if (text[i] == '*' && text[i + 1] == '/') {
      ++i;
      if (--depth == 0) return i + 1;
    }
  }
  return std::string_view::npos;
}

/// The next position outside of quotes and comments where `wanted` stands, from `at` on; npos if
/// there is none: `scanned` is then where an unfinished piece begins, or the end.
size_t FindOutside(std::string_view text, size_t at, char wanted, size_t* scanned) {
  while (at < text.size()) {
    *scanned = at;
    size_t next = at + 1;
    if (text[at] == '\'' || text[at] == '"') {
      next = SkipQuoted(text, at);
    } else if (text[at] == '$') {
      next = SkipDollarQuoted(text, at);
      if (next == at) ++next;
    } else if (text.substr(at, 2) == "--" || text.substr(at, 2) == "/*") {
      next = SkipComment(text, at);
    } else if (text[at] == wanted) {
      return at;
    }
    if (next == std::string_view::npos) return next;
    at = next;
  }
  // The last character may begin something that the next line goes on with.
  *scanned = text.empty() ? 0 : text.size() - 1;
  return std::string_view::npos;
}

}  // namespace

bool StatementSplitter::Next(std::string* statement) {
  const size_t end = FindOutside(text_, scanned_, ';', &scanned_);
  if (end == std::string::npos) return false;
  *statement = text_.substr(0, end + 1);
  text_.erase(0, end + 1);
  scanned_ = 0;
  return true;
}

size_t StatementSplitter::FindBackslash(std::string_view line) const {
  const std::string text = text_.substr(scanned_) + std::string(line);
  size_t scanned = 0;
  const size_t before = text.size() - line.size();
  const size_t found = FindOutside(text, 0, '\\', &scanned);
  return found == std::string::npos || found < before ? std::string_view::npos : found - before;
}

std::string StatementSplitter::Rest() const {
  for (const char c : text_) {
    if (!std::isspace(static_cast<unsigned char>(c))) return text_;
  }
  return "";
}

}  // namespace oxibase
