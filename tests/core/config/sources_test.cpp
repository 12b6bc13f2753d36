#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/uri/quantity.hpp>

#include "directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using psyne::Code;
using psyne::Config;
using psyne::Sources;
using psyne::Trust;

/// A directory of its own as current directory and home, and no PSYNE_ variable.
class SourcesTest : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(directory_);
    setenv("HOME", directory_.c_str(), 1);
    unsetenv("XDG_CONFIG_HOME");
    for (const char* variable : {"PSYNE_CONFIG", "PSYNE_CHANNEL_CAPACITY"}) unsetenv(variable);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    SetUpEnvironmentAgain();
  }
  static void SetUpEnvironmentAgain() {
    for (const char* variable : {"PSYNE_CONFIG", "PSYNE_CHANNEL_CAPACITY", "XDG_CONFIG_HOME"}) unsetenv(variable);
  }
  void write(const std::string& path, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(directory_ + '/' + path).parent_path());
    std::ofstream(directory_ + '/' + path) << text;
  }
  const psyne_test::Directory own_;
  const std::string& directory_ = own_.path();
  std::filesystem::path before_;
};

TEST_F(SourcesTest, TheFileIsTheChosenOneElseTheOneHereElseTheUsers) {
  EXPECT_EQ(Sources::of_process().path, "");
  write(".config/psyne/psyne.toml", "[channel]\ncapacity = \"1K\"");
  EXPECT_EQ(Sources::of_process().path, directory_ + "/.config/psyne/psyne.toml");
  write("xdg/psyne/psyne.toml", "[channel]\ncapacity = \"2K\"");
  setenv("XDG_CONFIG_HOME", (directory_ + "/xdg").c_str(), 1);
  EXPECT_EQ(Sources::of_process().path, directory_ + "/xdg/psyne/psyne.toml");
  write("psyne.toml", "[channel]\ncapacity = \"3K\"");
  EXPECT_EQ(Sources::of_process().path, "psyne.toml");
  write("chosen.toml", "[channel]\ncapacity = \"4K\"");
  setenv("PSYNE_CONFIG", "chosen.toml", 1);
  const Sources chosen = Sources::of_process();
  ASSERT_EQ(chosen.file.size(), 1u);
  EXPECT_EQ(chosen.file[0].key, "channel.capacity");
  EXPECT_EQ(chosen.file[0].text, "4K");
  EXPECT_EQ(chosen.file[0].where, "chosen.toml:2");
}

TEST_F(SourcesTest, AnEmptyChoiceMeansNoFile) {
  write("psyne.toml", "[channel]\ncapacity = \"3K\"");
  setenv("PSYNE_CONFIG", "", 1);
  const Sources sources = Sources::of_process();
  EXPECT_EQ(sources.path, "");
  EXPECT_TRUE(sources.file.empty());
}

TEST_F(SourcesTest, AChosenFileThatIsNotThereIsAProblem) {
  setenv("PSYNE_CONFIG", "/nowhere/psyne.toml", 1);
  const Sources sources = Sources::of_process();
  ASSERT_EQ(sources.problems.size(), 1u);
  EXPECT_EQ(sources.problems[0].text(),
            "cannot open the configuration file /nowhere/psyne.toml: No such file or directory (ENOENT).");
  EXPECT_FALSE(Config(psyne::Options(), sources).check());
}

TEST_F(SourcesTest, OnlyVariablesOfPsyneAreTaken) {
  setenv("PSYNE_CHANNEL_CAPACITY", "a=b", 1);
  setenv("PSYNEX", "1", 1);
  const Sources sources = Sources::of_process();
  unsetenv("PSYNEX");
  ASSERT_EQ(sources.environment.size(), 1u);
  EXPECT_EQ(sources.environment[0].key, "PSYNE_CHANNEL_CAPACITY");
  EXPECT_EQ(sources.environment[0].text, "a=b");
}

TEST_F(SourcesTest, AStrangersFileInTheCurrentDirectoryIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write("psyne.toml", "[ipc]\ndirectory = \"/tmp/trap\"");
  ASSERT_EQ(chown("psyne.toml", 12345, 12345), 0);
  const Sources sources = Sources::of_process();
  EXPECT_TRUE(sources.file.empty());
  ASSERT_EQ(sources.problems.size(), 1u);
  EXPECT_EQ(sources.problems[0].code(), Code::refused);
  setenv("PSYNE_CONFIG", "psyne.toml", 1);
  EXPECT_EQ(Sources::of_process().file.size(), 1u);
}

TEST_F(SourcesTest, PipesDirectoriesAndHugeFilesAreRefusedWithoutWaiting) {
  ASSERT_EQ(mkfifo("pipe", 0600), 0);
  EXPECT_EQ(psyne::read_file("pipe", Trust::anybodys).error().code(), Code::invalid_argument);
  EXPECT_EQ(psyne::read_file(".", Trust::anybodys).error().code(), Code::invalid_argument);
  write("huge.toml", std::string(1024 * 1024 + 1, '#'));
  EXPECT_EQ(psyne::read_file("huge.toml", Trust::anybodys).error().code(), Code::too_large);
  write("largest.toml", std::string(1024 * 1024, '#'));
  EXPECT_TRUE(psyne::read_file("largest.toml", Trust::anybodys));
}

TEST_F(SourcesTest, TheProcessReadsOnceAndLearnsModulesLater) {
  setenv("PSYNE_CHANNEL_CAPACITY", "7K", 1);
  setenv("PSYNE_TCP_PORT", "77", 1);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // its own process, so that its first use is the first
    static constexpr psyne::Option port[] = {{.name = "tcp.port", .kind = psyne::Kind::count, .fallback = "1"}};
    int wrong = 0;
    if (Config::process().bytes(psyne::option::channel_capacity) != 7 * psyne::KiB) wrong |= 1;
    setenv("PSYNE_CHANNEL_CAPACITY", "8K", 1);
    if (Config::process().bytes(psyne::option::channel_capacity) != 7 * psyne::KiB) wrong |= 2;
    if (Config::process().count(port[0]) != 1) wrong |= 4;
    Config::know("tcp", port);
    if (Config::process().count(port[0]) != 77) wrong |= 8;
    const auto* shown = Config::process().settings().data();
    Config::know("tcp", port);
    if (Config::process().settings().data() != shown) wrong |= 16;
    _exit(wrong);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  unsetenv("PSYNE_TCP_PORT");
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Toml, TablesAreJoinedByDots) {
  const auto entries = psyne::read_toml("a = 1\n[b]\nc.d = \"x\"\n[b.e]\nf = 1.5\ng = false\n", "f").value();
  std::string all;
  for (const auto& [key, text, where] : entries) all += key + '=' + text + '@' + where + ' ';
  EXPECT_EQ(all, "a=1@f:1 b.c.d=x@f:3 b.e.f=1.5@f:5 b.e.g=false@f:6 ");
}

TEST(Toml, MistakesNameTheirLine) {
  const auto broken = psyne::read_toml("[channel]\ncapacity = \n", "f.toml");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), Code::invalid_argument);
  EXPECT_NE(broken.error().text().find("cannot read f.toml:2"), std::string::npos) << broken.error().text();
  EXPECT_FALSE(psyne::read_toml("a = 1\na = 2\n", "f"));
  EXPECT_FALSE(psyne::read_toml("\xff\xfe", "f"));
  EXPECT_FALSE(psyne::read_toml(std::string(100'000, '['), "f"));
}

TEST(Toml, ArraysAndDatesAreRefused) {
  EXPECT_EQ(psyne::read_toml("[b]\na = [1]\n", "f").error().text(),
            "cannot use b.a in f:2: it is an array or a date. Write a string, a number, true or false.");
  EXPECT_FALSE(psyne::read_toml("a = 1979-05-27\n", "f"));
}

}  // namespace
