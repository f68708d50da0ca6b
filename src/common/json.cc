#include "common/json.h"

#include <charconv>

#include "common/json_parser.h"

namespace oxibase {
namespace {

using Token = JsonLexer::Token;

/// Accepts everything.
struct Validator {
  Status Null() { return {}; }
  Status Bool(bool) { return {}; }
  Status Number(std::string_view) { return {}; }
  Status String(std::string_view) { return {}; }
  Status BeginArray() { return {}; }
  Status EndArray() { return {}; }
  Status BeginObject() { return {}; }
  Status Key(std::string_view) { return {}; }
  Status EndObject() { return {}; }
};

std::string_view Trim(std::string_view json) {
  constexpr std::string_view kBlanks = " \t\n\r";
  const size_t first = json.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return json.substr(first, json.find_last_not_of(kBlanks) - first + 1);
}

/// Moves past the value that begins at the lexer's token and returns it as written.
Result<std::string_view> SkipValue(JsonLexer& lexer) {
  const char* begin = lexer.token_begin();
  const char* end = lexer.token_end();
  int64_t depth = 0;
  do {
    const Token token = lexer.token();
    if (token == Token::kBeginArray || token == Token::kBeginObject) ++depth;
    if (token == Token::kEndArray || token == Token::kEndObject) --depth;
    if (token == Token::kEnd) return lexer.Unexpected("JSON value");
    end = lexer.token_end();
    RETURN_IF_ERROR(lexer.Next());
  } while (depth > 0);
  return std::string_view(begin, static_cast<size_t>(end - begin));
}

/// Calls visit(key, value) for each member or element; stops when it returns false.
template <typename Visit>
Status VisitMembers(std::string_view json, bool decode, Visit visit) {
  JsonLexer lexer(json, decode);
  RETURN_IF_ERROR(lexer.Next());
  const bool is_object = lexer.token() == Token::kBeginObject;
  if (!is_object && lexer.token() != Token::kBeginArray) return {};
  RETURN_IF_ERROR(lexer.Next());
  std::string key;
  while (lexer.token() != Token::kEndArray && lexer.token() != Token::kEndObject) {
    if (is_object) {
      key = lexer.text();
      RETURN_IF_ERROR(lexer.Next());
      RETURN_IF_ERROR(lexer.Next());
    }
    ASSIGN_OR_RETURN(const std::string_view value, SkipValue(lexer));
    if (!visit(key, value)) return {};
    if (lexer.token() == Token::kComma) RETURN_IF_ERROR(lexer.Next());
    if (lexer.token() == Token::kEnd) return {};
  }
  return {};
}

/// Writes compact text, leaving out members that are null.
class NullStripper {
 public:
  explicit NullStripper(std::string* out) : out_(out) {}
  Status Null() {
    if (pending_key_) {
      pending_key_ = false;
      return {};
    }
    return Scalar("null");
  }
  Status Bool(bool b) { return Scalar(b ? "true" : "false"); }
  Status Number(std::string_view text) { return Scalar(text); }
  Status String(std::string_view text) {
    Separate();
    AppendJsonString(text, out_);
    return {};
  }
  Status BeginArray() { return Open('['); }
  Status EndArray() { return Close(']'); }
  Status BeginObject() { return Open('{'); }
  Status EndObject() { return Close('}'); }
  Status Key(std::string_view key) {
    key_ = key;
    pending_key_ = true;
    return {};
  }

 private:
  void Separate() {
    if (needs_comma_) out_->push_back(',');
    needs_comma_ = true;
    if (pending_key_) {
      AppendJsonString(key_, out_);
      out_->push_back(':');
      pending_key_ = false;
    }
  }
  Status Scalar(std::string_view text) {
    Separate();
    out_->append(text);
    return {};
  }
  Status Open(char c) {
    Separate();
    out_->push_back(c);
    needs_comma_ = false;
    return {};
  }
  Status Close(char c) {
    out_->push_back(c);
    needs_comma_ = true;
    return {};
  }

  std::string* out_;
  std::string key_;
  bool pending_key_ = false;
  bool needs_comma_ = false;
};

}  // namespace

Status ValidateJson(std::string_view text) {
  Validator validator;
  return ParseJson(text, false, validator);
}

JsonTextKind JsonTypeOf(std::string_view json) {
  json = Trim(json);
  switch (json.empty() ? 'n' : json[0]) {
    case '{':
      return JsonTextKind::kObject;
    case '[':
      return JsonTextKind::kArray;
    case '"':
      return JsonTextKind::kString;
    case 't':
    case 'f':
      return JsonTextKind::kBool;
    case 'n':
      return JsonTextKind::kNull;
    default:
      return JsonTextKind::kNumber;
  }
}

std::optional<std::string_view> JsonGet(std::string_view json, std::string_view key) {
  if (JsonTypeOf(json) != JsonTextKind::kObject) return std::nullopt;
  std::optional<std::string_view> found;
  VisitMembers(json, true, [&](const std::string& name, std::string_view value) {
    if (name == key) found = value;
    return true;
  }).Ignore("a member behind a bad escape counts as missing");
  return found;
}

std::optional<std::string_view> JsonGet(std::string_view json, int64_t index) {
  if (JsonTypeOf(json) != JsonTextKind::kArray) return std::nullopt;
  if (index < 0) {
    int64_t count = 0;
    VisitMembers(json, false, [&](const std::string&, std::string_view) {
      ++count;
      return true;
    }).Ignore("valid by requirement");
    index += count;
    if (index < 0) return std::nullopt;
  }
  std::optional<std::string_view> found;
  VisitMembers(json, false, [&](const std::string&, std::string_view value) {
    if (index-- != 0) return true;
    found = value;
    return false;
  }).Ignore("valid by requirement");
  return found;
}

std::optional<std::string_view> JsonGetPath(std::string_view json,
                                            const std::vector<std::string_view>& path) {
  std::optional<std::string_view> current = json;
  for (const std::string_view step : path) {
    switch (JsonTypeOf(*current)) {
      case JsonTextKind::kObject:
        current = JsonGet(*current, step);
        break;
      case JsonTextKind::kArray: {
        int64_t index;
        const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
        if (error != std::errc() || end != step.data() + step.size()) return std::nullopt;
        current = JsonGet(*current, index);
        break;
      }
      default:
        return std::nullopt;
    }
    if (!current) return std::nullopt;
  }
  return current;
}

Result<bool> AppendJsonAsText(std::string_view json, std::string* out) {
  json = Trim(json);
  switch (JsonTypeOf(json)) {
    case JsonTextKind::kNull:
      return false;
    case JsonTextKind::kString: {
      JsonLexer lexer(json, true);
      RETURN_IF_ERROR(lexer.Next());
      out->append(lexer.text());
      return true;
    }
    default:
      out->append(json);
      return true;
  }
}

Result<std::vector<JsonMember>> JsonMembers(std::string_view json) {
  std::vector<JsonMember> members;
  RETURN_IF_ERROR(VisitMembers(json, JsonTypeOf(json) == JsonTextKind::kObject,
                               [&](const std::string& key, std::string_view value) {
                                 members.push_back({key, value});
                                 return true;
                               }));
  return members;
}

Result<std::string> JsonStripNulls(std::string_view json) {
  std::string out;
  NullStripper stripper(&out);
  RETURN_IF_ERROR(ParseJson(json, true, stripper));
  return out;
}

}  // namespace oxibase
