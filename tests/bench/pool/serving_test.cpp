#include "pool/serving.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <sstream>

namespace pool_bench {
namespace {

using testing::HasSubstr;

const std::vector<Work> works = {
    {"fork", "ns", [](const Load& load) { return std::optional<double>(10.0 * load.threads); }},
    {"fork and join", "us", [](const Load& load) { return std::optional<double>(load.duration.count()); }},
    {"sizes", "n", [](const Load& load) { return std::optional<double>(load.sizes.fib); }},
    {"missing", "ns", [](const Load&) { return std::optional<double>(); }},
    {"wrong", "ns", [](const Load&) -> std::optional<double> { throw std::runtime_error("it came out wrong"); }},
    {"broken", "ns",
     [](const Load&) -> std::optional<double> {
       ::raise(SIGKILL);
       return 1;
     }},
    {"process", "ns", [](const Load&) { return std::optional<double>(::getpid()); }},
};

class Serving : public testing::Test {
 protected:
  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "program");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = serve(static_cast<int>(arguments.size()), arguments.data(), works);
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return status;
  }

  std::string output_, errors_;
};

TEST_F(Serving, OneMeasurementIsOneLineOfJson) {
  EXPECT_EQ(run({"--work", "fork", "--size", "2"}), 0);
  EXPECT_EQ(output_, "{\"work\": \"fork\", \"size\": 2, \"unit\": \"ns\", \"value\": 20}\n");
}

TEST_F(Serving, ANameMayBeginAsAnotherDoesAndHaveSpaces) {
  EXPECT_EQ(run({"--work", "fork and join", "--size", "1", "--milliseconds", "3"}), 0);
  EXPECT_THAT(output_, HasSubstr("\"value\": 3000000}"));
}

TEST_F(Serving, TheWorksHaveTheirFullSizes) {
  EXPECT_EQ(run({"--work", "sizes", "--size", "1"}), 0);
  EXPECT_THAT(output_, HasSubstr("\"value\": 32}"));
}

TEST_F(Serving, WhatALibraryLacksIsNull) {
  EXPECT_EQ(run({"--work", "missing", "--size", "1"}), 0);
  EXPECT_THAT(output_, HasSubstr("\"value\": null}"));
}

TEST_F(Serving, LinesAreAnsweredInTurnEachByAProcessOfItsOwn) {
  std::istringstream lines("process 1 5\nfork 3 5\nprocess 1 5\n");
  std::streambuf* const before = std::cin.rdbuf(lines.rdbuf());
  EXPECT_EQ(run({"--serve"}), 0);
  std::cin.rdbuf(before);
  std::istringstream answers(output_);
  std::string first, second, third;
  std::getline(answers, first);
  std::getline(answers, second);
  std::getline(answers, third);
  EXPECT_THAT(second, HasSubstr("\"value\": 30}"));
  EXPECT_THAT(first, HasSubstr("process"));
  EXPECT_NE(first, third);
  EXPECT_THAT(first, testing::Not(HasSubstr(std::to_string(::getpid()))));
}

TEST_F(Serving, AFailureSaysWhyAndEndsTheProgram) {
  EXPECT_EQ(run({"--work", "wrong", "--size", "1"}), 1);
  EXPECT_EQ(output_, "");
  EXPECT_THAT(errors_, HasSubstr("it came out wrong"));
}

TEST_F(Serving, AMeasurementThatIsKilledIsNamed) {
  EXPECT_EQ(run({"--work", "broken", "--size", "1"}), 1);
  EXPECT_THAT(errors_, HasSubstr("broken was killed by signal 9"));
}

TEST_F(Serving, AnythingElseIsRefused) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"--work", "fork", "--size"},
                                                {"--work", "join", "--size", "1"},
                                                {"--work", "fork", "--size", "0"},
                                                {"--work", "fork", "--size", "many"},
                                                {"--speed", "1"},
                                                {"--cpus", "0"}}) {
    EXPECT_EQ(run(words), 2) << testing::PrintToString(words);
    EXPECT_THAT(errors_, HasSubstr("works: fork, fork and join, sizes, missing"));
  }
}

}  // namespace
}  // namespace pool_bench
