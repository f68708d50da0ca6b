#include "env/overlay_file_system.h"

#include <gtest/gtest.h>

#include "env/sim_file_system.h"

namespace oxibase {
namespace {

class OverlayFileSystemTest : public ::testing::Test {
 protected:
  OverlayFileSystemTest() {
    for (const char* folder : {"db", "db/data", "changes"})
      EXPECT_TRUE(below_.MakeDirectory(folder).ok());
    Put(below_, "db/a", "one");
    Put(below_, "db/data/b", "two");
  }
  static void Put(FileSystem& files, const std::string& path, std::string_view text) {
    auto file = files.Open(path, OpenMode::kCreateOrEmpty);
    ASSERT_TRUE(file.ok()) << file.status().message();
    ASSERT_TRUE((*file)->Append(AsBytes(text)).ok());
  }
  std::string Get(FileSystem& files, const std::string& path) {
    const auto text = files.ReadFile(path);
    return text.ok() ? *text : "error";
  }
  using Names = std::vector<std::string>;

  SimFileSystem below_;
  OverlayFileSystem files_{below_, "db", "changes"};
};

TEST_F(OverlayFileSystemTest, WritesStayAbove) {
  EXPECT_EQ(Get(files_, "db/data/b"), "two");
  {
    auto file = files_.Open("db/data/b", OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok() && (*file)->Append(AsBytes("!")).ok());
  }
  Put(files_, "db/data/c", "three");
  Put(files_, "db/a", "new");
  EXPECT_EQ(Get(files_, "db/data/b"), "two!");
  EXPECT_EQ(Get(files_, "db/a"), "new");
  EXPECT_EQ(*files_.List("db/data"), (Names{"b", "c"}));
  EXPECT_EQ(Get(below_, "db/data/b"), "two");
  EXPECT_EQ(Get(below_, "db/a"), "one");
  EXPECT_EQ(*below_.List("db/data"), (Names{"b"}));
}

TEST_F(OverlayFileSystemTest, WhatIsRemovedIsHidden) {
  ASSERT_TRUE(files_.Remove("db/data/b").ok());
  EXPECT_FALSE(*files_.Exists("db/data/b"));
  EXPECT_EQ(files_.Open("db/data/b", OpenMode::kRead).status().code(), ErrorCode::kUndefinedFile);
  EXPECT_EQ(files_.Open("db/data/b", OpenMode::kReadWrite).status().code(),
            ErrorCode::kUndefinedFile);
  EXPECT_EQ(files_.Remove("db/data/b").code(), ErrorCode::kUndefinedFile);
  EXPECT_EQ(*files_.List("db/data"), Names());
  EXPECT_EQ(Get(below_, "db/data/b"), "two");
  ASSERT_TRUE(files_.Open("db/data/b", OpenMode::kCreateNew).ok());
  EXPECT_EQ(*files_.List("db/data"), (Names{"b"}));
  EXPECT_EQ(Get(files_, "db/data/b"), "");
}

TEST_F(OverlayFileSystemTest, Renames) {
  ASSERT_TRUE(files_.Rename("db/a", "db/data/b").ok());
  EXPECT_EQ(Get(files_, "db/data/b"), "one");
  EXPECT_EQ(*files_.List("db"), (Names{"data"}));
  ASSERT_TRUE(files_.WriteFileAtomically("db/a", AsBytes("more")).ok());
  EXPECT_EQ(*files_.List("db"), (Names{"a", "data"}));
  EXPECT_EQ(files_.Rename("db/x", "db/y").code(), ErrorCode::kUndefinedFile);
  EXPECT_FALSE(files_.Rename("db/a", "a").ok());
  EXPECT_EQ(Get(below_, "db/a"), "one");
  EXPECT_EQ(Get(below_, "db/data/b"), "two");
}

TEST_F(OverlayFileSystemTest, FoldersAndLocks) {
  EXPECT_EQ(files_.MakeDirectory("db/data").code(), ErrorCode::kDuplicateFile);
  ASSERT_TRUE(files_.MakeDirectory("db/tmp").ok());
  EXPECT_EQ(*files_.List("db"), (Names{"a", "data", "tmp"}));
  EXPECT_FALSE(files_.RemoveDirectory("db/data").ok());
  ASSERT_TRUE(files_.RemoveDirectory("db/tmp").ok());
  const auto lock = files_.Lock("db/lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(files_.Lock("db/lock").status().code(), ErrorCode::kLockFileExists);
  EXPECT_EQ(*below_.List("db"), (Names{"a", "data"}));
}

TEST_F(OverlayFileSystemTest, OtherPathsAreThoseBelow) {
  ASSERT_TRUE(files_.MakeDirectory("db2").ok());
  Put(files_, "db2/a", "x");
  EXPECT_EQ(Get(below_, "db2/a"), "x");
  EXPECT_EQ(files_.Open("dbx/a", OpenMode::kRead).status().code(), ErrorCode::kUndefinedFile);
}

}  // namespace
}  // namespace oxibase
