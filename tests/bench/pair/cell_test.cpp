#include "pair/cell.hpp"

#include <gtest/gtest.h>

#include <set>

namespace psyne::bench {
namespace {

TEST(Cell, IsReadFromALine) {
  const auto cell = parse_cell("in place 1048576 250");
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->work, Work::in_place);
  EXPECT_EQ(cell->size, 1048576u);
  EXPECT_EQ(cell->milliseconds, 250u);
}

TEST(Cell, EveryWorkIsReadByItsOwnName) {
  std::set<std::string> names;
  for (const Work work : {Work::latency, Work::blocking_latency, Work::stream, Work::tls_stream, Work::lz4_stream,
                          Work::messages, Work::in_place, Work::idle_cpu, Work::idle_wakes, Work::idle_links_cpu,
                          Work::idle_links_memory, Work::memory}) {
    names.emplace(name(work));
    const auto cell = parse_cell(std::string(name(work)) + " 8 1");
    ASSERT_TRUE(cell) << name(work);
    EXPECT_EQ(cell->work, work);
    EXPECT_FALSE(unit(work).empty());
  }
  EXPECT_EQ(names.size(), 12u);
}

TEST(Cell, NothingElseIsRead) {
  for (const char* line : {"", "latency", "latency 8", "latency 0 10", "latency 7 10", "latency eight 10", "speed 8 10",
                           "8 latency 10", "idle 8 10", "idle links 8 10", "blocking 8 10"}) {
    EXPECT_FALSE(parse_cell(line)) << line;
  }
}

TEST(Cell, BecomesOneLineOfJson) {
  EXPECT_EQ(to_json({Work::idle_cpu, 8, 10}, 0.125), R"({"work": "idle cpu", "size": 8, "unit": "%", "value": 0.125})");
  EXPECT_EQ(to_json({Work::latency, 4096, 10}, 1234567.5),
            R"({"work": "latency", "size": 4096, "unit": "ns", "value": 1234567.5})");
}

TEST(Cell, WithoutAValueIsNull) {
  EXPECT_EQ(to_json({Work::tls_stream, 8, 10}, std::nullopt),
            R"({"work": "tls stream", "size": 8, "unit": "GB/s", "value": null})");
}

TEST(Cell, BothSidesSleepInABlockingLatencyAlone) {
  EXPECT_TRUE((Cell{Work::blocking_latency, 8, 10}.blocks()));
  EXPECT_FALSE((Cell{Work::latency, 8, 10}.blocks()));
  EXPECT_FALSE((Cell{Work::stream, 8, 10}.blocks()));
}

}  // namespace
}  // namespace psyne::bench
