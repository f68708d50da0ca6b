// Portals of the protocol and cursors of DECLARE: one name space, each reached from both sides. And
// what a client sees of COPY, of a BEGIN that fails and of changed tables.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/database.h"
#include "server/pgwire/protocol.h"

namespace oxibase::pgwire {
namespace {

std::string Int32(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string Framed(const std::string& type, const std::string& body) {
  return type + Int32(static_cast<uint32_t>(body.size() + 4)) + body;
}

std::string Zero(const std::string& text) { return text + '\0'; }

std::string Query(const std::string& sql) { return Framed("Q", Zero(sql)); }
std::string Parse(const std::string& sql) {
  return Framed("P", Zero("") + Zero(sql) + std::string(2, '\0'));
}
/// Parameters as text.
std::string Bind(const std::string& portal, const std::vector<std::string>& params = {}) {
  std::string body =
      Zero(portal) + Zero("") + std::string(3, '\0') + static_cast<char>(params.size());
  for (const std::string& param : params) {
    body += Int32(static_cast<uint32_t>(param.size())) + param;
  }
  return Framed("B", body + std::string(2, '\0'));
}
std::string Describe(const std::string& portal) { return Framed("D", "P" + Zero(portal)); }
std::string DescribeStatement() { return Framed("D", "S" + Zero("")); }
std::string Execute(const std::string& portal, uint32_t rows) {
  return Framed("E", Zero(portal) + Int32(rows));
}
std::string Close(const std::string& portal) { return Framed("C", "P" + Zero(portal)); }
const std::string kSync = Framed("S", "");

class PortalsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::Open({});
    ASSERT_TRUE(opened.ok());
    database_ = std::move(*opened);
    protocol_ =
        std::make_unique<Protocol>(*database_, "test", Protocol::Hooks{[] { return true; }, [] {}});
    ASSERT_TRUE(protocol_->Feed(Framed("", Int32(3 << 16) + Zero("user") + Zero("postgres") +
                                               Zero("database") + Zero("postgres") + '\0')));
    protocol_->output().Truncate(0);
  }

  /// The replies, a word each: "C(SELECT 2)", "D(1)", "E(34000)", "T(a)", "Z(T)", "2" ...
  std::string Ask(const std::string& messages) {
    EXPECT_TRUE(protocol_->Feed(messages));
    const std::string reply = *protocol_->output().buffer();
    protocol_->output().Truncate(0);
    std::string words;
    for (size_t at = 0; at + 5 <= reply.size();) {
      const char type = reply[at];
      const size_t length = Number(reply, at + 1, 4);
      const std::string body = reply.substr(at + 5, length - 4);
      at += 1 + length;
      words += (words.empty() ? "" : " ") + std::string(1, type);
      const std::string inside = Inside(type, body);
      if (!inside.empty()) words += "(" + inside + ")";
    }
    return words;
  }

 private:
  static size_t Number(const std::string& bytes, size_t at, size_t count) {
    size_t number = 0;
    for (size_t i = 0; i < count; ++i) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
    return number;
  }

  static std::string Inside(char type, const std::string& body) {
    std::string text;
    switch (type) {
      case 'C':
      case 'Z':
        return body.c_str();
      case 'd':
        return std::to_string(body.size());
      case 'D':
        for (size_t at = 2; at < body.size();) {
          const size_t size = Number(body, at, 4);
          text += (text.empty() ? "" : ",") + body.substr(at + 4, size);
          at += 4 + size;
        }
        return text;
      case 'E':
        return body.substr(body.find(Zero("") + "C") + 2, 5);
      case 'T':
        for (size_t at = 2; at < body.size(); at = body.find('\0', at) + 19) {
          text += (text.empty() ? "" : ",") + std::string(body.c_str() + at);
        }
        return text;
      case 't':
        for (size_t at = 2; at < body.size(); at += 4) {
          text += (text.empty() ? "" : ",") + std::to_string(Number(body, at, 4));
        }
        return text;
      default:
        return "";
    }
  }

  std::unique_ptr<Database> database_;
  std::unique_ptr<Protocol> protocol_;
};

TEST_F(PortalsTest, CopySendsAMessageForEachRow) {
  EXPECT_EQ(Ask(Query("COPY (VALUES (1, 'a'), (22, 'bb')) TO STDOUT")),
            "H d(4) d(6) c C(COPY 2) Z(I)");
  EXPECT_EQ(Ask(Query("COPY (VALUES (1), (22)) TO STDOUT (FORMAT csv, HEADER)")),
            "H d(8) d(2) d(3) c C(COPY 2) Z(I)");
  // The header lies before the first row; the end is a message of its own.
  EXPECT_EQ(Ask(Query("COPY (VALUES (1), (22)) TO STDOUT (FORMAT binary)")),
            "H d(29) d(10) d(2) c C(COPY 2) Z(I)");
  EXPECT_EQ(Ask(Query("COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT binary)")),
            "H d(21) c C(COPY 0) Z(I)");
}

TEST_F(PortalsTest, ARefusedBeginBeginsNothing) {
  EXPECT_EQ(Ask(Query("BEGIN ISOLATION LEVEL SERIALIZABL")), "E(42601) Z(I)");
  EXPECT_EQ(Ask(Query("SELECT 1 AS a")), "T(a) D(1) C(SELECT 1) Z(I)");
}

TEST_F(PortalsTest, PlainTextsFollowTheirTables) {
  Ask(Query("CREATE TABLE rt (a int, b int)"));
  Ask(Query("INSERT INTO rt VALUES (7, 1)"));
  EXPECT_EQ(Ask(Query("SELECT * FROM rt WHERE a = 7")), "T(a,b) D(7,1) C(SELECT 1) Z(I)");
  Ask(Query("ALTER TABLE rt ADD z int DEFAULT 5"));
  EXPECT_EQ(Ask(Query("SELECT * FROM rt WHERE a = 7")), "T(a,b,z) D(7,1,5) C(SELECT 1) Z(I)");
}

TEST_F(PortalsTest, ProtocolReadsDeclaredCursor) {
  for (const std::string options : {"", "SCROLL", "NO SCROLL"}) {
    EXPECT_EQ(Ask(Query("BEGIN") +
                  Query("DECLARE \"my \"\"c\" " + options +
                        " CURSOR FOR SELECT g AS a, -g AS b FROM generate_series(1, 5) g")),
              "C(BEGIN) Z(T) C(DECLARE CURSOR) Z(T)");
    EXPECT_EQ(Ask(Describe("my \"c") + Execute("my \"c", 2) + kSync),
              "T(a,b) D(1,-1) D(2,-2) s Z(T)");
    EXPECT_EQ(Ask(Query("FETCH 1 FROM \"my \"\"c\"")), "T(a,b) D(3,-3) C(FETCH 1) Z(T)");
    EXPECT_EQ(Ask(Execute("my \"c", 0) + Execute("my \"c", 0) + kSync),
              "D(4,-4) D(5,-5) C(SELECT 2) C(SELECT 0) Z(T)");
    EXPECT_EQ(Ask(Close("my \"c") + Describe("my \"c") + kSync), "3 E(34000) Z(E)");
    EXPECT_EQ(Ask(Query("ROLLBACK")), "C(ROLLBACK) Z(I)");
  }
}

TEST_F(PortalsTest, HeldCursorOutlivesItsTransaction) {
  Ask(Query("BEGIN") + Query("DECLARE c CURSOR WITH HOLD FOR VALUES (1), (2)") + Query("COMMIT"));
  EXPECT_EQ(Ask(Describe("c") + Execute("c", 1) + kSync), "T(column1) D(1) s Z(I)");
  EXPECT_EQ(Ask(Execute("c", 0) + kSync), "D(2) C(SELECT 1) Z(I)");
  EXPECT_EQ(Ask(Close("c") + kSync), "3 Z(I)");
  EXPECT_EQ(Ask(Query("FETCH c")), "E(34000) Z(I)");
}

TEST_F(PortalsTest, FetchReadsPortalOfProtocol) {
  Ask(Query("BEGIN"));
  EXPECT_EQ(
      Ask(Parse("SELECT g FROM generate_series(1, 6) g") + Bind("p") + Execute("p", 2) + kSync),
      "1 2 D(1) D(2) s Z(T)");
  EXPECT_EQ(Ask(Query("FETCH 2 FROM p")), "T(g) D(3) D(4) C(FETCH 2) Z(T)");
  EXPECT_EQ(Ask(Query("MOVE 1 FROM p")), "C(MOVE 1) Z(T)");
  EXPECT_EQ(Ask(Execute("p", 0) + kSync), "D(6) C(SELECT 1) Z(T)");
  EXPECT_EQ(Ask(Query("CLOSE p")), "C(CLOSE CURSOR) Z(T)");
  EXPECT_EQ(Ask(Execute("p", 0) + kSync), "E(34000) Z(E)");
  EXPECT_EQ(Ask(Query("ROLLBACK")), "C(ROLLBACK) Z(I)");
}

TEST_F(PortalsTest, StatementsWithAQueryInsideTakeItsParameters) {
  EXPECT_EQ(Ask(Parse("CREATE TABLE pt AS SELECT g AS a, $2::text AS b "
                      "FROM generate_series(1, $1::int) g") +
                DescribeStatement() + Bind("", {"2", "x"}) + Execute("", 0) + kSync),
            "1 t(23,25) n 2 C(SELECT 2) Z(I)");
  EXPECT_EQ(Ask(Query("SELECT * FROM pt")), "T(a,b) D(1,x) D(2,x) C(SELECT 2) Z(I)");
  EXPECT_EQ(Ask(Parse("SELECT a INTO pt2 FROM pt WHERE a > $1") + DescribeStatement() +
                Bind("", {"1"}) + Execute("", 0) + kSync),
            "1 t(23) n 2 C(SELECT 1) Z(I)");
  EXPECT_EQ(Ask(Parse("CREATE TABLE pt3 AS SELECT $1 + $2") + kSync), "E(42725) Z(I)");
  EXPECT_EQ(Ask(Parse("EXPLAIN (COSTS OFF) CREATE TABLE pt3 AS SELECT a FROM pt WHERE a > $1") +
                DescribeStatement() + kSync),
            "1 t(23) T(QUERY PLAN) Z(I)");
  EXPECT_EQ(Ask(Query("BEGIN") + Parse("DECLARE c CURSOR FOR SELECT a FROM pt WHERE a >= $1") +
                DescribeStatement() + Bind("", {"1"}) + Execute("", 0) + kSync),
            "C(BEGIN) Z(T) 1 t(23) n 2 C(DECLARE CURSOR) Z(T)");
  EXPECT_EQ(Ask(Query("FETCH ALL FROM c") + Query("FETCH BACKWARD 1 FROM c")),
            "T(a) D(1) D(2) C(FETCH 2) Z(T) T(a) D(2) C(FETCH 1) Z(T)");
  EXPECT_EQ(Ask(Parse("UPDATE pt SET b = $1 WHERE CURRENT OF c RETURNING a") + Bind("", {"y"}) +
                Execute("", 0) + kSync),
            "1 2 D(2) C(UPDATE 1) Z(T)");
  EXPECT_EQ(Ask(Query("COMMIT")), "C(COMMIT) Z(I)");
}

TEST_F(PortalsTest, OneNameSpace) {
  Ask(Query("BEGIN"));
  EXPECT_EQ(Ask(Parse("SELECT 1") + Bind("p") + Bind("p") + kSync), "1 2 E(42P03) Z(E)");
  Ask(Query("ROLLBACK") + Query("BEGIN"));
  EXPECT_EQ(Ask(Parse("SELECT 1") + Bind("p") + kSync + Query("DECLARE p CURSOR FOR SELECT 2")),
            "1 2 Z(T) E(42P03) Z(E)");
  Ask(Query("ROLLBACK") + Query("BEGIN"));
  EXPECT_EQ(Ask(Query("DECLARE p CURSOR FOR SELECT 2") + Parse("SELECT 1") + Bind("p") + kSync),
            "C(DECLARE CURSOR) Z(T) 1 E(42P03) Z(E)");
  Ask(Query("ROLLBACK") + Query("BEGIN"));
  // A name is free again when either side has closed it.
  EXPECT_EQ(Ask(Parse("SELECT 1") + Bind("p") + Close("p") + kSync +
                Query("DECLARE p CURSOR FOR SELECT 2") + Query("CLOSE ALL") + Parse("SELECT 3") +
                Bind("p") + kSync + Query("CLOSE p") + Parse("SELECT 4 AS x") + Bind("p") +
                Execute("p", 0) + kSync),
            "1 2 3 Z(T) C(DECLARE CURSOR) Z(T) C(CLOSE CURSOR ALL) Z(T) 1 2 Z(T) "
            "C(CLOSE CURSOR) Z(T) 1 2 D(4) C(SELECT 1) Z(T)");
}

TEST_F(PortalsTest, FetchOfItselfIsRefused) {
  Ask(Query("BEGIN"));
  EXPECT_EQ(Ask(Parse("FETCH 1 FROM p") + Bind("p") + Execute("p", 0) + kSync),
            "1 2 E(34000) Z(E)");
}

TEST_F(PortalsTest, PortalEndsWithItsTransaction) {
  EXPECT_EQ(Ask(Parse("SELECT 1") + Bind("p") + kSync), "1 2 Z(I)");
  EXPECT_EQ(Ask(Execute("p", 0) + kSync), "E(34000) Z(I)");
  EXPECT_EQ(Ask(Parse("SELECT 1") + Bind("p") + Execute("p", 0) + kSync),
            "1 2 D(1) C(SELECT 1) Z(I)");
}

TEST_F(PortalsTest, ParametersOfTheQueryInside) {
  EXPECT_EQ(Ask(Parse("EXPLAIN (COSTS OFF) SELECT $1::int + g FROM generate_series(1, $2) g") +
                DescribeStatement() + Bind("", {"7", "2"}) + kSync),
            "1 t(23,23) T(QUERY PLAN) 2 Z(I)");
  const std::string analyzed =
      Ask(Parse("EXPLAIN (ANALYZE, COSTS OFF) SELECT g FROM generate_series(1, $1) g") +
          Bind("", {"3"}) + Execute("", 0) + kSync);
  EXPECT_NE(analyzed.find("rows=3"), std::string::npos) << analyzed;
  Ask(Query("BEGIN"));
  EXPECT_EQ(
      Ask(Parse("DECLARE c CURSOR FOR SELECT g FROM generate_series($1, 9) g") +
          DescribeStatement() + Bind("", {"8"}) + Execute("", 0) + kSync + Query("FETCH ALL c")),
      "1 t(23) n 2 C(DECLARE CURSOR) Z(T) T(g) D(8) D(9) C(FETCH 2) Z(T)");
  EXPECT_EQ(Ask(Query("EXPLAIN SELECT $1::int")), "E(42P02) Z(E)");
}

}  // namespace
}  // namespace oxibase::pgwire
