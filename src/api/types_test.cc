// Every type's way through the C++ API: bound, read, refused.

#include <gmock/gmock.h>

#include "oxibase/oxibase.hpp"

namespace {

using namespace std::chrono_literals;
using oxibase::Bytes;
using oxibase::Connection;
using oxibase::Database;
using oxibase::Error;
using oxibase::Interval;
using oxibase::Statement;
using oxibase::TimeOfDay;
using oxibase::Timestamp;
using oxibase::Uuid;
using std::chrono::sys_days;

class TypesTest : public testing::Test {
 protected:
  /// Through a parameter of `type` and back.
  template <typename T>
  T There(const char* type, const T& value) {
    return c_.QueryValue<T>(std::string("SELECT $1::") + type, value);
  }
  /// What SQL prints of `value` as a `type`; "error SQLSTATE" if it is refused.
  template <typename T>
  std::string Printed(const char* type, const T& value) {
    try {
      return c_.QueryValue<std::string>(std::string("SELECT ($1::") + type + ")::text", value);
    } catch (const Error& error) {
      return "error " + error.sqlstate();
    }
  }
  template <typename T>
  std::string ReadError(const char* sql) {
    try {
      c_.QueryValue<T>(sql);
    } catch (const Error& error) {
      return error.sqlstate();
    }
    return "";
  }

  Database db_;
  Connection c_ = db_.Connect();
};

TEST_F(TypesTest, ValuesComeBackAsTheyWent) {
  EXPECT_EQ(There("bool", true), true);
  EXPECT_EQ(There<int16_t>("int2", -32768), -32768);
  EXPECT_EQ(There<int32_t>("int4", 2147483647), 2147483647);
  EXPECT_EQ(There<int64_t>("int8", INT64_MIN), INT64_MIN);
  EXPECT_EQ(There<uint32_t>("oid", UINT32_MAX), UINT32_MAX);
  EXPECT_EQ(There("float4", 1.5F), 1.5F);
  EXPECT_EQ(There("float8", 1e300), 1e300);
  EXPECT_EQ(There<int64_t>("numeric", 1234567890123456789), 1234567890123456789);
  EXPECT_EQ(There("numeric", 0.25), 0.25);
  EXPECT_EQ(There<std::string>("numeric", "12345678901234567890.123456789"),
            "12345678901234567890.123456789");
  EXPECT_EQ(There<std::string>("text", "ein längerer Text als zwölf Bytes"),
            "ein längerer Text als zwölf Bytes");
  EXPECT_EQ(There<std::string>("text", ""), "");
  EXPECT_EQ(There<std::string>("varchar", "kurz"), "kurz");
  EXPECT_EQ(There<std::string>("json", "{\"a\": 1}"), "{\"a\": 1}");
  EXPECT_EQ(There<std::string>("jsonb", "{\"a\":1}"), "{\"a\": 1}");
  EXPECT_EQ(There<std::string>("int[]", "{1,NULL,3}"), "{1,NULL,3}");
  const std::vector<std::byte> bytes = {std::byte{0}, std::byte{255}, std::byte{1}};
  EXPECT_EQ(There("bytea", bytes), bytes);
  EXPECT_EQ(There("bytea", std::vector<std::byte>()), std::vector<std::byte>());
  EXPECT_EQ(There<sys_days>("date", sys_days(2024y / 2 / 29)), sys_days(2024y / 2 / 29));
  EXPECT_EQ(There<TimeOfDay>("time", 13h + 5min + 7us), 13h + 5min + 7us);
  const Timestamp moment = sys_days(1969y / 12 / 31) + 23h + 59min + 1us;
  EXPECT_EQ(There("timestamp", moment), moment);
  EXPECT_EQ(There("timestamptz", moment), moment);
  const Interval interval{14, -3, 5min};
  EXPECT_EQ(There("interval", interval), interval);
  const Uuid uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};
  EXPECT_EQ(There("uuid", uuid), uuid);
}

TEST_F(TypesTest, SqlSeesWhatWasBound) {
  EXPECT_EQ(Printed("date", sys_days(2024y / 2 / 29)), "2024-02-29");
  EXPECT_EQ(Printed("timestamp", Timestamp(sys_days(2000y / 1 / 1)) + 1s), "2000-01-01 00:00:01");
  EXPECT_EQ(Printed("timestamp", sys_days(2024y / 2 / 29)), "2024-02-29 00:00:00");
  EXPECT_EQ(Printed("interval", Interval{1, 2, 3s}), "1 mon 2 days 00:00:03");
  EXPECT_EQ(Printed("bool", 1), "true");
  EXPECT_EQ(Printed("int", true), "1");
  EXPECT_EQ(Printed("int", 5.0), "5");
  EXPECT_EQ(Printed("int", " 7 "), "7");
  EXPECT_EQ(Printed("text", 42), "42");
  EXPECT_EQ(Printed("text", 0.5), "0.5");
  EXPECT_EQ(Printed("numeric(5,2)", 7), "7.00");
  EXPECT_EQ(Printed("float8", 7), "7");
  EXPECT_EQ(Printed("numeric", UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(Printed("date", "infinity"), "infinity");
}

TEST_F(TypesTest, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(Printed("int2", 40000), "error 22003");
  EXPECT_EQ(Printed("int4", int64_t{1} << 40), "error 22003");
  EXPECT_EQ(Printed("int8", UINT64_MAX), "error 22003");
  EXPECT_EQ(Printed("int4", 1.5), "error 22P02");
  EXPECT_EQ(Printed("int8", 1e30), "error 22003");
  EXPECT_EQ(Printed("float4", 1e300), "error 22003");
  EXPECT_EQ(Printed("int4", "seven"), "error 22P02");
  EXPECT_EQ(Printed("text", "\xff"), "error 22021");
  EXPECT_EQ(Printed("text", std::string("a\0b", 3)), "error 22021");
  EXPECT_EQ(Printed("int4", sys_days(2024y / 2 / 29)), "error 22P02");
  EXPECT_EQ(Printed("int4", Interval{}), "error 42804");
  EXPECT_EQ(Printed("int4", Uuid{}), "error 42804");
  EXPECT_EQ(Printed("int4", Timestamp()), "error 42804");
  EXPECT_EQ(Printed("text", std::vector<std::byte>(2)), "error 42804");
  EXPECT_EQ(Printed("time", TimeOfDay(25h)), "error 22008");
  EXPECT_EQ(Printed("uuid", "no"), "error 22P02");
}

TEST_F(TypesTest, ReadingAsAnotherTypeIsRefusedOrExact) {
  EXPECT_EQ(ReadError<int16_t>("SELECT 70000"), "22003");
  EXPECT_EQ(ReadError<uint32_t>("SELECT -1"), "22003");
  EXPECT_EQ(ReadError<int>("SELECT 1.5"), "22003");
  EXPECT_EQ(ReadError<int>("SELECT 'NaN'::numeric"), "22003");
  EXPECT_EQ(ReadError<int64_t>("SELECT 1e30::numeric"), "22003");
  EXPECT_EQ(ReadError<int>("SELECT 'x'"), "42804");
  EXPECT_EQ(ReadError<int>("SELECT 1.0::float8"), "42804");
  EXPECT_EQ(ReadError<bool>("SELECT 1"), "42804");
  EXPECT_EQ(ReadError<double>("SELECT true"), "42804");
  EXPECT_EQ(ReadError<sys_days>("SELECT now()"), "42804");
  EXPECT_EQ(ReadError<Timestamp>("SELECT current_date"), "42804");
  EXPECT_EQ(ReadError<Uuid>("SELECT 1"), "42804");
  EXPECT_EQ(ReadError<Interval>("SELECT 1"), "42804");
  EXPECT_EQ(ReadError<int>("SELECT NULL::int"), "22002");
  EXPECT_EQ(c_.QueryValue<int>("SELECT 2.00"), 2);
  EXPECT_EQ(c_.QueryValue<int>("SELECT true"), 1);
  EXPECT_EQ(c_.QueryValue<double>("SELECT 7::int2"), 7.0);
  EXPECT_EQ(c_.QueryValue<float>("SELECT 0.5::float8"), 0.5F);
}

TEST_F(TypesTest, AnythingHasAText) {
  Statement s = c_.Prepare(
      "SELECT 1, 2.50, 'x', true, '\\x00ff'::bytea, date '2024-02-29', "
      "interval '1 day', ARRAY['a', NULL], '{\"a\": [1]}'::jsonb, NULL::int, 1.5::float8, "
      "'pg_class'::regclass, ROW(1, 'a'), 'c'::\"char\"");
  ASSERT_TRUE(s.Step());
  std::string all;
  for (int i = 0; i < s.column_count(); ++i) all += std::string(s.Text(i)) + "|";
  EXPECT_EQ(all,
            "1|2.50|x|t|\\x00ff|2024-02-29|1 day|{a,NULL}|{\"a\": [1]}||1.5|pg_class|(1,a)|c|");
}

TEST_F(TypesTest, TextFollowsTheSettings) {
  c_.Execute("SET DateStyle = 'German'; SET bytea_output = 'escape'; SET TimeZone = 'Asia/Tokyo'");
  EXPECT_EQ(c_.QueryValue<std::string>("SELECT date '2024-02-29'"), "29.02.2024");
  EXPECT_EQ(c_.QueryValue<std::string>("SELECT '\\x61'::bytea"), "a");
  EXPECT_EQ(c_.QueryValue<std::string>("SELECT $1::timestamptz", Timestamp()),
            "01.01.1970 09:00:00 JST");
}

TEST_F(TypesTest, InfinitiesKeepTheirNumbers) {
  Statement s = c_.Prepare("SELECT date 'infinity', timestamp '-infinity'");
  ASSERT_TRUE(s.Step());
  int32_t days = 0;
  int64_t micros = 0;
  EXPECT_EQ(oxibase_get_date(s.handle(), 0, &days), OXIBASE_OK);
  EXPECT_EQ(oxibase_get_timestamp(s.handle(), 1, &micros), OXIBASE_OK);
  EXPECT_EQ(days, INT32_MAX);
  EXPECT_EQ(micros, INT64_MIN);
  Statement back = c_.Prepare("SELECT $1::date, $2::timestamp");
  oxibase_bind_date(back.handle(), 1, INT32_MIN);
  oxibase_bind_timestamp(back.handle(), 2, INT64_MAX);
  ASSERT_TRUE(back.Step());
  EXPECT_EQ(back.Text(0), "-infinity");
  EXPECT_EQ(back.Text(1), "infinity");
}

TEST_F(TypesTest, ClearedBindingsAreNull) {
  Statement s = c_.Prepare("SELECT $1::int, $2::text");
  s.BindAll(1, "a long text that is not inline");
  s.ClearBindings();
  ASSERT_TRUE(s.Step());
  EXPECT_TRUE(s.IsNull(0) && s.IsNull(1));
  s.Bind(2, std::optional<std::string>());
  s.Bind(1, std::optional<int>(3));
  ASSERT_TRUE(s.Step());
  EXPECT_EQ(s.Get<int>(0), 3);
  EXPECT_TRUE(s.IsNull(1));
}

TEST_F(TypesTest, BorrowedBytesOfAColumn) {
  Statement s = c_.Prepare("SELECT '\\x0102'::bytea, 'text'");
  ASSERT_TRUE(s.Step());
  const Bytes bytes = s.Get<Bytes>(0);
  ASSERT_EQ(bytes.size(), 2U);
  EXPECT_EQ(bytes[1], std::byte{2});
  EXPECT_EQ(s.Get<Bytes>(1).size(), 4U);
}

}  // namespace
