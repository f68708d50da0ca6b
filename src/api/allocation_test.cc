// A prepared point SELECT allocates nothing once it is warm. Every malloc of this program is
// counted, by thread; operator new ends in malloc.

#include <errno.h>
#include <gmock/gmock.h>

#include "oxibase/oxibase.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OXI_COUNTS_ALLOCATIONS 0  // the sanitizer has malloc for itself
#else
#define OXI_COUNTS_ALLOCATIONS 1
#endif

namespace {
thread_local int64_t allocations = 0;
}

#if OXI_COUNTS_ALLOCATIONS
extern "C" {
// glibc's own names of its allocator.
void* __libc_malloc(size_t size);                  // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(size_t count, size_t size);    // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* old, size_t size);      // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(size_t align, size_t size);  // NOLINT(bugprone-reserved-identifier)

void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}
void* memalign(size_t align, size_t size) {
  ++allocations;
  return __libc_memalign(align, size);
}
void* aligned_alloc(size_t align, size_t size) { return memalign(align, size); }
int posix_memalign(void** out, size_t align, size_t size) {
  *out = memalign(align, size);
  return *out ? 0 : ENOMEM;
}
}
#endif

namespace {

using oxibase::Connection;
using oxibase::Database;
using oxibase::Statement;

constexpr int kWarmUp = 100;
constexpr int kRuns = 1000;

class AllocationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!OXI_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer has malloc for itself";
    c_.Execute(
        "CREATE TABLE t (id int PRIMARY KEY, big bigint, name text, note text, price numeric(10,2),"
        " ratio float8, born date, seen timestamptz, flag bool, part int, code text UNIQUE);"
        "INSERT INTO t SELECT i, i * 1000000007::int8, 'n' || i,"
        " 'a note too long to lie inline: ' || i, i / 4.0, i / 3.0,"
        " date '2020-01-01' + i, timestamptz '2020-01-01' + i * interval '1 minute',"
        " i % 2 = 0, i % 7, 'code ' || i FROM generate_series(1, 3000) i;"
        "CREATE UNIQUE INDEX ON t (part, id);"
        "CREATE INDEX ON t USING hash (big); ANALYZE");
  }

  /// What `run(i)` allocates in kRuns calls, after it has been warmed up.
  template <typename Run>
  int64_t Count(Run&& run) {
    for (int i = 1; i <= kWarmUp; ++i) run(i);
    const int64_t before = allocations;
    for (int i = 1; i <= kRuns; ++i) run(i);
    return allocations - before;
  }

  Database db_;
  Connection c_ = db_.Connect();
  uint64_t touched_ = 0;
};

TEST_F(AllocationTest, TheCounterCounts) {
  // The compiler may leave out what it can see both ends of.
  void* volatile raw = nullptr;
  EXPECT_EQ(Count([&](int) {
              raw = malloc(1);
              free(raw);
            }),
            kRuns);
  int64_t* volatile made = nullptr;
  EXPECT_EQ(Count([&](int) {
              made = new int64_t;
              delete made;
            }),
            kRuns);
}

TEST_F(AllocationTest, PointSelectByAnInteger) {
  Statement s = c_.Prepare("SELECT id, big, name FROM t WHERE id = $1");
  EXPECT_EQ(Count([&](int i) {
              s.Bind(1, i);
              ASSERT_TRUE(s.Step());
              touched_ += static_cast<uint64_t>(s.Get<int64_t>(1));
              touched_ += s.Get<std::string_view>(2).size();
              ASSERT_FALSE(s.Step());
              s.Reset();
            }),
            0);
}

TEST_F(AllocationTest, PointSelectOfEveryColumn) {
  Statement s = c_.Prepare("SELECT * FROM t WHERE id = $1");
  EXPECT_EQ(Count([&](int i) {
              s.Bind(1, i);
              ASSERT_TRUE(s.Step());
              for (int column = 0; column < s.column_count(); ++column) {
                touched_ += s.Text(column).size();
              }
              ASSERT_FALSE(s.Step());
            }),
            0);
}

TEST_F(AllocationTest, PointSelectByATextKey) {
  Statement s = c_.Prepare("SELECT id, note FROM t WHERE code = $1");
  std::vector<std::string> keys;
  for (int i = 0; i <= kRuns; ++i) {
    keys.push_back("code " + std::to_string(i));
  }
  EXPECT_EQ(Count([&](int i) {
              s.Bind(1, keys[static_cast<size_t>(i)]);
              ASSERT_TRUE(s.Step());
              touched_ += s.Get<std::string_view>(1).size();
              ASSERT_FALSE(s.Step());
            }),
            0);
}

TEST_F(AllocationTest, PointSelectByALongTextKey) {
  c_.Execute("UPDATE t SET code = 'a code that is too long to lie inline: ' || id");
  Statement s = c_.Prepare("SELECT id FROM t WHERE code = $1");
  std::vector<std::string> keys;
  for (int i = 0; i <= kRuns; ++i) {
    keys.push_back("a code that is too long to lie inline: " + std::to_string(1000 + i));
  }
  EXPECT_EQ(Count([&](int i) {
              s.Bind(1, keys[static_cast<size_t>(i)]);
              ASSERT_TRUE(s.Step());
              touched_ += static_cast<uint64_t>(s.Get<int64_t>(0));
              ASSERT_FALSE(s.Step());
            }),
            0);
}

TEST_F(AllocationTest, PointSelectByAKeyOfTwoColumns) {
  Statement s = c_.Prepare("SELECT name FROM t WHERE part = $1 AND id = $2");
  EXPECT_EQ(Count([&](int i) {
              s.BindAll(i % 7, i);
              ASSERT_TRUE(s.Step());
              touched_ += s.Get<std::string_view>(0).size();
              ASSERT_FALSE(s.Step());
            }),
            0);
}

TEST_F(AllocationTest, PointSelectByAHashIndex) {
  Statement s = c_.Prepare("SELECT name FROM t WHERE big = $1");
  EXPECT_EQ(Count([&](int i) {
              s.Bind(1, i * int64_t{1000000007});
              ASSERT_TRUE(s.Step());
              ASSERT_FALSE(s.Step());
            }),
            0);
}

TEST_F(AllocationTest, PointSelectThatFindsNothingAndExpressions) {
  Statement s = c_.Prepare("SELECT id + 1, price * 2, flag FROM t WHERE id = $1 AND part <> 99");
  EXPECT_EQ(Count([&](int i) {
              s.Bind(1, -i);
              ASSERT_FALSE(s.Step());
              s.Bind(1, i);
              ASSERT_TRUE(s.Step());
              touched_ += static_cast<uint64_t>(s.Get<double>(1));
              s.Reset();
            }),
            0);
}

TEST_F(AllocationTest, PointSelectsOfSeveralStatementsByTurns) {
  Statement a = c_.Prepare("SELECT name FROM t WHERE id = $1");
  Statement b = c_.Prepare("SELECT note FROM t WHERE code = 'code 7'");
  EXPECT_EQ(Count([&](int i) {
              a.Bind(1, i);
              ASSERT_TRUE(a.Step());
              ASSERT_FALSE(a.Step());
              b.Reset();
              ASSERT_TRUE(b.Step());
              ASSERT_FALSE(b.Step());
            }),
            0);
}

TEST_F(AllocationTest, PointSelectInATransaction) {
  Statement s = c_.Prepare("SELECT name FROM t WHERE id = $1");
  oxibase::Transaction transaction = c_.Begin();
  EXPECT_EQ(Count([&](int i) {
              s.Bind(1, i);
              ASSERT_TRUE(s.Step());
              ASSERT_FALSE(s.Step());
            }),
            0);
}

}  // namespace
