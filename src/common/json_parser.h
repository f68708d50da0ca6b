#pragma once
// A strict JSON parser that reports what it meets to a handler; text and jsonb input share it.
// Only json*.cc include it.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/jsonb.h"
#include "common/status.h"

namespace oxibase {

/// Reads tokens; errors are PostgreSQL's.
class JsonLexer {
 public:
  enum class Token : uint8_t {
    kEnd,
    kString,
    kNumber,
    kTrue,
    kFalse,
    kNull,
    kBeginObject,
    kEndObject,
    kBeginArray,
    kEndArray,
    kComma,
    kColon,
  };

  /// `decode`: strings are unescaped into text() (and \u checked), else only validated.
  JsonLexer(std::string_view json, bool decode)
      : p_(json.data()), begin_(json.data()), end_(json.data() + json.size()), decode_(decode) {}

  Status Next();
  Token token() const { return token_; }
  /// A string's decoded value, a number's digits. Valid until `Next`.
  std::string_view text() const { return text_; }
  /// The token as written.
  std::string_view raw() const { return {token_begin_, static_cast<size_t>(p_ - token_begin_)}; }
  const char* token_begin() const { return token_begin_; }
  const char* token_end() const { return p_; }
  bool at_end() const { return p_ == end_; }

  /// The current token is not what was wanted.
  Status Unexpected(std::string_view wanted) const;

 private:
  Status ReadString();
  Status ReadNumber();
  Status ReadEscape();
  Status InvalidToken();
  Status Fail(std::string detail) const;

  const char* p_;
  const char* begin_;
  const char* end_;
  const char* token_begin_ = nullptr;
  bool decode_;
  Token token_ = Token::kEnd;
  std::string_view text_;
  std::string decoded_;
  uint32_t high_surrogate_ = 0;
};

/// Parses one document. Handler: Status Null(), Bool(bool), Number(string_view),
/// String(string_view), BeginArray(), EndArray(), BeginObject(), Key(string_view), EndObject().
template <typename Handler>
Status ParseJson(std::string_view json, bool decode, Handler& handler) {
  using Token = JsonLexer::Token;
  JsonLexer lexer(json, decode);
  std::string stack;  // '{' or '[' for each open container
  RETURN_IF_ERROR(lexer.Next());
  enum class Expect : uint8_t { kValue, kValueOrEnd, kKey, kKeyOrEnd, kCommaOrEnd };
  Expect expect = Expect::kValue;
  for (;;) {
    const Token token = lexer.token();
    switch (expect) {
      case Expect::kValueOrEnd:
        if (token == Token::kEndArray) {
          RETURN_IF_ERROR(handler.EndArray());
          stack.pop_back();
          expect = Expect::kCommaOrEnd;
          break;
        }
        [[fallthrough]];
      case Expect::kValue:
        expect = Expect::kCommaOrEnd;
        switch (token) {
          case Token::kString:
            RETURN_IF_ERROR(handler.String(lexer.text()));
            break;
          case Token::kNumber:
            RETURN_IF_ERROR(handler.Number(lexer.text()));
            break;
          case Token::kTrue:
          case Token::kFalse:
            RETURN_IF_ERROR(handler.Bool(token == Token::kTrue));
            break;
          case Token::kNull:
            RETURN_IF_ERROR(handler.Null());
            break;
          case Token::kBeginObject:
          case Token::kBeginArray:
            if (stack.size() >= static_cast<size_t>(kJsonDepthMax)) {
              return Error(ErrorCode::kStatementTooComplex, "stack depth limit exceeded");
            }
            if (token == Token::kBeginObject) {
              stack.push_back('{');
              RETURN_IF_ERROR(handler.BeginObject());
              expect = Expect::kKeyOrEnd;
            } else {
              stack.push_back('[');
              RETURN_IF_ERROR(handler.BeginArray());
              expect = Expect::kValueOrEnd;
            }
            break;
          default:
            return lexer.Unexpected("JSON value");
        }
        break;
      case Expect::kKeyOrEnd:
        if (token == Token::kEndObject) {
          RETURN_IF_ERROR(handler.EndObject());
          stack.pop_back();
          expect = Expect::kCommaOrEnd;
          break;
        }
        if (token != Token::kString) return lexer.Unexpected("string or \"}\"");
        [[fallthrough]];
      case Expect::kKey:
        if (token != Token::kString) return lexer.Unexpected("string");
        RETURN_IF_ERROR(handler.Key(lexer.text()));
        RETURN_IF_ERROR(lexer.Next());
        if (lexer.token() != Token::kColon) return lexer.Unexpected("\":\"");
        expect = Expect::kValue;
        break;
      case Expect::kCommaOrEnd:
        if (stack.empty()) {
          if (token != Token::kEnd) return lexer.Unexpected("end of input");
          return {};
        }
        if (stack.back() == '[') {
          if (token == Token::kComma) {
            expect = Expect::kValue;
          } else if (token == Token::kEndArray) {
            RETURN_IF_ERROR(handler.EndArray());
            stack.pop_back();
          } else {
            return lexer.Unexpected("\",\" or \"]\"");
          }
        } else if (token == Token::kComma) {
          expect = Expect::kKey;
        } else if (token == Token::kEndObject) {
          RETURN_IF_ERROR(handler.EndObject());
          stack.pop_back();
        } else {
          return lexer.Unexpected("\",\" or \"}\"");
        }
        break;
    }
    RETURN_IF_ERROR(lexer.Next());
  }
}

}  // namespace oxibase
