#include <psyne/core/log/log.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

namespace logging = psyne::logging;
using logging::Level;
using logging::Line;

/// Lines of one test. Static, since a sink that was set is kept.
std::mutex mutex;
std::vector<std::string> lines;

class Log : public testing::Test {
 protected:
  void SetUp() override {
    lines.clear();
    logging::set_sink([](const Line& line) {
      const std::lock_guard lock(mutex);
      lines.push_back(std::string(name(line.level)) + ' ' + std::string(line.module) + ' ' + std::string(line.message));
    });
    logging::set_level(Level::debug);
  }
  void TearDown() override {
    logging::set_level(Level::off);
    logging::set_sink({});
  }
};

TEST_F(Log, JoinsItsParts) {
  const std::string text = "text";
  logging::write(Level::info, "ipc", "a ", text, ' ', -7, ' ', std::uint64_t{1} << 63, ' ', 0.25, ' ', true,
                 std::string_view("!"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "info ipc a text -7 9223372036854775808 0.25 true!");
}

TEST_F(Log, WritesErrorsInFull) {
  logging::write(Level::warn, "ipc", psyne::Error(psyne::Code::closed, "cannot send"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "warn ipc cannot send: the other side closed.");
}

TEST_F(Log, BearsEveryNumber) {
  logging::write(Level::info, "m", std::numeric_limits<double>::lowest(), ' ', std::numeric_limits<double>::quiet_NaN(),
                 ' ', std::numeric_limits<std::int64_t>::min());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("-9223372036854775808"), std::string::npos);
}

TEST_F(Log, OnlyWhatIsSevereEnough) {
  for (const Level level : {Level::trace, Level::debug, Level::info, Level::warn, Level::error}) {
    logging::write(level, "m", "x");
  }
  EXPECT_EQ(lines.size(), 4u);
  EXPECT_FALSE(logging::enabled(Level::trace));
  EXPECT_TRUE(logging::enabled(Level::debug));
  logging::set_level(Level::off);
  EXPECT_FALSE(logging::enabled(Level::error));
  logging::write(Level::error, "m", "x");
  logging::write(Level::off, "m", "nothing is so severe that it is written when off");
  logging::emit(Level::off, "m", "not even so");
  EXPECT_EQ(lines.size(), 4u);
}

/// A part that tells whether it was looked at.
struct Part {
  bool* used;
};
void append(std::string& out, const Part& part) {
  *part.used = true;
  out += "part";
}

TEST_F(Log, BuildsNothingThatIsNotWritten) {
  bool used = false;
  logging::write(Level::trace, "m", Part{&used});
  EXPECT_FALSE(used);
  logging::write(Level::debug, "m", Part{&used});
  EXPECT_TRUE(used);
}

TEST_F(Log, ASinkThatThrowsOrLogsHarmsNobody) {
  static int calls;
  calls = 0;
  logging::set_sink([](const Line&) {
    ++calls;
    logging::write(Level::error, "sink", "from within");
    throw std::runtime_error("no");
  });
  logging::write(Level::error, "m", "x");
  logging::write(Level::error, "m", "x");
  EXPECT_EQ(calls, 2) << "the second line must come through after the first threw";
}

TEST_F(Log, ManyThreadsAtOnceWhileTheSinkIsReplaced) {
  static std::atomic<int> counted;
  counted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int n = 0; n < 500; ++n) logging::write(Level::info, "m", n);
    });
  }
  for (int n = 0; n < 50; ++n) logging::set_sink([](const Line&) { ++counted; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(static_cast<std::size_t>(counted) + lines.size(), 2000u);
}

/// What a fresh process with PSYNE_LOG=`level` (or none) writes to its standard error output.
std::string output_with(const char* level, void (*body)()) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    dup2(ends[1], STDERR_FILENO);
    setenv("PSYNE_CONFIG", "", 1);
    level ? setenv("PSYNE_LOG", level, 1) : unsetenv("PSYNE_LOG");
    logging::threshold = logging::unasked;  // as in a process that has not logged yet
    body();
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char piece[512];
  for (ssize_t got = 0; (got = read(ends[0], piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(got));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

void log_two() {
  logging::write(Level::warn, "ipc", "first\nline");
  logging::write(Level::debug, "ipc", "second {} line");
}

TEST(LogOfAProcess, PrintsNothingUnasked) { EXPECT_EQ(output_with(nullptr, log_two), ""); }

TEST(LogOfAProcess, GoesToStandardErrorByLevelOneLineEach) {
  const std::string warn = output_with("warn", log_two);
  EXPECT_NE(warn.find("psyne warning ipc: first?line\n"), std::string::npos) << warn;
  EXPECT_EQ(warn.find("second"), std::string::npos);
  const std::string debug = output_with("debug", log_two);
  EXPECT_NE(debug.find("psyne debug ipc: second {} line\n"), std::string::npos) << debug;
}

TEST(LogOfAProcess, AnUnreadableLevelKeepsItSilent) { EXPECT_EQ(output_with("loud", log_two), ""); }

TEST(LogOfAProcess, TheProgramsWordBeatsTheEnvironment) {
  const auto silenced = [] {
    logging::set_level(Level::off);
    log_two();
  };
  EXPECT_EQ(output_with("trace", silenced), "");
  const auto raised = [] {
    logging::set_level(Level::warn);
    log_two();
  };
  EXPECT_NE(output_with(nullptr, raised).find("first"), std::string::npos);
}

}  // namespace
