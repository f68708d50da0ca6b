// What a session is shown before it is durable, and how long its reply must then wait.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "engine/database.h"
#include "engine/session.h"

namespace oxibase {
namespace {

class VisibilityTest : public testing::Test {
 protected:
  VisibilityTest() {
    char name[] = "/tmp/oxi_visibility_XXXXXX";
    folder_ = mkdtemp(name);
    DatabaseOptions options;
    options.path = folder_;
    auto database = Database::Open(options);
    EXPECT_TRUE(database.ok()) << database.status().message();
    database_ = std::move(database).value();
  }
  ~VisibilityTest() override {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::unique_ptr<Session> Connect() { return *database_->Connect({}); }

  /// Runs one statement to its end, without waiting for the disk. Rows returned.
  size_t Run(Session& session, std::string_view sql) {
    auto statement = session.Prepare(sql, {});
    EXPECT_TRUE(statement.ok()) << statement.status().message();
    auto portal = session.Bind(*statement, {});
    EXPECT_TRUE(portal.ok()) << portal.status().message();
    size_t rows = 0;
    for (;;) {
      const auto batch = (*portal)->Next(0);
      EXPECT_TRUE(batch.ok()) << batch.status().message();
      if (!batch.ok() || *batch == nullptr) break;
      rows += (*batch)->size;
    }
    portal->reset();
    EXPECT_TRUE(session.EndImplicit().ok());
    return rows;
  }

  std::string folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(VisibilityTest, RowsOfACommitThatIsNotDurableHoldTheReplyBack) {
  auto a = Connect(), b = Connect();
  ASSERT_TRUE(
      a->Execute("CREATE TABLE t (k int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0)").ok());
  Run(*a, "UPDATE t SET v = 1 WHERE k = 1");
  const Lsn written = a->pending_lsn();
  Run(*b, "BEGIN");
  EXPECT_EQ(Run(*b, "SELECT v FROM t WHERE v = 1 FOR UPDATE"), 1u);
  // Unless the log's thread was quicker, in which case there is nothing to wait for.
  EXPECT_TRUE(b->pending_lsn() >= written || database_->durable_lsn() >= written);
  EXPECT_GT(b->pending_lsn(), Lsn(0));
  Run(*b, "ROLLBACK");
  EXPECT_TRUE(b->WaitDurable().ok());
  EXPECT_GE(database_->durable_lsn(), written);
}

}  // namespace
}  // namespace oxibase
