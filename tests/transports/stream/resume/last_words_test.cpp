// Ends that go while their connection is broken: what they still had to say is said when there is another, or they tell
// what was not.
#include <psyne.hpp>

#include "eventually.hpp"
#include "fork_at_rest.hpp"
#include "transports/stream/resume/cut_channel.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using resume_test::CuttingProxy;

class LastWords : public resume_test::CutChannel {
 protected:
  using Receiver = psyne::Receiver<std::uint64_t>;
  using Sender = psyne::Sender<std::uint64_t>;

  /// Both ends have met, and one message has crossed.
  void meet(bool sender_listens, const std::string& reconnect, const std::string& receivers = "") {
    sender.reset();
    receiver.reset();
    between = &patient_proxy();
    receiver.emplace(Receiver::open(uri(!sender_listens, reconnect + receivers)).value());
    sender.emplace(Sender::open(uri(sender_listens, reconnect), {.capacity_bytes = 4096}).value());
    ASSERT_TRUE(sender->send(0, 20s));
    auto first = receiver->receive(20s);
    // Who connects before anyone listens behind the proxy is told so.
    while (!first && first.error() == Code::peer_lost) first = receiver->receive(20s);
    ASSERT_TRUE(first && *first == 0) << first.error().text();
  }
  std::string uri(bool listens, const std::string& reconnect) const {
    return listens ? listening(reconnect) : calling(reconnect);
  }
  void cut() const {
    const int before = between->cuts();
    between->open(false);
    between->cut();
    ASSERT_TRUE(psyne_test::eventually([&] { return between->cuts() > before; }));
  }
  /// As far as the sender knows.
  void cut_is_seen() {
    std::uint64_t more = 1;
    psyne::Result<void> sent;
    ASSERT_TRUE(psyne_test::eventually([&] {
      while ((sent = sender->send(more, 1ms))) ++more;
      return sent.error().text().find("connection broke") != std::string::npos;
    }));
    last = more - 1;
  }

  CuttingProxy* between = nullptr;
  std::optional<Receiver> receiver;
  std::optional<Sender> sender;
  std::uint64_t last = 0;
};
INSTANTIATE_TEST_SUITE_P(Schemes, LastWords, testing::Values("tcp", "tls", "unix"),
                         [](const auto& scheme) { return std::string(scheme.param); });

TEST_P(LastWords, OfASenderCrossWhenTheConnectionIsBack) {
  for (const bool sender_listens : {false, true}) {
    for (const bool destroyed : {false, true}) {
      ASSERT_NO_FATAL_FAILURE(meet(sender_listens, "30s&linger=30s"));
      ASSERT_NO_FATAL_FAILURE(cut());
      ASSERT_NO_FATAL_FAILURE(cut_is_seen());
      std::jthread closing([&] {
        if (destroyed) return sender.reset();
        const auto closed = sender->close();
        EXPECT_TRUE(closed) << closed.error().text();
      });
      std::this_thread::sleep_for(20ms);
      between->open(true);
      for (std::uint64_t number = 1; number <= last; ++number) ASSERT_EQ(*receiver->receive(20s), number);
      EXPECT_EQ(receiver->receive(20s).error(), Code::closed);
      EXPECT_TRUE(receiver->status()) << "it said goodbye";
    }
  }
}

// All was taken, but that it is the end was told to nobody.
TEST_P(LastWords, OfASenderAreItsGoodbyeAtLeast) {
  ASSERT_NO_FATAL_FAILURE(meet(false, "30s"));
  EXPECT_EQ(receiver->receive(0ns).error(), Code::timed_out);  // and told what it took
  ASSERT_NO_FATAL_FAILURE(cut());
  std::jthread closing([&] { EXPECT_TRUE(sender->close(30s)); });
  std::this_thread::sleep_for(20ms);
  between->open(true);
  EXPECT_EQ(receiver->receive(20s).error(), Code::closed);
  EXPECT_TRUE(receiver->status());
}

TEST_P(LastWords, OfASenderThatNobodyHearsAreCounted) {
  ASSERT_NO_FATAL_FAILURE(meet(false, "30s", "&linger=0s"));
  EXPECT_EQ(receiver->receive(0ns).error(), Code::timed_out);
  ASSERT_NO_FATAL_FAILURE(cut());
  ASSERT_NO_FATAL_FAILURE(cut_is_seen());
  const auto closed = sender->close(50ms);
  ASSERT_EQ(closed.error(), Code::timed_out);
  const std::string text = closed.error().text();
  EXPECT_NE(text.find("connection broke"), std::string::npos) << text;
  std::uint64_t crossed = 0;
  while (receiver->receive(100ms)) ++crossed;
  // What was across already, and not credited, may be counted as well.
  bool counted = false;
  for (std::uint64_t messages = last - crossed; messages <= last + 1; ++messages) {
    counted = counted || text.find(" " + std::to_string(messages) + " messages were not taken") != std::string::npos;
  }
  EXPECT_TRUE(counted) << text << "; " << crossed << " of " << last << " came";
}

// Not longer than the connection is waited for: after that, for another receiver.
TEST_P(LastWords, OfASenderGoToASuccessorOnceTheReceiverIsGivenUp) {
  ASSERT_NO_FATAL_FAILURE(meet(false, "100ms&linger=30s"));
  EXPECT_EQ(receiver->receive(0ns).error(), Code::timed_out);
  ASSERT_NO_FATAL_FAILURE(cut());
  ASSERT_NO_FATAL_FAILURE(cut_is_seen());
  std::jthread closing([&] { EXPECT_TRUE(sender->close()); });
  while (receiver->receive(20s)) {
  }
  receiver.reset();
  receiver.emplace(Receiver::open(uri(true, "100ms")).value());
  between->open(true);
  std::uint64_t got = 0;
  for (auto message = receiver->receive(20s); message; message = receiver->receive(20s)) got = *message;
  EXPECT_EQ(got, last);
}

// What it took is told before it goes: its successor gets what comes behind that, and nothing twice.
TEST_P(LastWords, OfAReceiverSayWhatItTook) {
  for (const bool sender_listens : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(meet(sender_listens, "30s", "&linger=30s"));
    for (std::uint64_t number = 1; number < 20; ++number) ASSERT_TRUE(sender->send(number, 20s));
    ASSERT_TRUE(psyne_test::eventually([&] { return sender->counters().messages == 20; }));
    for (std::uint64_t number = 1; number < 10; ++number) ASSERT_EQ(*receiver->receive(20s), number);
    ASSERT_NO_FATAL_FAILURE(cut());
    std::uint64_t taken = 9;
    while (auto message = receiver->receive(20ms)) taken = *message;
    std::jthread closing([&] { receiver.reset(); });
    std::this_thread::sleep_for(20ms);
    const int cuts = between->cuts();
    between->open(true);
    closing.join();
    ASSERT_TRUE(psyne_test::eventually([&] { return between->cuts() > cuts; })) << "the proxy knows one at a time";
    ASSERT_TRUE(psyne_test::eventually([&] {
      static_cast<void>(sender->send(20, 0ns));
      return sender->receivers() == 0 || sender->counters().messages > 100;
    }));
    EXPECT_EQ(sender->counters().peers_lost, 0U) << "it said goodbye";
    receiver.emplace(Receiver::open(uri(!sender_listens, "30s")).value());
    auto next = receiver->receive(20s);
    while (!next && (next.error() == Code::peer_lost)) next = receiver->receive(20s);
    ASSERT_TRUE(next) << next.error().text();
    EXPECT_EQ(*next, taken + 1);
    std::jthread rest([&] {
      while (receiver->receive(20s)) {
      }
    });
    EXPECT_TRUE(sender->close(20s));
  }
}

// It waits for no longer than its linger. What it took and could not tell is as with one that died: it comes again.
TEST_P(LastWords, OfAReceiverThatAreNotHeardAreThoseOfOneThatDied) {
  ASSERT_NO_FATAL_FAILURE(meet(false, "1h", "&linger=50ms"));
  for (std::uint64_t number = 1; number < 10; ++number) ASSERT_TRUE(sender->send(number, 20s));
  while (auto message = receiver->receive(20s)) {
    if (*message == 9) break;
  }
  ASSERT_NO_FATAL_FAILURE(cut());
  receiver.reset();
  receiver.emplace(Receiver::open(uri(true, "1h")).value());
  between->open(true);
  EXPECT_TRUE(sender->send(10, 20s));
  std::uint64_t before = *receiver->receive(20s);
  EXPECT_LE(before, 10U);
  for (; before < 10; ++before) ASSERT_EQ(*receiver->receive(20s), before + 1);
  EXPECT_EQ(sender->counters().peers_lost, 1U);
}

// They were sent, and went down with the connection: whoever said them saw it whole.
TEST_P(LastWords, OfAReceiverAreSaidAgainWhereTheyWereLost) {
  for (const bool sender_listens : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(meet(sender_listens, "30s", "&linger=30s"));
    for (std::uint64_t number = 1; number < 20; ++number) ASSERT_TRUE(sender->send(number, 20s));
    std::jthread closing([&] {
      const auto closed = sender->close(20s);
      EXPECT_TRUE(closed) << closed.error().text();
    });
    for (std::uint64_t number = 1; number < 19; ++number) ASSERT_EQ(*receiver->receive(20s), number);
    std::optional held(receiver->receive(20s));  // so nobody has told yet that it was taken
    ASSERT_EQ(**held, 19U);
    std::this_thread::sleep_for(10ms);  // its end has come most likely
    between->swallow();
    held.reset();
    std::jthread cutting([&] {
      std::this_thread::sleep_for(50ms);
      between->cut();
    });
    EXPECT_EQ(receiver->receive(20s).error(), Code::closed);
    EXPECT_TRUE(receiver->status());
    receiver.reset();
    cutting.join();
    closing.join();
    EXPECT_EQ(sender->counters().peers_lost, 0U);
  }
}

TEST_P(LastWords, OfASenderAreSaidAgainWhereTheyWereLost) {
  for (const bool sender_listens : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(meet(sender_listens, "30s", "&linger=30s"));
    // So much of the ring is given back at once, so the end is all that is still to be told.
    for (std::uint64_t number = 1; number < 96; ++number) ASSERT_TRUE(sender->send(number, 20s));
    for (std::uint64_t number = 1; number < 96; ++number) ASSERT_EQ(*receiver->receive(20s), number);
    std::this_thread::sleep_for(10ms);
    between->swallow();
    std::jthread closing([&] { EXPECT_TRUE(sender->close(30s)); });
    std::jthread cutting([&] {
      std::this_thread::sleep_for(50ms);
      between->cut();
    });
    EXPECT_EQ(receiver->receive(20s).error(), Code::closed);
    EXPECT_TRUE(receiver->status());
    cutting.join();
    closing.join();
    EXPECT_EQ(sender->counters().peers_lost, 0U);
  }
}

TEST_P(LastWords, OfAReceiverAreNotSaidByAForkedChild) {
  ASSERT_NO_FATAL_FAILURE(meet(false, "40s", "&linger=40s"));
  ASSERT_NO_FATAL_FAILURE(cut());
  static_cast<void>(receiver->receive(20ms));
  const pid_t child = psyne_test::fork_at_rest();
  if (child == 0) {
    alarm(20);  // its copy of the receiver waits for no connection
    receiver.reset();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << strsignal(WTERMSIG(status));
  between->open(true);
  ASSERT_TRUE(sender->send(1, 20s));
  const auto next = receiver->receive(20s);
  ASSERT_TRUE(next) << next.error().text();
  EXPECT_EQ(*next, 1U);
}

// A sender that comes while a receiver waits for its last connection is not let in, and loses nothing.
TEST_P(LastWords, AreNotFollowedByNewAcquaintances) {
  ASSERT_NO_FATAL_FAILURE(meet(false, "30s", "&linger=30s"));
  ASSERT_NO_FATAL_FAILURE(cut());
  static_cast<void>(receiver->receive(20ms));
  std::atomic<bool> gone{false};
  std::jthread closing([&] {
    receiver.reset();
    gone = true;
  });
  std::this_thread::sleep_for(50ms);
  auto other = Sender::open(beside("30s")).value();
  EXPECT_TRUE(other.send(1, 20s));
  EXPECT_EQ(other.receivers(), 0U);
  between->open(true);
  closing.join();
  EXPECT_EQ(other.receivers(), 0U);
  receiver.emplace(Receiver::open(uri(true, "30s")).value());
  std::jthread rest([&] {
    while (receiver->receive(20s)) {
    }
  });
  EXPECT_TRUE(other.close(20s));
  EXPECT_TRUE(sender->close(20s));
}

}  // namespace
