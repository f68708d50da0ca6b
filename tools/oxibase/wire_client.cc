#include "wire_client.h"

#include <charconv>
#include <map>

namespace oxibase {
namespace {

constexpr int kWaitMillis = 600'000;
constexpr uint32_t kMessageBytesMax = uint32_t{1} << 30;

void PutInt32(std::string* out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

uint32_t Int32At(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

/// The server's error, with its SQLSTATE in the text: only people read it.
Status ServerError(std::string_view body) {
  std::map<char, std::string> fields;
  size_t at = 0;
  while (at < body.size() && body[at] != '\0') {
    const size_t end = std::min(body.find('\0', at + 1), body.size());
    fields[body[at]] = body.substr(at + 1, end - at - 1);
    at = end + 1;
  }
  Status status = Error(ErrorCode::kConnectionException, "the server says: {} (SQLSTATE {})",
                        fields['M'], fields['C']);
  status.info().detail = fields['D'];
  status.info().hint = fields['H'];
  return status;
}

Status Lost() {
  return Error(ErrorCode::kConnectionFailure, "the connection to the server is lost");
}

}  // namespace

bool WireClient::IsConnInfo(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://") ||
         (text.find('=') != std::string_view::npos && text.find('/') == std::string_view::npos);
}

Result<std::unique_ptr<WireClient>> WireClient::Connect(std::string_view conninfo) {
  std::map<std::string, std::string, std::less<>> options = {
      {"host", "127.0.0.1"}, {"port", "5432"}, {"user", "postgres"}, {"dbname", "postgres"}};
  const size_t scheme = conninfo.find("://");
  if (scheme != std::string_view::npos) {
    std::string_view rest = conninfo.substr(scheme + 3);
    if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
      const std::string_view name = rest.substr(slash + 1, rest.find('?') - slash - 1);
      if (!name.empty()) options["dbname"] = name;
      rest = rest.substr(0, slash);
    }
    if (const size_t at = rest.find('@'); at != std::string_view::npos) {
      options["user"] = rest.substr(0, at);
      rest.remove_prefix(at + 1);
    }
    if (const size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
      options["port"] = rest.substr(colon + 1);
      rest = rest.substr(0, colon);
    }
    if (!rest.empty()) options["host"] = rest;
  } else {
    size_t at = 0;
    while ((at = conninfo.find_first_not_of(' ', at)) != std::string_view::npos) {
      const size_t end = std::min(conninfo.find(' ', at), conninfo.size());
      const std::string_view word = conninfo.substr(at, end - at);
      const size_t equals = word.find('=');
      if (equals == std::string_view::npos) {
        return Error(ErrorCode::kInvalidParameterValue, "\"{}\" is not NAME=VALUE", word);
      }
      options[std::string(word.substr(0, equals))] = word.substr(equals + 1);
      at = end;
    }
  }
  const std::string& port_text = options["port"];
  uint16_t port = 0;
  const auto [end, error] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc() || end != port_text.data() + port_text.size()) {
    return Error(ErrorCode::kInvalidParameterValue, "\"{}\" is not a port", port_text);
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Socket> socket, Socket::Connect(options["host"], port));
  std::unique_ptr<WireClient> client(new WireClient(std::move(socket)));
  RETURN_IF_ERROR(client->Start(options["user"], options["dbname"]));
  return client;
}

WireClient::~WireClient() {
  Send(std::string_view("X\0\0\0\4", 5)).Ignore("the server sees that the connection ends");
}

Status WireClient::Start(const std::string& user, const std::string& database) {
  std::string body;
  PutInt32(&body, 196608);  // protocol 3.0
  for (const std::string& text : {std::string("user"), user, std::string("database"), database,
                                  std::string("application_name"), std::string("oxibase")}) {
    body += text + '\0';
  }
  body += '\0';
  std::string message;
  PutInt32(&message, static_cast<uint32_t>(body.size() + 4));
  RETURN_IF_ERROR(Send(message + body));
  for (;;) {
    char kind = 0;
    RETURN_IF_ERROR(Receive(&kind, &body));
    if (kind == 'E') return ServerError(body);
    if (kind == 'R' && (body.size() < 4 || Int32At(body, 0) != 0)) {
      return Error(ErrorCode::kFeatureNotSupported, "the server asks for a password");
    }
    if (kind == 'Z') return {};
  }
}

Status WireClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t count = 0;
    const Socket::State state = socket_->Write(bytes.data(), bytes.size(), &count);
    if (state == Socket::State::kClosed) return Lost();
    if (state == Socket::State::kWouldBlock) {
      if (socket_->WaitWritable(kWaitMillis) != Socket::State::kDone) return Lost();
      continue;
    }
    bytes.remove_prefix(count);
  }
  return {};
}

Status WireClient::SendQuery(std::string_view sql) {
  std::string message = "Q";
  PutInt32(&message, static_cast<uint32_t>(sql.size() + 5));
  message += sql;
  message += '\0';
  return Send(message);
}

Status WireClient::Fill(size_t bytes) {
  if (read_ > 0 && read_ == input_.size()) {
    input_.clear();
    read_ = 0;
  }
  while (input_.size() - read_ < bytes) {
    if (read_ > (size_t{1} << 20)) {
      input_.erase(0, read_);
      read_ = 0;
    }
    const size_t had = input_.size();
    const size_t room = std::max<size_t>(bytes - (had - read_), 65536);
    input_.resize(had + room);
    size_t count = 0;
    const Socket::State state = socket_->Read(input_.data() + had, room, &count);
    input_.resize(had + count);
    if (state == Socket::State::kClosed) return Lost();
    if (state == Socket::State::kWouldBlock &&
        socket_->WaitReadable(kWaitMillis) != Socket::State::kDone) {
      return Lost();
    }
  }
  return {};
}

Status WireClient::Receive(char* kind, std::string* body) {
  RETURN_IF_ERROR(Fill(5));
  *kind = input_[read_];
  const uint32_t length = Int32At(input_, read_ + 1);
  if (length < 4 || length > kMessageBytesMax) {
    return Error(ErrorCode::kProtocolViolation, "the server sent a message of {} bytes", length);
  }
  RETURN_IF_ERROR(Fill(1 + size_t{length}));
  body->assign(input_, read_ + 5, length - 4);
  read_ += 1 + size_t{length};
  return {};
}

Status WireClient::Run(std::string_view sql,
                       const std::function<void(char kind, const std::string& body)>& take) {
  RETURN_IF_ERROR(SendQuery(sql));
  Status failed;
  std::string body;
  for (;;) {
    char kind = 0;
    RETURN_IF_ERROR(Receive(&kind, &body));
    if (kind == 'E') failed = ServerError(body);
    if (kind == 'Z') return failed;
    take(kind, body);
  }
}

Result<std::vector<WireClient::Row>> WireClient::Query(std::string_view sql) {
  std::vector<Row> rows;
  RETURN_IF_ERROR(Run(sql, [&](char kind, const std::string& body) {
    if (kind == 'T') rows.clear();
    if (kind != 'D' || body.size() < 2) return;
    Row& row = rows.emplace_back();
    const size_t count = static_cast<uint8_t>(body[0]) * 256u + static_cast<uint8_t>(body[1]);
    size_t at = 2;
    for (size_t i = 0; i < count && at + 4 <= body.size(); ++i) {
      const uint32_t length = Int32At(body, at);
      at += 4;
      if (length == UINT32_MAX) {
        row.emplace_back();
        continue;
      }
      row.emplace_back(body.substr(at, length));
      at += length;
    }
  }));
  return rows;
}

Result<std::string> WireClient::Value(std::string_view sql) {
  ASSIGN_OR_RETURN(const std::vector<Row> rows, Query(sql));
  if (rows.size() == 1 && rows[0].size() == 1 && rows[0][0]) return *rows[0][0];
  return Error(ErrorCode::kProtocolViolation, "the server's answer is not one value");
}

Result<std::string> WireClient::Copy(std::string_view sql) {
  std::string bytes;
  RETURN_IF_ERROR(Run(sql, [&](char kind, const std::string& body) {
    if (kind == 'd') bytes += body;
  }));
  return bytes;
}

}  // namespace oxibase
