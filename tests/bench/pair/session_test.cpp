#include "pair/session.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>

namespace psyne::bench {
namespace {

/// The command line of one measurement, on the CPU that this test may use.
class CommandLine {
 public:
  explicit CommandLine(std::string work) : work_(std::move(work)), cpus_(std::to_string(::sched_getcpu())) {
    cpus_ += "," + cpus_;
    words_ = {program_.data(), option("--cpus"),         cpus_.data(), option("--work"), work_.data(), option("--size"),
              size_.data(),    option("--milliseconds"), time_.data()};
  }
  int count() const { return static_cast<int>(words_.size()); }
  char** words() { return words_.data(); }

 private:
  static char* option(const char* text) { return const_cast<char*>(text); }

  std::string program_ = "program";
  std::string work_;
  std::string size_ = "64";
  std::string time_ = "5";
  std::string cpus_;
  std::array<char*, 9> words_{};
};

TEST(RunPair, TwoProcessesMeasureOneCellTogetherAndTheLeaderSaysWhatItIs) {
  CommandLine line("latency");
  testing::internal::CaptureStdout();
  const int status = run_pair(line.count(), line.words(), [](const Options&) -> Measure {
    const pid_t self = ::getpid();
    return [self](const Cell& cell, Side side, Control& control) {
      control.send(static_cast<std::uint64_t>(self));
      const bool two = control.receive() != static_cast<std::uint64_t>(self);
      return two && side == Side::leader ? static_cast<double>(cell.size * cell.milliseconds) : -1;
    };
  });
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "{\"work\": \"latency\", \"size\": 64, \"unit\": \"ns\", \"value\": 320}\n");
  EXPECT_EQ(status, 0);
}

TEST(RunPair, AWorkThatTheProgramDoesNotHaveIsNull) {
  CommandLine line("memory");
  testing::internal::CaptureStdout();
  const int status = run_pair(line.count(), line.words(), [](const Options&) -> Measure {
    return [](const Cell&, Side, Control&) { return std::nullopt; };
  });
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "{\"work\": \"memory\", \"size\": 64, \"unit\": \"KiB\", \"value\": null}\n");
  EXPECT_EQ(status, 0);
}

TEST(RunPair, AFailedLeaderIsStatus1AndLeavesNoFollower) {
  CommandLine line("stream");
  const int status = run_pair(line.count(), line.words(), [](const Options&) -> Measure {
    return [](const Cell&, Side side, Control& control) -> std::optional<double> {
      if (side == Side::leader) throw std::runtime_error("no memory left");
      return static_cast<double>(control.receive());
    };
  });
  EXPECT_EQ(status, 1);
}

TEST(RunSession, TheFollowerIsToldEveryCellUntilTheLeaderIsGone) {
  auto [leaders, followers] = Control::pair();
  std::vector<Cell> seen;
  std::thread follower([&seen, end = std::move(followers)]() mutable {
    run_session({}, Side::follower, end, [&seen](const Cell& cell, Side, Control&) {
      seen.push_back(cell);
      return 0.0;
    });
  });
  testing::internal::CaptureStdout();
  {
    Control end(std::move(leaders));
    for (const Work work : {Work::stream, Work::memory}) {
      run_session({.cell = Cell{work, 16, 3}}, Side::leader, end, [](const Cell&, Side, Control&) { return 1.5; });
    }
  }
  follower.join();
  testing::internal::GetCapturedStdout();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].work, Work::stream);
  EXPECT_EQ(seen[1].work, Work::memory);
  EXPECT_EQ(seen[1].size, 16u);
  EXPECT_EQ(seen[1].milliseconds, 3u);
}

}  // namespace
}  // namespace psyne::bench
