// What channels log: who they are, with whom they dealt, and what happened.
#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>

#include "eventually.hpp"
#include "process.hpp"
#include "schemes.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace logging = psyne::logging;
using psyne::Code;
using psyne::Delivery;
using psyne::Held;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::Process;
using psyne_test::Tick;

/// Lines of one test. Static, since a sink that was set is kept.
std::mutex lines_mutex;
std::vector<std::string> lines;

std::vector<std::string> lines_so_far() {
  const std::lock_guard lock(lines_mutex);
  return lines;
}

/// Whether a line has all these parts, in this order; waits for it. Lines begin as "warn channel: ".
bool logged(std::initializer_list<std::string> parts) {
  const auto has_all = [&](const std::string& line) {
    std::size_t at = 0;
    return std::ranges::all_of(parts, [&](const std::string& part) {
      at = line.find(part, at);
      return at != std::string::npos;
    });
  };
  if (psyne_test::eventually([&] { return std::ranges::any_of(lines_so_far(), has_all); })) return true;
  for (const std::string& line : lines_so_far()) ADD_FAILURE() << "was logged: " << line;
  return false;
}

void capture_lines() {
  lines.clear();
  logging::set_sink([](const logging::Line& line) {
    const std::lock_guard lock(lines_mutex);
    lines.push_back(std::string(name(line.level)) + ' ' + std::string(line.module) + ": " + std::string(line.message));
  });
  logging::set_level(logging::Level::debug);
}

void let_lines_go() {
  logging::set_level(logging::Level::off);
  logging::set_sink({});
}

class Log : public psyne_test::OverEveryScheme {
 protected:
  void SetUp() override {
    address_ = uri();
    capture_lines();
  }
  void TearDown() override { let_lines_go(); }

  std::string address_;
};
INSTANTIATE_TEST_SUITE_P(Schemes, Log, testing::ValuesIn(psyne_test::named_schemes), psyne_test::scheme_name);

TEST_P(Log, TwoThatMeetSayWhoMetWhom) {
  const auto sender = Sender<Tick>::open(address_, {.capacity_bytes = 8192, .name = "camera"}).value();
  const auto receiver = Receiver<Tick>::open(address_, {.name = "viewer"}).value();
  EXPECT_TRUE(logged({"debug channel: " + address_ + " sender camera: present at ", "ring of 8192 bytes"}));
  EXPECT_TRUE(logged({"debug channel: " + address_ + " receiver viewer: present at "}));
  EXPECT_TRUE(logged({"info channel: " + address_ + " sender camera: met receiver viewer ("}));
  EXPECT_TRUE(logged({"info channel: " + address_ + " receiver viewer: met sender camera (", "ring of 8192 bytes"}));
}

TEST_P(Log, AMessageTypeThatIsRefusedIsToldOnBothSides) {
  const auto sender = Sender<Tick>::open(address_).value();
  auto receiver = Receiver<double>::open(address_).value();
  EXPECT_EQ(receiver.receive(20s).error(), Code::incompatible);
  EXPECT_TRUE(logged({"warn channel: " + address_ + " receiver: no lane from ", "its sender sends ", "this receiver"}));
  EXPECT_TRUE(logged({"warn channel: " + address_ + " sender: no lane to ", "its sender sends ", "this receiver"}));
}

TEST_P(Log, ASecondReceiverThatIsRefusedIsToldBySender) {
  const auto sender = Sender<Tick>::open(address_, {.delivery = Delivery::all}).value();
  auto receiver = Receiver<Tick>::open(address_, {.delivery = Delivery::any}).value();
  EXPECT_EQ(receiver.receive(20s).error(), Code::incompatible);
  EXPECT_TRUE(logged({"warn channel: " + address_ + " sender: no lane to ", "delivery=all", "delivery=any"}));
}

TEST_P(Log, ACloseIsToldByBothSides) {
  auto receiver = Receiver<Tick>::open(address_).value();
  {
    auto sender = Sender<Tick>::open(address_, {.name = "camera"}).value();
    ASSERT_TRUE(sender.send({}, 20s));
    ASSERT_TRUE(receiver.receive(20s));
  }
  EXPECT_EQ(receiver.receive(20s).error(), Code::closed);
  EXPECT_TRUE(logged({"debug channel: " + address_ + " sender camera: closed"}));
  EXPECT_TRUE(logged({"info channel: " + address_ + " receiver: sender camera (", ") closed"}));
}

TEST_P(Log, ASenderThatClosesInVainSaysSo) {
  { ASSERT_TRUE(Sender<Tick>::open(address_, {.linger = 1ms}).value().send({}, 20s)); }
  EXPECT_TRUE(logged({"warn channel: " + address_ + " sender: closed: cannot deliver all", "no receiver is here",
                      "1 message was not taken"}));
}

TEST_P(Log, SendingAndReceivingIsNotLogged) {
  auto sender = Sender<Tick>::open(address_, {.capacity_bytes = 4096}).value();
  auto receiver = Receiver<Tick>::open(address_).value();
  ASSERT_TRUE(logged({" sender: met "}));
  ASSERT_TRUE(logged({" receiver: met "}));
  const auto before = lines_so_far();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(sender.send({i, 0}, 20s));
    ASSERT_TRUE(receiver.receive(20s));
  }
  EXPECT_EQ(lines_so_far(), before);
}

TEST_P(Log, NothingIsLoggedUnlessItIsAskedFor) {
  logging::set_level(logging::Level::off);
  {
    auto sender = Sender<Tick>::open(address_).value();
    auto receiver = Receiver<double>::open(address_).value();
    EXPECT_EQ(receiver.receive(20s).error(), Code::incompatible);
  }
  EXPECT_THAT(lines_so_far(), testing::IsEmpty());
}

// One receiver of two goes with its share unread.
TEST_P(Log, WhatGoesToOthersIsToldWithItsNumber) {
  auto sender = Sender<Tick>::open(address_, {.delivery = Delivery::any}).value();
  auto one = Receiver<Tick>::open(address_, {.delivery = Delivery::any}).value();
  {
    const auto other = Receiver<Tick>::open(address_, {.delivery = Delivery::any, .name = "other"}).value();
    ASSERT_TRUE(logged({" sender: met receiver other ("}));
    EXPECT_TRUE(psyne_test::eventually([&] { return sender.receivers() >= 2; }));
    for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(sender.send({i, 0}, 20s));
  }
  EXPECT_TRUE(psyne_test::eventually([&] { return sender.receivers() <= 1; }));
  std::thread draining([&] {
    while (one.receive(20s)) {
    }
  });
  const auto closed = sender.close(20s);
  draining.join();
  EXPECT_TRUE(closed) << closed.error().text();
  EXPECT_TRUE(logged({"info channel: " + address_ + " sender: handed ", " messages that receivers left behind over"}));
}

class LogOfProcesses : public testing::Test {
 protected:
  void SetUp() override { capture_lines(); }
  void TearDown() override { let_lines_go(); }

  std::string directory() const {
    return psyne::Config::process().for_module("ipc").text(psyne::option::ipc_directory) + "/" + name_;
  }

  const std::string name_ =
      "log-" + std::to_string(getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string uri_ = "ipc://" + name_;
};

TEST_F(LogOfProcesses, ASenderThatWasKilledIsNamed) {
  Process victim([&] {
    auto sender = Sender<Tick>::open(uri_, {.name = "victim"}).value();
    if (!sender.send({1, 1.0}, 20s)) return 1;
    psyne_test::wait_to_be_killed();
  });
  auto receiver = Receiver<Tick>::open(uri_, {.name = "survivor"}).value();
  ASSERT_TRUE(receiver.receive(20s));
  const std::string who = "sender victim (pid " + std::to_string(victim.pid()) + ")";
  victim.kill();
  EXPECT_EQ(receiver.receive(20s).error(), Code::peer_lost);
  EXPECT_TRUE(logged({"warn channel: " + uri_ + " receiver survivor: lost " + who + ": ", "the process is gone"}));
}

TEST_F(LogOfProcesses, AReceiverThatWasKilledIsNamedWithWhatItHeld) {
  auto sender = Sender<Tick>::open(uri_, {.linger = 0s, .held_by_dead = Held::lost, .name = "survivor"}).value();
  Process victim([&]() -> int {
    auto receiver = Receiver<Tick>::open(uri_, {.name = "victim"}).value();
    std::vector<psyne::Received<Tick>> held;
    for (int i = 0; i < 3; ++i) held.push_back(receiver.receive(20s));
    auto done = Sender<Tick>::open(uri_ + "-done").value();
    if (!done.send({}, 20s)) return 1;
    psyne_test::wait_to_be_killed();
  });
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(sender.send({i, 0}, 20s));
  ASSERT_TRUE(Receiver<Tick>::open(uri_ + "-done").value().receive(20s));
  const std::string who = "receiver victim (pid " + std::to_string(victim.pid()) + ")";
  victim.kill();
  EXPECT_TRUE(psyne_test::eventually([&] { return sender.receivers() == 0; }));
  const auto successor = Receiver<Tick>::open(uri_).value();
  EXPECT_TRUE(logged({"warn channel: " + uri_ + " sender survivor: lost " + who, "3 messages are given up"}));
}

// Whoever comes to a name and is no psyne.
TEST_F(LogOfProcesses, AStrangerIsToldWithHisIdentityAndWhatWasWrong) {
  const auto sender = Sender<Tick>::open(uri_).value();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  for (const auto& file : std::filesystem::directory_iterator(directory())) {
    const std::string path = file.path();
    if (path.ends_with(".socket")) path.copy(address.sun_path, sizeof address.sun_path - 1);
  }
  const int stranger = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(stranger, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << address.sun_path;
  const std::string words = "GET / HTTP/1.1 and what else one may say here";
  ASSERT_EQ(send(stranger, words.data(), words.size(), MSG_NOSIGNAL), static_cast<ssize_t>(words.size()));
  EXPECT_TRUE(logged({"warn channel: " + uri_ + " sender: no lane to ", "pid " + std::to_string(getpid()),
                      "it does not begin as psyne does"}));
  close(stranger);
}

TEST_F(LogOfProcesses, WhatTheDeadLeftIsToldWhenItIsRemoved) {
  Process victim([&] {
    const auto sender = Sender<Tick>::open(uri_).value();
    auto ready = Sender<Tick>::open(uri_ + "-ready").value();
    if (!ready.send({}, 20s)) return 1;
    psyne_test::wait_to_be_killed();
  });
  ASSERT_TRUE(Receiver<Tick>::open(uri_ + "-ready").value().receive(20s));
  victim.kill();
  const auto successor = Sender<Tick>::open(uri_).value();
  EXPECT_TRUE(logged({"info ipc: " + uri_ + ": removed ", " files that the dead left in " + directory()}));
}

}  // namespace
