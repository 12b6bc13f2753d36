#pragma once

#include <psyne.hpp>

#include "conformance/free_port.hpp"
#include "conformance/subject.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

namespace psyne_test {

struct Tick {
  std::uint64_t number;
  double price;
};

/// The schemes at whose names nobody has to listen.
inline constexpr std::array named_schemes{"memory", "ipc", "sim", "auto"};
/// Every scheme that carries channels; unix:// is tcp:// with another socket, and patterns run over it as well.
inline constexpr std::array schemes{"memory", "ipc", "sim", "auto", "tcp", "tls"};
/// Every transport there is.
inline constexpr std::array pattern_schemes{"memory", "ipc", "sim", "unix", "tcp", "tls"};

/// tls:// asks for one; before the first test, for the environment is read once.
inline const int token_of_tests = setenv("PSYNE_TOKEN", "of these tests", 1);

/// Names the tests that run over one.
inline std::string scheme_name(const testing::TestParamInfo<const char*>& scheme) { return scheme.param; }

/// A test that runs over every transport that carries channels, each time on a name of its own. Over sockets one end of
/// a name listens, which opens uri(); the others open to(uri()), which elsewhere is the same.
class OverEveryScheme : public testing::TestWithParam<const char*> {
 protected:
  static bool maps() { return psyne::transport_for(GetParam()).value()->maps(); }
  /// Whether one end has to listen.
  static bool listens() { return place().find('*') != std::string::npos; }

  static std::string uri(const std::string& query = "") {
    static std::atomic<int> names{0};
    static thread_local int name = 0;
    if (query.empty()) name = ++names;
    return place() + "test-" + std::to_string(getpid()) + "-" + std::to_string(name) + query;
  }
  static std::string to(const std::string& uri) {
    const std::size_t star = uri.find("://*");
    if (star == std::string::npos) return uri;
    const bool port = uri.starts_with("tcp") || uri.starts_with("tls");
    return uri.substr(0, star) + "://" + (port ? "127.0.0.1" : "") + uri.substr(star + 4);
  }

 private:
  static const std::string& port() {
    static const std::string one = std::to_string(conformance::free_port());
    return one;
  }
  // What comes before a name.
  static std::string place() {
    const std::string scheme = GetParam();
    if (scheme == "unix") return "unix://*" + conformance::scratch_directory() + "/socket//";
    if (scheme == "tcp" || scheme == "tls") return scheme + "://*:" + port() + "/";
    return scheme + "://";
  }
};

/// The same with a sender and a receiver of ticks that have met.
class ConnectedOverEveryScheme : public OverEveryScheme {
 protected:
  void SetUp() override {
    using namespace std::chrono_literals;
    const std::string name = uri();
    sender.emplace(psyne::Sender<Tick>::open(name, {.linger = 0s}).value());
    receiver.emplace(psyne::Receiver<Tick>::open(to(name), {.wait_for_senders = true}).value());
    sender->send({0, 0}).value();
    ASSERT_TRUE(receiver->receive(10s));
  }
  void post(std::uint64_t number) { sender->send({number, 0}, std::chrono::seconds(10)).value(); }
  /// As post; and where the receiver had nothing, and nobody waited for it, the test's own thread goes on when the
  /// message is there: over a wire that takes its time. Not while another thread, or a callback, receives.
  void send(std::uint64_t number) {
    const bool across = !maps() && std::this_thread::get_id() == own_ && receiver->arm();
    post(number);
    for (int i = 0; across && i < 10'000 && receiver->arm(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  std::optional<psyne::Sender<Tick>> sender;
  std::optional<psyne::Receiver<Tick>> receiver;

 private:
  const std::thread::id own_ = std::this_thread::get_id();
};

}  // namespace psyne_test
