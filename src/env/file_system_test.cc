#include "env/file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "env/env.h"
#include "env/mutex.h"
#include "env/thread.h"

namespace oxibase {
namespace {

class PosixFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "oxi_env_" + std::to_string(getpid());
    ASSERT_TRUE(files_.MakeDirectory(folder_).ok());
  }
  void TearDown() override {
    auto names = files_.List(folder_);
    ASSERT_TRUE(names.ok());
    for (const std::string& name : *names) EXPECT_TRUE(files_.Remove(At(name)).ok());
    EXPECT_TRUE(files_.RemoveDirectory(folder_).ok());
  }
  std::string At(const std::string& name) { return JoinPath(folder_, name); }

  FileSystem& files_ = Env::Real().files();
  std::string folder_;
};

TEST_F(PosixFilesTest, AtomicWriteReplacesAndReadsBack) {
  ASSERT_TRUE(files_.WriteFileAtomically(At("m"), AsBytes("one")).ok());
  ASSERT_TRUE(files_.WriteFileAtomically(At("m"), AsBytes("second")).ok());
  auto bytes = files_.ReadFile(At("m"));
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, "second");
  EXPECT_EQ(files_.List(folder_)->size(), 1u);
}

TEST_F(PosixFilesTest, ASecondLockIsRefusedUntilTheFirstIsGone) {
  auto first = files_.Lock(At("lock"));
  ASSERT_TRUE(first.ok());
  auto second = files_.Lock(At("lock"));
  EXPECT_EQ(second.code(), ErrorCode::kLockFileExists);
  EXPECT_NE(second.status().info().detail.find(std::to_string(getpid())), std::string::npos);
  // The folder is locked as well: a file that was removed by hand lets nobody in.
  ASSERT_TRUE(files_.Remove(At("lock")).ok());
  EXPECT_EQ(files_.Lock(At("lock")).code(), ErrorCode::kLockFileExists);
  first->reset();
  EXPECT_TRUE(files_.Lock(At("lock")).ok());
}

TEST_F(PosixFilesTest, ErrorsNameThePathAndTheReason) {
  auto missing = files_.Open(At("nothing"), OpenMode::kRead);
  EXPECT_EQ(missing.code(), ErrorCode::kUndefinedFile);
  EXPECT_NE(missing.status().message().find("nothing"), std::string_view::npos);
  ASSERT_TRUE(files_.Open(At("f"), OpenMode::kCreateNew).ok());
  EXPECT_EQ(files_.Open(At("f"), OpenMode::kCreateNew).code(), ErrorCode::kDuplicateFile);
  std::byte one[1];
  EXPECT_EQ((*files_.Open(At("f"), OpenMode::kRead))->ReadExactlyAt(5, one).code(),
            ErrorCode::kDataCorrupted);
}

TEST_F(PosixFilesTest, AllocatedSpaceReadsAsZeros) {
  auto file = files_.Open(At("f"), OpenMode::kCreateNew);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->WriteAt(0, AsBytes("abc")).ok());
  ASSERT_TRUE((*file)->Allocate(8192).ok());
  EXPECT_EQ(*(*file)->Size(), 8192u);
  std::byte tail[4];
  ASSERT_TRUE((*file)->ReadExactlyAt(1, tail).ok());
  EXPECT_EQ(tail[0], std::byte{'b'});
  EXPECT_EQ(tail[3], std::byte{0});
}

TEST(MutexTest, CondVarWakesAndTimesOut) {
  Mutex mu;
  CondVar cv;
  bool ready = false;
  Thread thread("setter", [&] {
    MutexLock lock(mu);
    ready = true;
    cv.NotifyAll();
  });
  {
    MutexLock lock(mu);
    while (!ready) cv.Wait(mu);
    EXPECT_FALSE(cv.WaitFor(mu, 1000) && false);
  }
  thread.Join();
}

}  // namespace
}  // namespace oxibase
