#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace oxibase::pgwire {

/// Fields of one frontend message, in PostgreSQL's protocol 3. Views into the message. Any bytes
/// whatever end in an error (08P01), never in a crash.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  Result<uint8_t> Byte();
  Result<int16_t> Int16();
  Result<int32_t> Int32();
  /// Up to a zero byte, which is taken too.
  Result<std::string_view> String();
  Result<std::string_view> Bytes(size_t count);
  std::string_view rest() const { return rest_; }
  /// 08P01 if something is left over.
  Status ExpectEnd() const;

 private:
  std::string_view rest_;
};

struct ParseMessage {
  std::string_view name, sql;
  std::vector<uint32_t> types;
};
Status ReadParse(std::string_view body, ParseMessage* message);

struct BindMessage {
  std::string_view portal, statement;
  std::vector<int16_t> param_formats;
  struct Param {
    bool is_null;
    std::string_view bytes;
  };
  std::vector<Param> params;
  std::vector<int16_t> result_formats;
};
/// Keeps the vectors' memory from call to call.
Status ReadBind(std::string_view body, BindMessage* message);

struct DescribeMessage {  // and Close
  char kind = 'S';        // 'S' statement, 'P' portal
  std::string_view name;
};
Status ReadDescribe(std::string_view body, DescribeMessage* message);

struct ExecuteMessage {
  std::string_view portal;
  uint32_t max_rows = 0;
};
Status ReadExecute(std::string_view body, ExecuteMessage* message);

struct StartupMessage {
  enum class Kind : uint8_t { kStartup, kSsl, kGss, kCancel };
  Kind kind = Kind::kStartup;
  uint16_t minor = 0;
  std::vector<std::pair<std::string, std::string>> params;
  int32_t pid = 0, secret = 0;  // kCancel
};
/// `body` without the length. 0A000 for another protocol version.
Status ReadStartup(std::string_view body, StartupMessage* message);

}  // namespace oxibase::pgwire
