#include "server/pgwire/message_reader.h"

#include <arpa/inet.h>

#include <cstring>

namespace oxibase::pgwire {
namespace {

Status Malformed() {
  return Error(ErrorCode::kProtocolViolation, "insufficient data left in message");
}

Status ReadFormats(FieldReader& reader, std::vector<int16_t>* formats) {
  ASSIGN_OR_RETURN(const int16_t count, reader.Int16());
  if (count < 0) return Malformed();
  formats->clear();
  for (int16_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const int16_t format, reader.Int16());
    if (format != 0 && format != 1) {
      return Error(ErrorCode::kInvalidParameterValue, "unsupported format code: {}", format);
    }
    formats->push_back(format);
  }
  return {};
}

}  // namespace

Result<uint8_t> FieldReader::Byte() {
  if (rest_.empty()) return Malformed();
  const auto byte = static_cast<uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  return byte;
}

Result<int16_t> FieldReader::Int16() {
  if (rest_.size() < 2) return Malformed();
  uint16_t raw;
  std::memcpy(&raw, rest_.data(), sizeof raw);
  rest_.remove_prefix(2);
  return static_cast<int16_t>(ntohs(raw));
}

Result<int32_t> FieldReader::Int32() {
  if (rest_.size() < 4) return Malformed();
  uint32_t raw;
  std::memcpy(&raw, rest_.data(), sizeof raw);
  rest_.remove_prefix(4);
  return static_cast<int32_t>(ntohl(raw));
}

Result<std::string_view> FieldReader::String() {
  const size_t end = rest_.find('\0');
  if (end == std::string_view::npos) {
    return Error(ErrorCode::kProtocolViolation, "invalid string in message");
  }
  const std::string_view text = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return text;
}

Result<std::string_view> FieldReader::Bytes(size_t count) {
  if (rest_.size() < count) return Malformed();
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

Status FieldReader::ExpectEnd() const {
  if (rest_.empty()) return {};
  return Error(ErrorCode::kProtocolViolation, "invalid message format");
}

Status ReadParse(std::string_view body, ParseMessage* message) {
  FieldReader reader(body);
  ASSIGN_OR_RETURN(message->name, reader.String());
  ASSIGN_OR_RETURN(message->sql, reader.String());
  ASSIGN_OR_RETURN(const int16_t count, reader.Int16());
  message->types.clear();
  for (uint16_t i = 0; i < static_cast<uint16_t>(count); ++i) {
    ASSIGN_OR_RETURN(const int32_t type, reader.Int32());
    message->types.push_back(static_cast<uint32_t>(type));
  }
  return reader.ExpectEnd();
}

Status ReadBind(std::string_view body, BindMessage* message) {
  FieldReader reader(body);
  ASSIGN_OR_RETURN(message->portal, reader.String());
  ASSIGN_OR_RETURN(message->statement, reader.String());
  RETURN_IF_ERROR(ReadFormats(reader, &message->param_formats));
  ASSIGN_OR_RETURN(const int16_t raw_count, reader.Int16());
  const auto count = static_cast<uint16_t>(raw_count);
  if (message->param_formats.size() > 1 && message->param_formats.size() != count) {
    return Error(ErrorCode::kProtocolViolation,
                 "bind message has {} parameter formats but {} parameters",
                 message->param_formats.size(), count);
  }
  message->params.clear();
  for (uint16_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const int32_t size, reader.Int32());
    if (size == -1) {
      message->params.push_back({true, {}});
      continue;
    }
    if (size < 0) return Malformed();
    ASSIGN_OR_RETURN(const std::string_view bytes, reader.Bytes(static_cast<size_t>(size)));
    message->params.push_back({false, bytes});
  }
  RETURN_IF_ERROR(ReadFormats(reader, &message->result_formats));
  return reader.ExpectEnd();
}

Status ReadDescribe(std::string_view body, DescribeMessage* message) {
  FieldReader reader(body);
  ASSIGN_OR_RETURN(const uint8_t kind, reader.Byte());
  if (kind != 'S' && kind != 'P') {
    return Error(ErrorCode::kProtocolViolation, "invalid message subtype {}", kind);
  }
  message->kind = static_cast<char>(kind);
  ASSIGN_OR_RETURN(message->name, reader.String());
  return reader.ExpectEnd();
}

Status ReadExecute(std::string_view body, ExecuteMessage* message) {
  FieldReader reader(body);
  ASSIGN_OR_RETURN(message->portal, reader.String());
  ASSIGN_OR_RETURN(const int32_t max_rows, reader.Int32());
  message->max_rows = max_rows > 0 ? static_cast<uint32_t>(max_rows) : 0;
  return reader.ExpectEnd();
}

Status ReadStartup(std::string_view body, StartupMessage* message) {
  constexpr int32_t kSslCode = 80877103, kGssCode = 80877104, kCancelCode = 80877102;
  FieldReader reader(body);
  ASSIGN_OR_RETURN(const int32_t code, reader.Int32());
  if (code == kSslCode || code == kGssCode) {
    message->kind = code == kSslCode ? StartupMessage::Kind::kSsl : StartupMessage::Kind::kGss;
    return reader.ExpectEnd();
  }
  if (code == kCancelCode) {
    message->kind = StartupMessage::Kind::kCancel;
    ASSIGN_OR_RETURN(message->pid, reader.Int32());
    ASSIGN_OR_RETURN(message->secret, reader.Int32());
    return reader.ExpectEnd();
  }
  if (code >> 16 != 3) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "unsupported frontend protocol {}.{}: server supports 3.0", code >> 16,
                 code & 0xFFFF);
  }
  message->kind = StartupMessage::Kind::kStartup;
  message->minor = static_cast<uint16_t>(code & 0xFFFF);
  for (;;) {
    ASSIGN_OR_RETURN(const std::string_view name, reader.String());
    if (name.empty()) return reader.ExpectEnd();
    ASSIGN_OR_RETURN(const std::string_view value, reader.String());
    message->params.emplace_back(name, value);
  }
}

}  // namespace oxibase::pgwire
