#pragma once

#include <psyne.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
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

/// The same with a sender and a receiver of ticks that have met.
class ConnectedOverEveryScheme : public OverEveryScheme {
 protected:
  void SetUp() override {
    using namespace std::chrono_literals;
    const std::string name = uri();
    sender.emplace(psyne::Sender<Tick>::open(name, {.linger = 0s}).value());
    receiver.emplace(psyne::Receiver<Tick>::open(name, {.wait_for_senders = true}).value());
    sender->send({0, 0}).value();
    ASSERT_TRUE(receiver->receive(10s));
  }
  void send(std::uint64_t number) { sender->send({number, 0}, std::chrono::seconds(10)).value(); }

  std::optional<psyne::Sender<Tick>> sender;
  std::optional<psyne::Receiver<Tick>> receiver;
};

}  // namespace psyne_test
