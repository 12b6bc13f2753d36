// Control groups of machines and containers, laid out in a directory that stands for "/".
#include <psyne/core/topology/cgroup.hpp>

#include "directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace {

using psyne::cpu_quota;

class Cgroup : public testing::Test {
 protected:
  void write(const std::string& path, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  void mount_second_version(const std::string& shown = "/") {
    write("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda rw\n30 22 0:26 " + shown +
                                      " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  void mount_first_version(const std::string& shown = "/") {
    write("/proc/self/mountinfo",
          "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
          "33 30 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
          "32 30 0:28 " +
              shown + " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  }
  const psyne_test::Directory directory_;
  const std::string& root_ = directory_.path();
};

TEST_F(Cgroup, WithoutProcOrSysThereIsNoLimit) {
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
  mount_second_version();
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
  write("/proc/self/cgroup", "0::/a\n");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST_F(Cgroup, SecondVersionReadsTheGroupsLimit) {
  mount_second_version();
  write("/proc/self/cgroup", "0::/user.slice/job\n");
  write("/sys/fs/cgroup/user.slice/job/cpu.max", "150000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 1.5);
  write("/sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST_F(Cgroup, TheLeastOfAllAncestorsHolds) {
  mount_second_version();
  write("/proc/self/cgroup", "0::/a/b/c\n");
  write("/sys/fs/cgroup/a/b/c/cpu.max", "400000 100000\n");
  write("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  write("/sys/fs/cgroup/a/cpu.max", "50000 200000\n");
  EXPECT_EQ(cpu_quota(root_), 0.25);
}

TEST_F(Cgroup, AContainerSeesItsLimitAtTheMount) {
  mount_second_version();
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 2);
}

TEST_F(Cgroup, AGroupNamedFromOutsideIsLookedForAtTheMountAlone) {
  mount_second_version("/docker/5f3a");
  write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  write("/proc/self/cgroup", "0::/docker/5f3a\n");
  EXPECT_EQ(cpu_quota(root_), 3);
  write("/proc/self/cgroup", "0::/docker/5f3a/inner\n");
  write("/sys/fs/cgroup/inner/cpu.max", "100000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 1);
  write("/proc/self/cgroup", "0::/docker/5f3abc\n");
  EXPECT_EQ(cpu_quota(root_), 3) << "a longer name is another group";
  write("/proc/self/cgroup", "0::/../../other\n");
  EXPECT_EQ(cpu_quota(root_), 3);
}

TEST_F(Cgroup, FirstVersionReadsQuotaAndPeriod) {
  mount_first_version();
  write("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/a\n3:memory:/y\n");
  write("/sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us", "250000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpu_quota(root_), 2.5);
  write("/sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

TEST_F(Cgroup, FilesThatMakeNoSenseAreNoLimit) {
  mount_second_version();
  write("/proc/self/cgroup", "0::/\nnonsense\n1:\n");
  for (const char* text : {"", "\n", "100000\n", "0 100000\n", "100000 0\n", "-5 100000\n", "x y\n"}) {
    write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(cpu_quota(root_), std::nullopt) << text;
  }
  write("/proc/self/mountinfo", "- - -\n\n1 2 3 - cgroup2\n30 22 0:26 / /sys/fs/cgroup rw -\n");
  EXPECT_EQ(cpu_quota(root_), std::nullopt);
}

}  // namespace
