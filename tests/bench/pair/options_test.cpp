#include "pair/options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace psyne::bench {
namespace {

Options parse(std::vector<std::string> words) {
  words.insert(words.begin(), "program");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return parse_options(static_cast<int>(pointers.size()), pointers.data());
}

TEST(Options, OneMeasurementIsReadWithWhereAndOverWhat) {
  const Options options = parse({"--cpus", "3,5", "--over", "tcp", "--work", "stream", "--size", "64"});
  EXPECT_EQ(options.cpus, (std::array{3, 5}));
  EXPECT_EQ(options.over, Over::tcp);
  ASSERT_TRUE(options.cell);
  EXPECT_EQ(options.cell->work, Work::stream);
  EXPECT_EQ(options.cell->size, 64u);
  EXPECT_EQ(options.cell->milliseconds, 200u);
}

TEST(Options, WhoServesTakesNoMeasurementFromTheCommandLine) { EXPECT_FALSE(parse({"--serve", "--cpus", "0,0"}).cell); }

TEST(Options, ItIsOverIpcUnlessToldOtherwise) {
  EXPECT_EQ(parse({"--serve"}).over, Over::ipc);
  EXPECT_EQ(parse({"--serve", "--over", "ipc"}).over, Over::ipc);
}

TEST(OptionsDeathTest, AnythingElseIsRefusedWithTheUsage) {
  const std::vector<std::vector<std::string>> wrong{{"--over", "pigeons", "--serve"},
                                                    {"--over"},
                                                    {"--cpus", "one", "--serve"},
                                                    {"--work", "speed", "--size", "8"},
                                                    {"--work", "stream"},
                                                    {"--quick", "1", "--serve"},
                                                    {}};
  for (const auto& words : wrong) EXPECT_EXIT(parse(words), testing::ExitedWithCode(2), "usage: program");
}

}  // namespace
}  // namespace psyne::bench
