// How two ranks reach each other.
#include <psyne/collectives/mesh/this_process.hpp>
#include <psyne/collectives/mesh/whereabouts.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using psyne::choose_route;
using psyne::Code;
using psyne::Whereabouts;

Whereabouts rank(const std::string& host, const std::string& process, std::vector<std::string> uris) {
  return {.host = host, .process = process, .name = "rank on " + host, .cpus = {0, 3}, .uris = std::move(uris)};
}

const std::vector<std::string> all{"memory://job.0", "ipc://job.0", "tcp://10.0.0.1:5555/job.0"};

TEST(Whereabouts, AreReadAsTheyWereTold) {
  const Whereabouts told = rank("a", "1", all);
  const auto read = Whereabouts::parse(told.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->host, "a");
  EXPECT_EQ(read->process, "1");
  EXPECT_EQ(read->name, "rank on a");
  EXPECT_EQ(read->cpus, (psyne::CpuList{0, 3}));
  EXPECT_EQ(read->uris, all);
  EXPECT_EQ(read->uri("tcp"), "tcp://10.0.0.1:5555/job.0");
  EXPECT_EQ(read->uri("tc"), "");
  EXPECT_EQ(read->uri("verbs"), "");
}

TEST(Whereabouts, WhatIsSomethingElseIsAnError) {
  for (const char* text : {"", "a", "a\nb\n", "a\nb\nc\n0 \n", "\n\n\n\n\n"}) {
    const auto read = Whereabouts::parse(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error(), Code::corrupted);
  }
}

TEST(Whereabouts, OfThisProcessNameItsRankAndPid) {
  const auto found = psyne::whereabouts_of_process(3);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_TRUE(found->name.starts_with("rank 3 (host "));
  EXPECT_FALSE(found->cpus.empty());
  EXPECT_EQ(psyne::whereabouts_of_process(4)->process, found->process);
}

TEST(Route, IsTheQuickestThatBothAllow) {
  EXPECT_EQ(choose_route(rank("a", "1", all), rank("a", "1", all))->scheme, "memory");
  EXPECT_EQ(choose_route(rank("a", "1", all), rank("a", "2", all))->scheme, "ipc");
  EXPECT_EQ(choose_route(rank("a", "1", all), rank("b", "1", all))->scheme, "tcp");
  EXPECT_EQ(choose_route(rank("a", "1", all), rank("a", "1", {"ipc://job.1"}))->scheme, "ipc");
  EXPECT_EQ(choose_route(rank("a", "1", all), rank("a", "2", {"tcp://h:1/job.1"}))->scheme, "tcp");
}

TEST(Route, IsAnErrorWhereThereIsNone) {
  const auto none = choose_route(rank("a", "1", {"ipc://job.0"}), rank("b", "2", all));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), Code::unsupported);
  EXPECT_NE(none.error().text().find("they are on different hosts"), std::string::npos);
  EXPECT_NE(choose_route(rank("a", "1", {"memory://m"}), rank("a", "2", {"ipc://i"}))
                .error()
                .text()
                .find("no transport in common"),
            std::string::npos);
}

}  // namespace
