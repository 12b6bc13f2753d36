#pragma once

#include <psyne.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>

namespace psyne_test {

struct Tick {
  std::uint64_t number;
  double price;
};

/// Every scheme that carries channels.
inline constexpr std::array schemes{"memory", "ipc", "sim", "auto"};

/// Names the tests that run over one.
inline std::string scheme_name(const testing::TestParamInfo<const char*>& scheme) { return scheme.param; }

/// A test that runs over every transport that carries channels, each time on a name of its own.
class OverEveryScheme : public testing::TestWithParam<const char*> {
 protected:
  static bool maps() { return psyne::transport_for(GetParam()).value()->maps(); }
  std::string uri(const std::string& query = "") const {
    static std::atomic<int> names{0};
    static thread_local int name = 0;
    if (query.empty()) name = ++names;
    return std::string(GetParam()) + "://test-" + std::to_string(getpid()) + "-" + std::to_string(name) + query;
  }
};

}  // namespace psyne_test
