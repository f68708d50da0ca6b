#include <string>
#include <vector>

#include "checks.h"

namespace oxibase::bad_input {
namespace {

using server_process::ServerProcess;
using std::string_literals::operator""s;

std::string Repeat(int n, std::string_view text) {
  std::string all;
  all.reserve(static_cast<size_t>(n) * text.size());
  for (int i = 0; i < n; ++i) all += text;
  return all;
}

/// Ten thousand levels of everything that nests. Parentheses alone leave no trace in a syntax tree,
/// so they may as well be accepted.
void CheckNesting(Client& client, Tally& tally) {
  constexpr int kLevels = 10'000;
  struct Nested {
    const char* what;
    std::string sql;
    bool may_pass = false;
  };
  const Nested statements[] = {
      {"parentheses", "SELECT " + Repeat(kLevels, "(") + "1" + Repeat(kLevels, ")"), true},
      {"unclosed parentheses", "SELECT " + Repeat(kLevels, "(")},
      {"additions", "SELECT " + Repeat(kLevels, "1+") + "1"},
      {"signs", "SELECT " + Repeat(kLevels, "- ") + "1", true},
      {"NOT", "SELECT " + Repeat(kLevels, "NOT ") + "true"},
      {"AND and OR", "SELECT true" + Repeat(kLevels, " AND (true OR false") + Repeat(kLevels, ")")},
      {"function calls", "SELECT " + Repeat(kLevels, "abs(") + "1" + Repeat(kLevels, ")")},
      {"casts", "SELECT 1" + Repeat(kLevels, "::int"), true},
      {"CASE", "SELECT " + Repeat(kLevels, "CASE WHEN true THEN ") + "1" + Repeat(kLevels, " END")},
      {"arrays", "SELECT " + Repeat(kLevels, "ARRAY[") + "1" + Repeat(kLevels, "]")},
      {"rows", "SELECT " + Repeat(kLevels, "ROW(") + "1" + Repeat(kLevels, ")")},
      {"subqueries", "SELECT " + Repeat(kLevels, "(SELECT ") + "1" + Repeat(kLevels, ")")},
      {"subqueries in FROM",
       Repeat(kLevels, "SELECT * FROM (") + "SELECT 1" + Repeat(kLevels, ") x")},
      {"UNION", "SELECT 1" + Repeat(kLevels, " UNION SELECT 1")},
      {"joins", "SELECT 1 FROM t" + Repeat(kLevels, " CROSS JOIN t")},
      {"CTEs in CTEs",
       Repeat(kLevels, "WITH x AS (") + "SELECT 1" + Repeat(kLevels, ") SELECT * FROM x")},
      {"EXISTS", "SELECT 1" + Repeat(kLevels, " WHERE EXISTS (SELECT 1") + Repeat(kLevels, ")")},
      {"JSON", "SELECT '" + Repeat(kLevels, "[") + Repeat(kLevels, "]") + "'::jsonb"},
      {"JSON text",
       "SELECT '" + Repeat(kLevels, "{\"a\":") + "1" + Repeat(kLevels, "}") + "'::json"},
      {"array text", "SELECT '" + Repeat(kLevels, "{") + Repeat(kLevels, "}") + "'::int[]"},
      {"a regular expression", "SELECT 'a' ~ '" + Repeat(kLevels, "(") + Repeat(kLevels, ")") + "'",
       true},
      {"a view of expressions", "CREATE VIEW v AS SELECT " + Repeat(kLevels, "1+") + "1"},
      {"a check", "CREATE TABLE c (a int CHECK (" + Repeat(kLevels, "NOT ") + "(a > 1)))"},
      {"comments", Repeat(kLevels, "/*") + Repeat(kLevels, "*/") + " SELECT 1", true},
  };
  for (const Nested& nested : statements) {
    const std::string what = nested.what + " 10,000 deep"s;
    const std::string state = client.Run(nested.sql);
    const bool refused = state == "54001" || state == "42601" || state == "53200" ||
                         state == "22P02" || state == "2201B" || state == "54000";
    tally.Expect(refused || (nested.may_pass && state.empty()), what + " is refused",
                 state + " " + client.message());
    if (client.Value("SELECT 'alive'") != "alive") {
      return tally.Expect(false, "the connection after " + what, client.message());
    }
  }
}

void CheckSizes(Client& client, Tally& tally) {
  tally.Expect(client.Value("SHOW statement_bytes_max") == "64MB", "statement_bytes_max is 64MB");
  const std::string longest = "SELECT length('" + Repeat(1 << 20, "x") + "')";
  tally.Expect(client.Value(longest) == "1048576", "a statement of a MiB", client.message());
  tally.Expect(client.Run("SET statement_bytes_max = '1MB'").empty(), "a lower bound",
               client.message());
  tally.Expect(client.Run(longest) == "54000", "a statement past statement_bytes_max",
               client.message());
  tally.Expect(client.message().find("statement_bytes_max") != std::string::npos,
               "its message names the setting", client.message());
  tally.Expect(client.Run("SET statement_bytes_max = 1").substr(0, 5) == "22023",
               "a bound below which nothing could be said", client.message());
  tally.Expect(client.Run("RESET statement_bytes_max").empty(), "RESET", client.message());
  tally.Expect(client.Run("SELECT '" + Repeat(65 << 10, Repeat(1024, "x")) + "'") == "54000",
               "a statement of 65 MiB", client.message());

  tally.Expect(client
                   .Run("CREATE TABLE big (id int PRIMARY KEY, v text, w text);"
                        "INSERT INTO big VALUES (1, 'first', NULL)")
                   .empty(),
               "set-up", client.message());
  const std::string too_large =
      client.Run("INSERT INTO big SELECT 2, repeat('x', 600000000), repeat('y', 600000000)");
  tally.Expect(too_large == "54000" || too_large == "53200", "a row of more than a GiB",
               too_large + " " + client.message());
  tally.Expect(!client.Run("SELECT repeat('x', 2000000000)").empty(), "a value of 2 GB",
               client.message());
  tally.Expect(client.Run("UPDATE big SET v = repeat('x', 1100000000)") != "", "the same by UPDATE",
               client.message());
  tally.Expect(client.Value("SELECT string_agg(id || v, ',') FROM big") == "1first",
               "what was there stays", client.message());
  tally.Expect(client.Run("INSERT INTO big VALUES (2, repeat('x', 10000000))").empty() &&
                   client.Value("SELECT length(v) FROM big WHERE id = 2") == "10000000",
               "a row of 10 MB", client.message());
  std::string columns = "CREATE TABLE wide (c0 int";
  for (int i = 1; i <= 2000; ++i) columns += ", c" + std::to_string(i) + " int";
  tally.Expect(client.Run(columns + ")") == "54011", "a table of 2,001 columns", client.message());
  std::string key = "INSERT INTO k VALUES (repeat(md5('a'), 1000))";
  tally.Expect(client.Run("CREATE TABLE k (a text PRIMARY KEY)").empty(), "set-up");
  const std::string state = client.Run(key);
  tally.Expect(state.empty() || state == "54000", "a key of 32,000 bytes", client.message());
}

void CheckCopy(Client& client, Tally& tally) {
  const std::string head = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"s;
  const std::string row = "\0\1\0\0\0\4\0\0\0\7"s;
  const std::string end = "\xff\xff"s;
  tally.Expect(client.Run("CREATE TABLE copied (a int)").empty(), "set-up", client.message());
  const std::string copy = "COPY copied FROM STDIN (FORMAT binary)";
  tally.Expect(client.CopyIn(copy, head + row + end).empty(), "COPY binary", client.message());
  struct Bad {
    const char* what;
    std::string data;
  };
  const Bad all[] = {
      {"no signature", "1\n2\n"},
      {"a cut signature", head.substr(0, 7)},
      {"unknown critical flags", head.substr(0, 11) + "\1\0\0\0\0\0\0\0"s + row + end},
      {"an extension longer than the data", head.substr(0, 15) + "\x7f\xff\xff\xff"s + row},
      {"a wrong number of fields", head + "\0\2\0\0\0\4\0\0\0\7"s + end},
      {"a negative number of fields", head + "\x80\0"s},
      {"a field longer than the data", head + "\0\1\x7f\xff\xff\xff\0"s},
      {"a field of negative length", head + "\0\1\xff\xff\xff\xf0"s},
      {"an integer of three bytes", head + "\0\1\0\0\0\3\0\0\0"s + end},
      {"a cut row", head + row.substr(0, 7)},
      {"bytes after the end", head + row + end + "x"},
  };
  for (const Bad& bad : all) {
    const std::string state = client.CopyIn(copy, bad.data);
    tally.Expect(state == "22P04" || state == "22P03" || state == "08P01",
                 "COPY binary with "s + bad.what, state + " " + client.message());
    tally.Expect(client.Value("SELECT count(*) FROM copied") == "1", "nothing of it is kept",
                 client.message());
  }
  for (const char* text : {"1\t2\n", "x\n", "\\.\n1\n2\tx\n", "99999999999\n", "\xff\n"}) {
    const std::string state = client.CopyIn("COPY copied FROM STDIN", text);
    tally.Expect((state.size() == 5 && state.starts_with("22")) || text[0] == '\\',
                 "COPY of the text "s + text, state + " " + client.message());
  }
  tally.Expect(client.Value("SELECT count(*) FROM copied") == "1", "nothing of it is kept",
               client.message());
  tally.Expect(
      client.CopyIn("COPY copied FROM STDIN (FORMAT csv)", "\"1\n").substr(0, 5) == "22P04",
      "COPY csv with an open quote", client.message());
}

}  // namespace

void CheckStatements(const Place& place, Tally& tally) {
  ServerProcess server(place.program, place.folder);
  if (!server.Start() || !server.WaitReady()) {
    return tally.Expect(false, "the server starts", server.LogTail());
  }
  Client client(server.conninfo());
  tally.Expect(client.Run("CREATE TABLE t (a int)").empty(), "set-up", client.message());
  CheckNesting(client, tally);
  CheckSizes(client, tally);
  CheckCopy(client, tally);
  tally.Expect(server.Stop(), "an orderly end", server.LogTail());
  tally.Expect(server.Start() && server.WaitReady(), "and a start after it", server.LogTail());
  Client again(server.conninfo());
  tally.Expect(again.Value("SELECT string_agg(id || left(v, 5), ',' ORDER BY id) FROM big") ==
                   "1first,2xxxxx",
               "the rows are there", again.message());
}

}  // namespace oxibase::bad_input
