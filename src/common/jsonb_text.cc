// jsonb from and to text.
#include "common/json_parser.h"
#include "common/jsonb.h"

namespace oxibase {
namespace {

/// PostgreSQL's limit for a string in, and the contents of a container of, a jsonb.
constexpr size_t kJsonbBytesMax = 0x0FFFFFFF;

class JsonbHandler {
 public:
  Status Null() { return builder_.Null(), Status(); }
  Status Bool(bool b) { return builder_.Bool(b), Status(); }
  Status Number(std::string_view text) {
    ASSIGN_OR_RETURN(const Numeric number, Numeric::Parse(text));
    builder_.Number(number);
    return {};
  }
  Status String(std::string_view text) { return builder_.String(text), Status(); }
  Status BeginArray() { return builder_.BeginArray(), Status(); }
  Status EndArray() { return builder_.EndArray(), Status(); }
  Status BeginObject() { return builder_.BeginObject(), Status(); }
  Status Key(std::string_view key) { return builder_.Key(key), Status(); }
  Status EndObject() { return builder_.EndObject(), Status(); }
  std::string Finish() { return builder_.Finish(); }

 private:
  JsonbBuilder builder_;
};

void AppendScalar(JsonbView node, std::string* out) {
  switch (node.kind()) {
    case JsonKind::kFalse:
      out->append("false");
      return;
    case JsonKind::kTrue:
      out->append("true");
      return;
    case JsonKind::kNumber:
      node.number().AppendText(out);
      return;
    case JsonKind::kString:
      AppendJsonString(node.content(), out);
      return;
    default:
      out->append("null");
      return;
  }
}

/// `indent` < 0: on one line.
void AppendNode(JsonbView node, int indent, std::string* out) {
  if (node.is_scalar()) {
    AppendScalar(node, out);
    return;
  }
  const bool is_object = node.is_object();
  const bool pretty = indent >= 0;
  const int inner = pretty ? indent + 1 : -1;
  out->push_back(is_object ? '{' : '[');
  for (uint32_t i = 0; i < node.size(); ++i) {
    if (i > 0) out->append(pretty ? "," : ", ");
    if (pretty) {
      out->push_back('\n');
      out->append(static_cast<size_t>(inner) * 4, ' ');
    }
    if (is_object) {
      AppendJsonString(node.key(i), out);
      out->append(": ");
    }
    AppendNode(is_object ? node.value(i) : node.element(i), inner, out);
  }
  if (pretty) {
    out->push_back('\n');
    out->append(static_cast<size_t>(indent) * 4, ' ');
  }
  out->push_back(is_object ? '}' : ']');
}

}  // namespace

Result<std::string> ParseJsonb(std::string_view text) {
  if (text.size() > kJsonbBytesMax) {
    return Error(ErrorCode::kProgramLimitExceeded, "string too long to represent as jsonb")
        .Detail(fmt::format("A jsonb value cannot exceed {} bytes.", kJsonbBytesMax));
  }
  JsonbHandler handler;
  RETURN_IF_ERROR(ParseJson(text, true, handler));
  return handler.Finish();
}

void AppendJsonString(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t run = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text, run, i - run);
    run = i + 1;
    out->push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out->push_back(c);
        break;
      case '\b':
        out->push_back('b');
        break;
      case '\f':
        out->push_back('f');
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\r':
        out->push_back('r');
        break;
      case '\t':
        out->push_back('t');
        break;
      default:
        out->append("u00");
        out->push_back(kHex[c >> 4 & 15]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(text, run);
  out->push_back('"');
}

void AppendJsonbText(JsonbView node, std::string* out) { AppendNode(node, -1, out); }

void AppendJsonbPretty(JsonbView node, std::string* out) { AppendNode(node, 0, out); }

bool AppendJsonbAsText(JsonbView node, std::string* out) {
  switch (node.kind()) {
    case JsonKind::kNull:
      return false;
    case JsonKind::kString:
      out->append(node.content());
      return true;
    default:
      AppendJsonbText(node, out);
      return true;
  }
}

}  // namespace oxibase
