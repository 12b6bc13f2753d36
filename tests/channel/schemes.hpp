#pragma once

#include <psyne.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <string>

namespace psyne_test {

struct Tick {
  std::uint64_t number;
  double price;
};

/// A test that runs over every transport that carries channels, each time on a name of its own.
class OverEveryScheme : public testing::TestWithParam<const char*> {
 protected:
  std::string uri(const std::string& query = "") const {
    static std::atomic<int> names{0};
    static thread_local int name = 0;
    if (query.empty()) name = ++names;
    return std::string(GetParam()) + "://test-" + std::to_string(getpid()) + "-" + std::to_string(name) + query;
  }
};

}  // namespace psyne_test
