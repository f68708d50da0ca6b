#include "common/json_parser.h"

#include <algorithm>

namespace oxibase {
namespace {

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | code >> 18));
    out->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

}  // namespace

Status JsonLexer::Fail(std::string detail) const {
  // The line up to the offending token, with "..." where it is cut.
  const char* line = begin_;
  int line_number = 1;
  for (const char* q = begin_; q < p_; ++q) {
    if (*q == '\n') {
      ++line_number;
      line = q + 1;
    }
  }
  const char* from = line;
  if (p_ - line > 50) {
    from = p_ - 50;
    while (from < p_ && (*from & 0xC0) == 0x80) ++from;
  }
  std::string context =
      fmt::format("JSON data, line {}: {}{}{}", line_number, from > line ? "..." : "",
                  std::string_view(from, static_cast<size_t>(p_ - from)),
                  p_ < end_ && *p_ != '\n' && *p_ != '\r' ? "..." : "");
  return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type json")
      .Detail(std::move(detail))
      .Context(std::move(context));
}

Status JsonLexer::Unexpected(std::string_view wanted) const {
  if (token_ == Token::kEnd) return Fail("The input string ended unexpectedly.");
  if (wanted == "end of input") {
    return Fail(fmt::format("Expected end of input, but found \"{}\".", raw()));
  }
  return Fail(fmt::format("Expected {}, but found \"{}\".", wanted, raw()));
}

Status JsonLexer::InvalidToken() {
  p_ = token_begin_;
  while (p_ < end_ && IsWordByte(*p_)) ++p_;
  if (p_ == token_begin_) ++p_;
  return Fail(fmt::format("Token \"{}\" is invalid.", raw()));
}

Status JsonLexer::Next() {
  while (p_ < end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\n' || *p_ == '\r')) ++p_;
  token_begin_ = p_;
  if (p_ == end_) {
    token_ = Token::kEnd;
    return {};
  }
  switch (*p_) {
    case '{':
      token_ = Token::kBeginObject;
      break;
    case '}':
      token_ = Token::kEndObject;
      break;
    case '[':
      token_ = Token::kBeginArray;
      break;
    case ']':
      token_ = Token::kEndArray;
      break;
    case ',':
      token_ = Token::kComma;
      break;
    case ':':
      token_ = Token::kColon;
      break;
    case '"':
      return ReadString();
    case '-':
    case '0' ... '9':
      return ReadNumber();
    default: {
      const char* q = p_;
      while (q < end_ && IsWordByte(*q)) ++q;
      const std::string_view word(p_, static_cast<size_t>(q - p_));
      if (word == "true") {
        token_ = Token::kTrue;
      } else if (word == "false") {
        token_ = Token::kFalse;
      } else if (word == "null") {
        token_ = Token::kNull;
      } else {
        return InvalidToken();
      }
      p_ = q;
      return {};
    }
  }
  ++p_;
  return {};
}

Status JsonLexer::ReadNumber() {
  const char* q = p_;
  const auto digits = [&] {
    const char* first = q;
    while (q < end_ && IsDigit(*q)) ++q;
    return q > first;
  };
  bool ok = true;
  if (*q == '-') ++q;
  if (q < end_ && *q == '0') {
    ++q;
  } else {
    ok = digits();
  }
  if (ok && q < end_ && *q == '.') {
    ++q;
    ok = digits();
  }
  if (ok && q < end_ && (*q == 'e' || *q == 'E')) {
    ++q;
    if (q < end_ && (*q == '+' || *q == '-')) ++q;
    ok = digits();
  }
  if (!ok || (q < end_ && IsWordByte(*q))) {
    while (q < end_ && IsWordByte(*q)) ++q;
    p_ = q;
    return Fail(fmt::format("Token \"{}\" is invalid.", raw()));
  }
  p_ = q;
  text_ = raw();
  token_ = Token::kNumber;
  return {};
}

Status JsonLexer::ReadString() {
  token_ = Token::kString;
  const char* first = ++p_;
  decoded_.clear();
  high_surrogate_ = 0;
  bool escaped = false;
  for (;;) {
    const char* run = p_;
    while (p_ < end_ && *p_ != '"' && *p_ != '\\' && static_cast<unsigned char>(*p_) >= 0x20) ++p_;
    if (decode_ && (escaped || (p_ < end_ && *p_ == '\\'))) decoded_.append(run, p_);
    if (high_surrogate_ && p_ > run) {
      return Fail("Unicode low surrogate must follow a high surrogate.");
    }
    if (p_ == end_) {
      p_ = end_;
      return Fail(fmt::format("Token \"{}\" is invalid.", raw()));
    }
    if (*p_ == '"') {
      if (high_surrogate_) return Fail("Unicode low surrogate must follow a high surrogate.");
      text_ = escaped && decode_ ? std::string_view(decoded_)
                                 : std::string_view(first, static_cast<size_t>(p_ - first));
      ++p_;
      return {};
    }
    if (*p_ != '\\') {
      const auto code = static_cast<unsigned>(*p_);
      return Fail(fmt::format("Character with value 0x{:02x} must be escaped.", code));
    }
    escaped = true;
    ++p_;
    RETURN_IF_ERROR(ReadEscape());
  }
}

Status JsonLexer::ReadEscape() {
  if (p_ == end_) return Fail(fmt::format("Token \"{}\" is invalid.", raw()));
  const char c = *p_++;
  if (c != 'u' && high_surrogate_) {
    return Fail("Unicode low surrogate must follow a high surrogate.");
  }
  char plain;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      plain = c;
      break;
    case 'b':
      plain = '\b';
      break;
    case 'f':
      plain = '\f';
      break;
    case 'n':
      plain = '\n';
      break;
    case 'r':
      plain = '\r';
      break;
    case 't':
      plain = '\t';
      break;
    case 'u': {
      uint32_t code = 0;
      for (int i = 0; i < 4; ++i) {
        if (p_ == end_) return Fail(fmt::format("Token \"{}\" is invalid.", raw()));
        const char h = *p_++;
        if (IsDigit(h)) {
          code = code * 16 + static_cast<uint32_t>(h - '0');
        } else if ((h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F')) {
          code = code * 16 + static_cast<uint32_t>((h | 0x20) - 'a' + 10);
        } else {
          return Fail("\"\\u\" must be followed by four hexadecimal digits.");
        }
      }
      if (!decode_) return {};
      if (code >= 0xD800 && code <= 0xDBFF) {
        if (high_surrogate_)
          return Fail("Unicode high surrogate must not follow a high surrogate.");
        high_surrogate_ = code;
        return {};
      }
      if (code >= 0xDC00 && code <= 0xDFFF) {
        if (!high_surrogate_) return Fail("Unicode low surrogate must follow a high surrogate.");
        code = 0x10000 + ((high_surrogate_ & 0x3FF) << 10) + (code & 0x3FF);
        high_surrogate_ = 0;
      } else if (high_surrogate_) {
        return Fail("Unicode low surrogate must follow a high surrogate.");
      }
      if (code == 0) {
        Status status = Fail("\\u0000 cannot be converted to text.");
        status.info().code = ErrorCode::kUntranslatableCharacter;
        status.info().message = "unsupported Unicode escape sequence";
        return status;
      }
      AppendUtf8(code, &decoded_);
      return {};
    }
    default: {
      // Show the whole character that followed the backslash.
      while (p_ < end_ && (*p_ & 0xC0) == 0x80) ++p_;
      const char* from = p_ - 1;
      while ((*from & 0xC0) == 0x80) --from;
      return Fail(fmt::format("Escape sequence \"\\{}\" is invalid.",
                              std::string_view(from, static_cast<size_t>(p_ - from))));
    }
  }
  if (decode_) decoded_.push_back(plain);
  return {};
}

}  // namespace oxibase
