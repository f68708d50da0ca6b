#include "expr/type_io.h"

#include <gtest/gtest.h>

namespace oxibase {
namespace {

struct Case {
  const char* type;
  int32_t typmod;
  const char* zone;
  const char* date_style;
  const char* interval_style;
  const char* input;
  const char* expected;
};
constexpr Case kCases[] = {
#include "expr/type_io_cases.inc"
};

std::string ReadAndPrint(const Case& c) {
  IoSettings settings;
  settings.time_zone = c.zone;
  settings.date_style = c.date_style;
  settings.interval_style = c.interval_style;
  const TypeIo io(settings);
  const Type type(FindTypeByName(c.type), c.typmod);
  const auto value = TextIn(type, c.input, io);
  if (!value.ok()) return std::string(SqlState(value.code()));
  std::string out;
  TextOut(*value, io, &out);
  out.push_back('|');
  std::string binary;
  EXPECT_TRUE(BinaryOut(*value, io, &binary).ok());
  for (const unsigned char byte : binary) out += fmt::format("{:02x}", byte);
  const auto back = BinaryIn(type, binary, io);
  EXPECT_TRUE(back.ok() && *back == *value) << c.type << " does not survive its binary form";
  return out;
}

TEST(TypeIo, AnswersAsPostgres) {
  for (const Case& c : kCases) {
    EXPECT_EQ(ReadAndPrint(c), c.expected) << c.type << " '" << c.input << "' " << c.zone << ' '
                                           << c.date_style << ' ' << c.interval_style;
  }
}

TEST(TypeIo, RefusesMalformedBinary) {
  const TypeIo io;
  EXPECT_EQ(BinaryIn(TypeId::kInt4, "abc", io).code(), ErrorCode::kProtocolViolation);
  EXPECT_EQ(BinaryIn(TypeId::kInt4, "abcde", io).code(), ErrorCode::kInvalidBinaryRepresentation);
  EXPECT_EQ(BinaryIn(TypeId::kText, "\xFF", io).code(), ErrorCode::kCharacterNotInRepertoire);
  EXPECT_EQ(BinaryIn(TypeId::kText, std::string_view("a\0", 2), io).code(),
            ErrorCode::kCharacterNotInRepertoire);
  // An array that claims many elements and holds none.
  const std::string huge("\0\0\0\1\0\0\0\0\0\0\0\x17\x07\xFF\xFF\xFF\0\0\0\1", 20);
  EXPECT_FALSE(BinaryIn(TypeId::kInt4Array, huge, io).ok());
  EXPECT_FALSE(BinaryIn(TypeId::kNumeric, std::string(8, '\x7F'), io).ok());
}

TEST(TypeIo, ModifiersReachIntoArrays) {
  const TypeIo io;
  const Type type(TypeId::kVarcharArray, 4 + 2);
  Value value = *TextIn(TypeId::kVarcharArray, "[2:4]={abc,NULL,d}", io);
  Value copy = value;
  EXPECT_EQ(CoerceTypmod(type, false, &copy).code(), ErrorCode::kStringDataRightTruncation);
  ASSERT_TRUE(CoerceTypmod(type, true, &value).ok());
  std::string out;
  TextOut(value, io, &out);
  EXPECT_EQ(out, "[2:4]={ab,NULL,d}");
}

TEST(TypeIo, DeepJsonIsRefused) {
  const TypeIo io;
  const std::string deep(100000, '[');
  EXPECT_EQ(TextIn(TypeId::kJsonb, deep, io).code(), ErrorCode::kStatementTooComplex);
  EXPECT_EQ(TextIn(TypeId::kJson, deep, io).code(), ErrorCode::kStatementTooComplex);
}

TEST(TypeIo, Utf8) {
  EXPECT_TRUE(CheckUtf8("plain ascii, long enough for words").ok());
  EXPECT_TRUE(CheckUtf8("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80").ok());
  EXPECT_FALSE(CheckUtf8("\xC0\x80").ok());
  EXPECT_FALSE(CheckUtf8("\xED\xA0\x80").ok());
  EXPECT_FALSE(CheckUtf8("\xE2\x82").ok());
  EXPECT_EQ(Utf8Length("gr\xC3\xBC\xC3\x9F"), 4u);
  EXPECT_EQ(Utf8Prefix("gr\xC3\xBC\xC3\x9F", 3), 4u);
}

}  // namespace
}  // namespace oxibase
