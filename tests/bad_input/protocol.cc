#include <random>
#include <string>
#include <vector>

#include "checks.h"
#include "raw_connection.h"

namespace oxibase::bad_input {
namespace {

using server_process::ServerProcess;
using std::string_literals::operator""s;

struct Bytes {
  std::string what;
  std::string bytes;
  bool after_startup = true;
  /// Whether the connection must end, and with which SQLSTATE (several: any of them).
  bool ends = true;
  std::string states;
};

std::vector<Bytes> Malformed() {
  const std::string parse = Message('P', "s\0SELECT $1::int\0\0\0"s);
  return {
      {"a start-up packet shorter than its length word", Int32(3), false, true, ""},
      {"a start-up packet of 2 GiB", Int32(0x7fffffff) + "x", false, true, ""},
      {"a start-up packet without its last zero", Message(0, Int32(3 << 16) + "user\0postgres"s),
       false, true, "08P01"},
      {"protocol version 9.9", Message(0, Int32(9 << 16 | 9) + "\0"s), false, true, "0A000 08P01"},
      {"a start-up packet without a user", Message(0, Int32(3 << 16) + "\0"s), false, true,
       "28000"},
      {"HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", false, true, ""},
      {"a TLS hello without asking", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, false, true,
       ""},
      {"an unknown kind of message", Message('?', "abc"), true, true, "08P01"},
      {"a message of length 3", "Q"s + Int32(3), true, true, "08P01"},
      {"a message of length 0", "Q"s + Int32(0), true, true, "08P01"},
      {"a message of 2 GiB", "Q"s + Int32(0x7fffffff) + "SELECT", true, true, "08P01"},
      {"a message of negative length", "Q"s + Int32(0xfffffff0), true, true, "08P01"},
      {"zeros", std::string(1000, '\0'), true, true, "08P01"},
      {"a query without its zero", Message('Q', "SELECT 1"), true, false, "08P01"},
      {"an empty query message", Message('Q', ""), true, false, "08P01"},
      {"Parse cut short", Message('P', "s\0SELE"s) + Message('S', ""), true, false, "08P01"},
      {"Parse that claims 65,535 parameter types",
       Message('P', "s\0SELECT 1\0\xff\xff"s) + Message('S', ""), true, false, "08P01"},
      {"Bind whose value is longer than the message",
       parse + Message('B', "\0s\0\0\0\0\1"s + Int32(1 << 30) + "1\0\0"s) + Message('S', ""), true,
       false, "08P01"},
      {"Bind whose value has the length -2",
       parse + Message('B', "\0s\0\0\0\0\1"s + Int32(0xfffffffe) + "\0\0"s) + Message('S', ""),
       true, false, "08P01 22P03"},
      {"Bind with format code 7",
       parse + Message('B', "\0s\0\0\1\0\7\0\1"s + Int32(1) + "1\0\0"s) + Message('S', ""), true,
       false, "22023 08P01"},
      {"Bind with three bytes for a binary integer",
       parse + Message('B', "\0s\0\0\1\0\1\0\1"s + Int32(3) + "123\0\0"s) + Message('S', ""), true,
       false, "08P01"},
      {"Bind with two formats for one value",
       parse + Message('B', "\0s\0\0\2\0\0\0\0\0\1"s + Int32(1) + "1\0\0"s) + Message('S', ""),
       true, false, "08P01"},
      {"Bind of a statement that is not there",
       Message('B', "\0nix\0\0\0\0\0\0\0"s) + Message('S', ""), true, false, "26000"},
      {"Execute of a portal that is not there", Message('E', "nix\0\0\0\0\0"s) + Message('S', ""),
       true, false, "34000"},
      {"Describe of neither a statement nor a portal", Message('D', "Xs\0"s) + Message('S', ""),
       true, false, "08P01"},
      {"a text that is not UTF-8", Message('Q', "SELECT '\xff\xfe'\0"s), true, false, "22021"},
      {"COPY data outside of a COPY, which PostgreSQL passes over", Message('d', "1\n"), true,
       false, ""},
  };
}

bool OneOf(const std::string& states, const std::string& state) {
  return states.empty() ? true : !state.empty() && states.find(state) != std::string::npos;
}

}  // namespace

void CheckProtocol(const Place& place, Tally& tally) {
  ServerProcess server(place.program, place.folder);
  if (!server.Start() || !server.WaitReady()) {
    return tally.Expect(false, "the server starts", server.LogTail());
  }
  // Somebody else, in the middle of a transaction.
  Client other(server.conninfo());
  tally.Expect(other.Run("CREATE TABLE t (a int); BEGIN; INSERT INTO t VALUES (1)").empty(),
               "set-up", other.message());
  int rows = 1;
  const auto others_live = [&](const std::string& what) {
    ++rows;
    const bool alive = other.Run("INSERT INTO t VALUES (2)").empty() &&
                       other.Value("SELECT count(*) FROM t") == std::to_string(rows);
    tally.Expect(alive, "another connection's transaction goes on after " + what, other.message());
    return alive;
  };

  for (const Bytes& bad : Malformed()) {
    RawConnection raw(server.port());
    if (bad.after_startup && !raw.Startup()) {
      tally.Expect(false, "a connection before " + bad.what, server.LogTail());
      continue;
    }
    raw.Send(bad.bytes);
    std::string reply;
    if (bad.ends) {
      reply = raw.ReadAll();
      tally.Expect(raw.ended(), bad.what + " ends the connection");
    } else {
      raw.Send(Message('Q', "SELECT 'still here'\0"s));
      while (!raw.ended() && reply.find("still here") == std::string::npos) {
        const std::string more = raw.ReadAll(900);
        if (more.empty()) break;
        reply += more;
      }
      tally.Expect(!raw.ended() && reply.find("still here") != std::string::npos,
                   bad.what + " leaves the connection usable", reply);
    }
    tally.Expect(OneOf(bad.states, FirstSqlState(reply)),
                 bad.what + " is answered by " + bad.states, reply);
    if (!others_live(bad.what)) return;
  }

  // Anything, in any state, cut anywhere.
  std::mt19937_64 random(20240229);
  for (int i = 0; i < 100; ++i) {
    RawConnection raw(server.port());
    if (i % 2 == 0 && !raw.Startup()) break;
    std::string bytes;
    for (uint64_t n = random() % 400; n > 0; --n) {
      bytes +=
          i % 4 < 2 ? static_cast<char>(random()) : "PBDESQHCdcfp\0\0\0\0\0\5\6"s[random() % 19];
    }
    raw.Send(bytes);
    if (i % 3 == 0) raw.ReadAll(10);
  }
  others_live("100 connections of random bytes");
  tally.Expect(other.Run("COMMIT").empty(), "its commit", other.message());
  tally.Expect(server.Stop(), "an orderly end", server.LogTail());
}

}  // namespace oxibase::bad_input
