#include "expr/functions/like_matcher.h"

#include <cstring>

namespace oxibase {
namespace {

char FoldByte(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool Contains(std::string_view text, std::string_view part) {
  return part.empty() || memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

LikeMatcher LikeMatcher::Compile(std::string_view pattern, bool ignore_case) {
  LikeMatcher matcher;
  matcher.pattern_ = pattern;
  matcher.ignore_case_ = ignore_case;
  using Kind = Element::Kind;
  size_t any_strings = 0;
  bool has_any_character = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '%') {
      if (!matcher.elements_.empty() && matcher.elements_.back().kind == Kind::kAnyString) continue;
      matcher.elements_.push_back({Kind::kAnyString, 0});
      ++any_strings;
      continue;
    }
    if (c == '_') {
      matcher.elements_.push_back({Kind::kAnyCharacter, 0});
      has_any_character = true;
      continue;
    }
    if (c == '\\') {
      if (++i == pattern.size()) {
        matcher.elements_.push_back({Kind::kEndingEscape, 0});
        return matcher;
      }
      c = pattern[i];
    }
    matcher.elements_.push_back({Kind::kByte, ignore_case ? FoldByte(c) : c});
  }
  if (ignore_case || has_any_character || any_strings > 2) return matcher;
  for (const Element& e : matcher.elements_) {
    if (e.kind == Kind::kByte) matcher.literal_ += e.byte;
  }
  const bool starts =
      !matcher.elements_.empty() && matcher.elements_.front().kind == Kind::kAnyString;
  const bool ends = !matcher.elements_.empty() && matcher.elements_.back().kind == Kind::kAnyString;
  if (any_strings == 0) {
    matcher.shape_ = Shape::kExact;
  } else if (any_strings == 1 && ends) {
    matcher.shape_ = Shape::kPrefix;
  } else if (any_strings == 1 && starts) {
    matcher.shape_ = Shape::kSuffix;
  } else if (any_strings == 2 && starts && ends) {
    matcher.shape_ = Shape::kInfix;
  }
  return matcher;
}

Result<bool> LikeMatcher::Matches(std::string_view text) const {
  switch (shape_) {
    case Shape::kExact:
      return text == literal_;
    case Shape::kPrefix:
      return text.starts_with(literal_);
    case Shape::kSuffix:
      return text.ends_with(literal_);
    case Shape::kInfix:
      return Contains(text, literal_);
    case Shape::kGeneral:
      return MatchGeneral(text);
  }
  return false;
}

Result<bool> LikeMatcher::MatchGeneral(std::string_view text) const {
  using Kind = Element::Kind;
  // One resting point suffices: a later % may take over whatever an earlier one could have taken.
  size_t t = 0;
  size_t e = 0;
  size_t rest_element = SIZE_MAX;
  size_t rest_text = 0;
  const auto character_bytes = [&](size_t at) {
    size_t n = 1;
    while (at + n < text.size() && (static_cast<uint8_t>(text[at + n]) & 0xC0) == 0x80) ++n;
    return n;
  };
  while (t < text.size()) {
    if (e < elements_.size()) {
      const Element& element = elements_[e];
      if (element.kind == Kind::kAnyString) {
        rest_element = ++e;
        rest_text = t;
        continue;
      }
      if (element.kind == Kind::kAnyCharacter) {
        t += character_bytes(t);
        ++e;
        continue;
      }
      if (element.kind == Kind::kEndingEscape) {
        return Error(ErrorCode::kInvalidEscapeSequence,
                     "LIKE pattern must not end with escape character");
      }
      if (element.byte == (ignore_case_ ? FoldByte(text[t]) : text[t])) {
        ++t;
        ++e;
        continue;
      }
    }
    if (rest_element == SIZE_MAX) return false;
    rest_text += character_bytes(rest_text);
    t = rest_text;
    e = rest_element;
  }
  while (e < elements_.size() && elements_[e].kind == Kind::kAnyString) ++e;
  return e == elements_.size();
}

}  // namespace oxibase
