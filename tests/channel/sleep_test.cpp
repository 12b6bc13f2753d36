// What ends the sleep of a receiver. All of these go to sleep at once.
#include "eventually.hpp"
#include "process.hpp"
#include "schemes.hpp"

#include <atomic>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::OverEveryScheme;
using psyne_test::Process;
using psyne_test::Tick;

/// Whether a thread of this process sleeps in the kernel.
bool is_asleep(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  return name_end != std::string::npos && line.substr(name_end, 3) == ") S";
}

class ASleepingReceiver : public OverEveryScheme {
 protected:
  Receiver<Tick> open_receiver(bool wait_for_senders = true) const {
    return Receiver<Tick>::open(name_, {.patience = psyne::no_patience, .wait_for_senders = wait_for_senders}).value();
  }
  Sender<Tick> open_sender() const { return Sender<Tick>::open(to(name_), {.linger = 0s}).value(); }
  /// A message of that sender's has been received, so nothing of how they met is still to come.
  static void meet(Sender<Tick>& sender, Receiver<Tick>& receiver) {
    sender.send({0, 0}).value();
    ASSERT_TRUE(receiver.receive(20s));
  }
  /// What it receives, where `news` come as soon as it sleeps.
  static psyne::Received<Tick> woken_by(Receiver<Tick>& receiver, const std::function<void()>& news,
                                        const psyne::StopToken& stop = {}) {
    std::thread other([&news, sleeper = gettid()] {
      EXPECT_TRUE(eventually([&] { return is_asleep(sleeper); }));
      news();
    });
    auto received = receiver.receive({20s, stop});
    other.join();
    return received;
  }

  std::string name_ = uri();
};
INSTANTIATE_TEST_SUITE_P(Schemes, ASleepingReceiver, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

// From before its last look at everything to long after it sleeps: at whatever moment a message comes, it is received.
TEST_P(ASleepingReceiver, IsWokenByAMessageAtWhateverMomentItComes) {
  constexpr std::uint64_t count = 2000;
  auto receiver = open_receiver();
  auto sender = open_sender();
  meet(sender, receiver);
  std::atomic<std::uint64_t> looks_for{0};
  std::atomic<bool> gave_up{false};
  std::thread sending([&] {
    for (std::uint64_t number = 1; number <= count; ++number) {
      while (looks_for.load(std::memory_order_acquire) < number) {
        if (gave_up.load(std::memory_order_relaxed)) return;
        std::this_thread::yield();
      }
      const auto moment = std::chrono::steady_clock::now() + (number * 37 % 100) * 300ns;
      while (std::chrono::steady_clock::now() < moment) {
      }
      if (!sender.send({number, 0}, 20s)) return;
    }
  });
  for (std::uint64_t number = 1; number <= count; ++number) {
    looks_for.store(number, std::memory_order_release);
    const auto tick = receiver.receive(20s);
    if (!tick || tick->number != number) {
      ADD_FAILURE() << "no " << number << ": " << (tick ? "another one came" : tick.error().text());
      break;
    }
  }
  gave_up.store(true, std::memory_order_relaxed);
  sending.join();
}

TEST_P(ASleepingReceiver, IsWokenByASenderThatComesAndByTheNext) {
  auto receiver = open_receiver();
  std::optional<Sender<Tick>> first, second;
  const auto opening = [this](std::optional<Sender<Tick>>& sender, std::uint64_t number) {
    return [this, &sender, number] {
      sender = open_sender();
      sender->send({number, 0}, 20s).value();
    };
  };
  auto tick = woken_by(receiver, opening(first, 1));
  ASSERT_TRUE(tick) << tick.error().text();
  EXPECT_EQ(tick->number, 1U);
  EXPECT_EQ(tick.sender(), first->id());
  tick = woken_by(receiver, opening(second, 2));
  ASSERT_TRUE(tick) << tick.error().text();
  EXPECT_EQ(tick->number, 2U);
  EXPECT_EQ(tick.sender(), second->id());
}

TEST_P(ASleepingReceiver, IsWokenByTheEndOfItsSender) {
  auto receiver = open_receiver(false);
  auto sender = open_sender();
  meet(sender, receiver);
  const auto end = woken_by(receiver, [&] { sender.close(20s).value(); });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error(), Code::closed);
}

TEST_P(ASleepingReceiver, IsWokenByAStop) {
  auto receiver = open_receiver();
  auto sender = open_sender();
  meet(sender, receiver);
  psyne::StopSource source;
  const auto end = woken_by(
      receiver, [&] { static_cast<void>(source.request_stop()); }, source.token());
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error(), Code::stopped);
}

TEST_P(ASleepingReceiver, WakesByItselfAtTheDeadline) {
  auto receiver = open_receiver();
  auto sender = open_sender();
  meet(sender, receiver);
  EXPECT_EQ(receiver.receive(5ms).error(), Code::timed_out);
}

// Those of which the other end may be another process.
class ASleepingReceiverOfAProcess : public ASleepingReceiver {};
INSTANTIATE_TEST_SUITE_P(Schemes, ASleepingReceiverOfAProcess, testing::Values("ipc", "auto", "tcp", "tls"),
                         psyne_test::scheme_name);

TEST_P(ASleepingReceiverOfAProcess, IsWokenByTheDeathOfItsSender) {
  Process process([this] {
    auto sender = open_sender();
    if (!sender.send({1, 0}, 20s)) return 1;
    psyne_test::wait_to_be_killed();
  });
  auto receiver = open_receiver();
  const auto tick = receiver.receive(20s);
  ASSERT_TRUE(tick) << tick.error().text();
  const auto end = woken_by(receiver, [&] { process.kill(); });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error(), Code::peer_lost);
}

}  // namespace
