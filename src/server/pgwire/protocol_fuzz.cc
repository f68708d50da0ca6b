// Any bytes from a client end in an error message or the connection's end, never in a crash: the
// messages' readers by themselves, then the whole conversation on a database in memory.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>

#include "engine/database.h"
#include "server/pgwire/message_reader.h"
#include "server/pgwire/protocol.h"

namespace {

using oxibase::Database;
using oxibase::pgwire::Protocol;

Database& SharedDatabase() {
  static const std::unique_ptr<Database> database = [] {
    auto opened = Database::Open({});
    OXI_CHECK(opened.ok());
    return std::move(*opened);
  }();
  return *database;
}

using std::string_literals::operator""s;

/// Puts a message's length before its body.
std::string Framed(const std::string& type, const std::string& body) {
  const auto length = static_cast<uint32_t>(body.size() + 4);
  std::string message = type;
  for (int shift = 24; shift >= 0; shift -= 8) message += static_cast<char>(length >> shift);
  return message + body;
}

std::string Startup() { return Framed("", "\0\3\0\0user\0postgres\0database\0postgres\0\0"s); }

/// Conversations to start from: a simple query, and a prepared one with a parameter and a portal.
const std::string kSeeds[] = {
    Framed("Q", "SELECT 1; SELECT 'a' || 2\0"s),
    Framed("P", "s\0SELECT $1::int + 1\0\0\0"s) +
        Framed("B", "p\0s\0\0\1\0\0\0\1\0\0\0\00042\0\1\0\1"s) + Framed("D", "Pp\0"s) +
        Framed("E", "p\0\0\0\0\1"s) + Framed("C", "Pp\0"s) + Framed("S", ""),
    Framed("Q", "COPY (SELECT 1) TO STDOUT\0"s) + Framed("d", "1\n") + Framed("c", ""),
};

void Converse(std::string_view bytes) {
  Protocol protocol(SharedDatabase(), "fuzz", {[] { return true; }, [] {}});
  if (!protocol.Feed(Startup())) return;
  // In two pieces, so that messages are cut.
  const size_t half = bytes.size() / 2;
  if (protocol.Feed(bytes.substr(0, half))) protocol.Feed(bytes.substr(half));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace wire = oxibase::pgwire;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  wire::ParseMessage parse;
  ReadParse(bytes, &parse).Ignore("any answer will do");
  wire::BindMessage bind;
  ReadBind(bytes, &bind).Ignore("any answer will do");
  wire::DescribeMessage describe;
  ReadDescribe(bytes, &describe).Ignore("any answer will do");
  wire::ExecuteMessage execute;
  ReadExecute(bytes, &execute).Ignore("any answer will do");
  wire::StartupMessage startup;
  ReadStartup(bytes, &startup).Ignore("any answer will do");
  Converse(bytes);
  return 0;
}

extern "C" size_t OxiFuzzSeed(size_t i, const uint8_t** data) {
  if (i >= std::size(kSeeds)) return 0;
  *data = reinterpret_cast<const uint8_t*>(kSeeds[i].data());
  return kSeeds[i].size();
}
