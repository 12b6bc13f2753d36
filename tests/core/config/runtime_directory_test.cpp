#include <psyne/core/config/runtime_directory.hpp>

#include "directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace {

using psyne::Code;

class RuntimeDirectory : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* before = std::getenv("XDG_RUNTIME_DIR")) before_ = before;
  }
  void TearDown() override {
    before_.empty() ? unsetenv("XDG_RUNTIME_DIR") : setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
  }
  const psyne_test::Directory directory_;
  const std::string& parent_ = directory_.path();
  std::string before_;
};

TEST_F(RuntimeDirectory, IsTheSessionsWhereThatIsOursElseBelowTmp) {
  const std::string below_tmp = "/tmp/psyne-" + std::to_string(geteuid());
  setenv("XDG_RUNTIME_DIR", parent_.c_str(), 1);
  EXPECT_EQ(psyne::runtime_directory(), parent_ + "/psyne");
  setenv("XDG_RUNTIME_DIR", (parent_ + "/missing").c_str(), 1);
  EXPECT_EQ(psyne::runtime_directory(), below_tmp);
  setenv("XDG_RUNTIME_DIR", "relative", 1);
  EXPECT_EQ(psyne::runtime_directory(), below_tmp);
  unsetenv("XDG_RUNTIME_DIR");
  EXPECT_EQ(psyne::runtime_directory(), below_tmp);
  if (geteuid() != 0) return;
  ASSERT_EQ(chown(parent_.c_str(), 12345, 12345), 0);
  setenv("XDG_RUNTIME_DIR", parent_.c_str(), 1);
  EXPECT_EQ(psyne::runtime_directory(), below_tmp) << "sudo keeps the variable of another user";
}

TEST_F(RuntimeDirectory, IsMadeForItsUserAlone) {
  const std::string path = parent_ + "/own";
  const mode_t before = umask(0);
  ASSERT_TRUE(psyne::make_private_directory(path));
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  EXPECT_TRUE(psyne::make_private_directory(path)) << "making it again finds it";
}

TEST_F(RuntimeDirectory, WhatOthersMayEnterOrLeadElsewhereIsRefused) {
  const std::string path = parent_ + "/taken";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(symlink(path.c_str(), (parent_ + "/link").c_str()), 0);
  EXPECT_EQ(psyne::make_private_directory(parent_ + "/link").error().code(), Code::refused);
  ASSERT_EQ(chmod(path.c_str(), 0770), 0);
  const auto open = psyne::make_private_directory(path);
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().text().find("others may enter it"), std::string::npos);
  EXPECT_EQ(psyne::make_private_directory(parent_ + "/a/b").error().code(), Code::not_found);
  if (geteuid() != 0) return;
  ASSERT_EQ(chmod(path.c_str(), 0700), 0);
  ASSERT_EQ(chown(path.c_str(), 12345, 12345), 0);
  EXPECT_EQ(psyne::make_private_directory(path).error().code(), Code::refused);
}

}  // namespace
