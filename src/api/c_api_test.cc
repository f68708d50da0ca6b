// The C API against absurd callers: an error each, never a crash.

#include <gmock/gmock.h>

#include <cstring>

#include "oxibase/oxibase.h"

namespace {

std::string LastState() { return oxibase_error_field(OXIBASE_SQLSTATE); }

TEST(CApiTest, ARoundTrip) {
  oxibase_database* db = nullptr;
  ASSERT_EQ(oxibase_open(nullptr, 0, &db), OXIBASE_OK);
  oxibase_connection* c = nullptr;
  ASSERT_EQ(oxibase_connect(db, &c), OXIBASE_OK);
  uint64_t rows = 9;
  ASSERT_EQ(oxibase_execute(c, "CREATE TABLE t (a int, b text)", -1, &rows), OXIBASE_OK);
  EXPECT_EQ(rows, 0U);
  const char sql[] = "INSERT INTO t VALUES ($1, $2) and what lies behind";
  oxibase_statement* s = nullptr;
  ASSERT_EQ(oxibase_prepare(c, sql, 29, &s), OXIBASE_OK);
  EXPECT_EQ(oxibase_parameter_count(s), 2);
  EXPECT_EQ(oxibase_parameter_type(s, 1), 23U);
  EXPECT_EQ(oxibase_parameter_type(s, 3), 0U);
  ASSERT_EQ(oxibase_bind_int64(s, 1, 5), OXIBASE_OK);
  ASSERT_EQ(oxibase_bind_text(s, 2, "five and more", 4), OXIBASE_OK);
  ASSERT_EQ(oxibase_step(s), OXIBASE_DONE);
  EXPECT_EQ(oxibase_rows(s), 1U);
  EXPECT_STREQ(oxibase_command_tag(s), "INSERT 0 1");
  ASSERT_EQ(oxibase_run(s, &rows), OXIBASE_OK);
  EXPECT_EQ(rows, 1U);
  oxibase_finalize(s);
  ASSERT_EQ(oxibase_prepare(c, "SELECT a, b, NULL FROM t", -1, &s), OXIBASE_OK);
  ASSERT_EQ(oxibase_step(s), OXIBASE_ROW);
  int64_t a = 0;
  const char* b = nullptr;
  size_t size = 0;
  EXPECT_EQ(oxibase_get_int64(s, 0, &a), OXIBASE_OK);
  EXPECT_EQ(a, 5);
  EXPECT_EQ(oxibase_get_text(s, 1, &b, &size), OXIBASE_OK);
  EXPECT_EQ(std::string(b, size), "five");
  EXPECT_EQ(oxibase_get_text(s, 2, &b, &size), OXIBASE_NULL);
  EXPECT_EQ(size, 0U);
  EXPECT_EQ(oxibase_is_null(s, 2), 1);
  ASSERT_EQ(oxibase_step(s), OXIBASE_ROW);
  ASSERT_EQ(oxibase_step(s), OXIBASE_DONE);
  oxibase_finalize(s);
  oxibase_disconnect(c);
  oxibase_close(db);
}

TEST(CApiTest, NullHandlesAndPlacesAreErrors) {
  int64_t i64 = 0;
  int32_t i32 = 0;
  int flag = 0;
  double real = 0;
  const char* text = nullptr;
  const void* bytes = nullptr;
  size_t size = 0;
  uint8_t uuid[16] = {};
  oxibase_connection* c = nullptr;
  oxibase_statement* s = nullptr;
  EXPECT_EQ(oxibase_open(nullptr, 0, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(LastState(), "22023");
  EXPECT_EQ(oxibase_checkpoint(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_connect(nullptr, &c), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_execute(nullptr, "SELECT 1", -1, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_cancel(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_begin(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_commit(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_rollback(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_transaction_status(nullptr), 0);
  EXPECT_EQ(oxibase_set_notice(nullptr, nullptr, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_prepare(nullptr, "SELECT 1", -1, &s), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_parameter_count(nullptr), 0);
  EXPECT_EQ(oxibase_parameter_type(nullptr, 1), 0U);
  EXPECT_EQ(oxibase_bind_null(nullptr, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_bool(nullptr, 1, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_int64(nullptr, 1, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_double(nullptr, 1, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_text(nullptr, 1, "", -1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_bytes(nullptr, 1, "", 0), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_date(nullptr, 1, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_time(nullptr, 1, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_timestamp(nullptr, 1, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_interval(nullptr, 1, 1, 1, 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_uuid(nullptr, 1, uuid), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_clear_bindings(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_step(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_fetch(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_reset(nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_run(nullptr, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_rows(nullptr), 0U);
  EXPECT_STREQ(oxibase_command_tag(nullptr), "");
  EXPECT_EQ(oxibase_column_count(nullptr), 0);
  EXPECT_EQ(oxibase_column_name(nullptr, 0), nullptr);
  EXPECT_EQ(oxibase_column_type(nullptr, 0), 0U);
  EXPECT_EQ(oxibase_column_type_name(nullptr, 0), nullptr);
  EXPECT_EQ(oxibase_is_null(nullptr, 0), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_bool(nullptr, 0, &flag), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_int64(nullptr, 0, &i64), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_double(nullptr, 0, &real), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_text(nullptr, 0, &text, &size), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_bytes(nullptr, 0, &bytes, &size), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_date(nullptr, 0, &i32), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_time(nullptr, 0, &i64), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_timestamp(nullptr, 0, &i64), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_interval(nullptr, 0, &i32, &i32, &i64), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_uuid(nullptr, 0, uuid), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_cursor_of(nullptr), nullptr);
  EXPECT_EQ(oxibase_copy_write(nullptr, "", 0), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_copy_finish(nullptr, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_copy_read(nullptr, &text, &size), OXIBASE_ERROR);
  EXPECT_EQ(LastState(), "22023");
  oxibase_close(nullptr);
  oxibase_disconnect(nullptr);
  oxibase_finalize(nullptr);
  EXPECT_STREQ(oxibase_error_field(static_cast<oxibase_field>(99)), "");
  EXPECT_STREQ(oxibase_error_field(static_cast<oxibase_field>(-1)), "");
}

class AbsurdTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(oxibase_open("", 0, &db_), OXIBASE_OK);
    ASSERT_EQ(oxibase_connect(db_, &c_), OXIBASE_OK);
  }
  void TearDown() override {
    oxibase_disconnect(c_);
    oxibase_close(db_);
  }
  oxibase_database* db_ = nullptr;
  oxibase_connection* c_ = nullptr;
};

TEST_F(AbsurdTest, ArgumentsOutOfRange) {
  oxibase_database* other = db_;
  EXPECT_EQ(oxibase_open(nullptr, 1U << 31, &other), OXIBASE_ERROR);
  EXPECT_EQ(other, nullptr);
  EXPECT_EQ(oxibase_execute(c_, nullptr, -1, nullptr), OXIBASE_ERROR);
  oxibase_statement* s = nullptr;
  EXPECT_EQ(oxibase_prepare(c_, nullptr, 5, &s), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_prepare(c_, "SELECT 1", -1, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_prepare(c_, "SELECT \xff", -1, &s), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_prepare(c_, "SELECT\0 1", 9, &s), OXIBASE_ERROR);
  ASSERT_EQ(oxibase_prepare(c_, "SELECT $1::text, $2::bytea, $3::uuid", -1, &s), OXIBASE_OK);
  for (const int32_t index : {0, -1, 4, INT32_MIN, INT32_MAX}) {
    EXPECT_EQ(oxibase_bind_null(s, index), OXIBASE_ERROR);
    EXPECT_EQ(oxibase_bind_text(s, index, "x", -1), OXIBASE_ERROR);
    EXPECT_EQ(LastState(), "22023");
  }
  EXPECT_EQ(oxibase_bind_text(s, 1, nullptr, -1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_text(s, 1, nullptr, 7), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_bytes(s, 2, nullptr, 7), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_uuid(s, 3, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_bind_text(s, 1, nullptr, 0), OXIBASE_OK);
  EXPECT_EQ(oxibase_bind_bytes(s, 2, nullptr, 0), OXIBASE_OK);
  ASSERT_EQ(oxibase_step(s), OXIBASE_ROW);
  int64_t value = 0;
  size_t size = 0;
  const char* text = nullptr;
  for (const int32_t index : {-1, 3, INT32_MIN, INT32_MAX}) {
    EXPECT_EQ(oxibase_is_null(s, index), OXIBASE_ERROR);
    EXPECT_EQ(oxibase_get_int64(s, index, &value), OXIBASE_ERROR);
    EXPECT_EQ(oxibase_get_text(s, index, &text, &size), OXIBASE_ERROR);
    EXPECT_EQ(oxibase_column_name(s, index), nullptr);
    EXPECT_EQ(oxibase_column_type(s, index), 0U);
    EXPECT_EQ(oxibase_column_type_name(s, index), nullptr);
  }
  EXPECT_EQ(oxibase_get_int64(s, 0, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_text(s, 0, nullptr, &size), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_text(s, 0, &text, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_bytes(s, 0, nullptr, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_interval(s, 0, nullptr, nullptr, &value), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_get_uuid(s, 2, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_copy_write(s, "x", 1), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_copy_finish(s, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_copy_read(s, nullptr, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_step(s), OXIBASE_DONE);
  EXPECT_EQ(oxibase_is_null(s, 0), OXIBASE_ERROR);
  EXPECT_EQ(LastState(), "24000");
  oxibase_finalize(s);
}

TEST_F(AbsurdTest, HugeTexts) {
  const std::string deep = std::string(200000, '(') + "1";
  EXPECT_EQ(oxibase_execute(c_, deep.data(), static_cast<ptrdiff_t>(deep.size()), nullptr),
            OXIBASE_ERROR);
  const std::string large(size_t{3} << 20, 'x');
  oxibase_statement* s = nullptr;
  ASSERT_EQ(oxibase_prepare(c_, "SELECT length($1)", -1, &s), OXIBASE_OK);
  ASSERT_EQ(oxibase_bind_text(s, 1, large.data(), static_cast<ptrdiff_t>(large.size())),
            OXIBASE_OK);
  ASSERT_EQ(oxibase_step(s), OXIBASE_ROW);
  int64_t length = 0;
  EXPECT_EQ(oxibase_get_int64(s, 0, &length), OXIBASE_OK);
  EXPECT_EQ(length, static_cast<int64_t>(large.size()));
  oxibase_finalize(s);
}

TEST_F(AbsurdTest, CallsInTheWrongOrder) {
  oxibase_statement* s = nullptr;
  ASSERT_EQ(oxibase_prepare(c_, "SELECT 1", -1, &s), OXIBASE_OK);
  EXPECT_EQ(oxibase_reset(s), OXIBASE_OK);
  EXPECT_EQ(oxibase_reset(s), OXIBASE_OK);
  EXPECT_EQ(oxibase_fetch(s), OXIBASE_ROW);
  EXPECT_EQ(oxibase_fetch(s), OXIBASE_DONE);
  EXPECT_EQ(oxibase_fetch(s), OXIBASE_DONE);
  EXPECT_EQ(oxibase_step(s), OXIBASE_DONE);
  EXPECT_EQ(oxibase_run(s, nullptr), OXIBASE_OK);
  // Closed in the wrong order, the statement last.
  oxibase_disconnect(c_);
  c_ = nullptr;
  oxibase_close(db_);
  db_ = nullptr;
  EXPECT_EQ(oxibase_step(s), OXIBASE_ERROR);
  EXPECT_EQ(LastState(), "08003");
  EXPECT_EQ(oxibase_run(s, nullptr), OXIBASE_ERROR);
  EXPECT_EQ(oxibase_copy_write(s, "x", 1), OXIBASE_ERROR);
  EXPECT_STREQ(oxibase_column_name(s, 0), "?column?");
  oxibase_finalize(s);
}

TEST(CApiTest, TheVersionIsTheProjects) { EXPECT_STRNE(oxibase_version(), ""); }

}  // namespace
