#pragma once

#include <cstdint>
#include <string_view>

/// One value of the host at one time. Its topic says which: "cpu.busy".
struct Sample {
  double value = 0;
  std::uint64_t turn = 0;  ///< in which it was taken, from 1
};

/// What is told of a host, by topic.
struct Metric {
  std::string_view topic;
  std::string_view unit;
};
inline constexpr Metric metrics[] = {
    {"cpu.busy", "%"},           {"cpu.context_switches", "/s"}, {"cpu.forks", "/s"},    {"cpu.load", ""},
    {"memory.available", "MiB"}, {"memory.cached", "MiB"},       {"memory.used", "MiB"},
};
