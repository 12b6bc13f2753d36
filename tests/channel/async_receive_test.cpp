// Receiver::receive_async: every end that an asynchronous receive may have, and that no message is lost on the way.
#include <psyne/core/service/service.hpp>

#include "fork_at_rest.hpp"
#include "schemes.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Completion;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::ConnectedOverEveryScheme;
using psyne_test::Tick;

class AsyncReceive : public ConnectedOverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, AsyncReceive, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(AsyncReceive, IsReadyAtOnceWhenAMessageIsThere) {
  send(1);
  auto receive = receiver->receive_async();
  ASSERT_TRUE(receive.test());
  auto tick = receive.take();
  ASSERT_TRUE(tick) << tick.error().text();
  EXPECT_EQ(tick->number, 1U);
  EXPECT_EQ(receiver->try_receive().error(), Code::would_block) << "the receiver is free again";
}

TEST_P(AsyncReceive, CompletesWhenAMessageComesThoughNobodyWaits) {
  auto receive = receiver->receive_async();
  EXPECT_FALSE(receive.test());
  send(1);
  for (int i = 0; i < 10'000 && !receive.test(); ++i) std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(receive.test());
  EXPECT_EQ(receive.take()->number, 1U);
}

TEST_P(AsyncReceive, AThreadThatWaitsForItIsWoken) {
  for (std::uint64_t i = 1; i <= 20; ++i) {
    auto receive = receiver->receive_async();
    std::thread sending([&] {
      if (i % 2 == 0) std::this_thread::sleep_for(2ms);
      send(i);
    });
    ASSERT_TRUE(receive.wait(10s));
    EXPECT_EQ(receive.take()->number, i);
    sending.join();
  }
}

TEST_P(AsyncReceive, SeveralPendingGetTheMessagesInTheirOrder) {
  std::vector<Completion<psyne::Received<Tick>>> receives;
  for (int i = 0; i < 10; ++i) receives.push_back(receiver->receive_async());
  for (std::uint64_t i = 0; i < 10; ++i) send(i);
  for (std::uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(receives[i].wait(10s));
    EXPECT_EQ(receives[i].take()->number, i);
  }
}

TEST_P(AsyncReceive, OtherReceivingIsRefusedWhileOneIsPending) {
  auto receive = receiver->receive_async();
  EXPECT_EQ(receiver->try_receive().error(), Code::invalid_state);
  EXPECT_EQ(receiver->receive(10s).error(), Code::invalid_state);
  EXPECT_EQ(receiver->receive_batch(4, 10s).error(), Code::invalid_state);
  EXPECT_FALSE(receiver->arm());
  for ([[maybe_unused]] const Tick& tick : *receiver) FAIL();
  EXPECT_EQ(receiver->status().error(), Code::invalid_state);
  EXPECT_EQ(receiver->senders(), 1U);
  send(1);
  EXPECT_EQ(receive.take()->number, 1U);
  send(2);
  EXPECT_EQ(receiver->receive(10s)->number, 2U) << "and allowed when none is";
  EXPECT_EQ(receiver->counters().messages, 3U);
}

TEST_P(AsyncReceive, ADeadlineEndsItThoughNobodyWaits) {
  const auto start = psyne::Clock::now();
  auto receive = receiver->receive_async(30ms);
  for (int i = 0; i < 10'000 && !receive.test(); ++i) std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(receive.test());
  EXPECT_GE(psyne::Clock::now() - start, 30ms);
  auto late = receive.take();
  ASSERT_EQ(late.error(), Code::timed_out);
  EXPECT_NE(late.error().text().find("cannot receive from"), std::string::npos) << late.error().text();
  send(1);
  EXPECT_EQ(receiver->receive(10s)->number, 1U);
}

TEST_P(AsyncReceive, AWaitThatIsTooShortLeavesItPending) {
  auto receive = receiver->receive_async();
  EXPECT_EQ(receive.wait(10ms).error(), Code::timed_out);
  EXPECT_EQ(receive.wait(psyne::Deadline{}).error(), Code::timed_out);
  EXPECT_FALSE(receive.test());
  send(1);
  ASSERT_TRUE(receive.wait(10s));
  EXPECT_EQ(receive.take()->number, 1U);
}

TEST_P(AsyncReceive, AStopTokenEndsItAndSoDoesATokensDeadline) {
  const psyne::StopSource source;
  auto stopped = receiver->receive_async(source.token());
  source.request_stop(psyne::StopReason::shutdown);
  EXPECT_TRUE(stopped.test());
  EXPECT_EQ(stopped.take().error(), Code::stopped);
  EXPECT_EQ(receiver->receive_async(source.token()).take().error(), Code::stopped) << "stopped before it began";
  const psyne::StopSource short_lived(psyne::Clock::now() + 20ms);
  EXPECT_EQ(receiver->receive_async(short_lived.token()).take().error(), Code::timed_out);
  send(1);
  EXPECT_EQ(receiver->receive_async(source.token()).take()->number, 1U) << "a message that is there comes first";
}

TEST_P(AsyncReceive, AStoppedWaitLeavesItPending) {
  auto receive = receiver->receive_async();
  const psyne::StopSource source;
  std::thread stopping([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  EXPECT_EQ(receive.wait(source.token()).error(), Code::stopped);
  stopping.join();
  send(1);
  EXPECT_EQ(receive.take()->number, 1U);
}

TEST_P(AsyncReceive, CancellingItTakesNothing) {
  auto first = receiver->receive_async();
  auto second = receiver->receive_async();
  EXPECT_TRUE(first.cancel());
  EXPECT_EQ(first.status(), psyne::CompletionStatus::cancelled);
  EXPECT_EQ(first.take().error(), Code::stopped);
  EXPECT_FALSE(first.cancel());
  send(1);
  EXPECT_EQ(second.take()->number, 1U);
}

TEST_P(AsyncReceive, OneThatNobodyRefersToTakesNothing) {
  { auto dropped = receiver->receive_async(); }
  send(1);
  EXPECT_EQ(receiver->receive(10s)->number, 1U);
  { auto dropped = receiver->receive_async(); }
  auto kept = receiver->receive_async();
  send(2);
  EXPECT_EQ(kept.take()->number, 2U);
}

TEST_P(AsyncReceive, AMessageThatNobodySawComesBackFirst) {
  send(1);
  send(2);
  { auto unseen = receiver->receive_async(); }
  EXPECT_FALSE(receiver->arm()) << "there is something now";
  EXPECT_EQ(receiver->receive(10s)->number, 1U);
  { auto unseen = receiver->receive_async(); }
  EXPECT_EQ(receiver->receive_async().take()->number, 2U);
  send(3);
  { auto unseen = receiver->receive_async(); }
  auto batch = receiver->receive_batch(8);
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(batch[0].number, 3U);
  send(4);
  send(5);
  { auto unseen = receiver->receive_async(); }
  std::uint64_t next = 4;
  for (const Tick& tick : *receiver) {
    EXPECT_EQ(tick.number, next);
    if (next++ == 5) break;
  }
  EXPECT_EQ(next, 6U);
}

TEST_P(AsyncReceive, AMessageThatComesBackEndsTheSleepOfTheReceiver) {
  send(1);
  auto unseen = std::make_optional(receiver->receive_async());
  std::thread dropping([&] {
    std::this_thread::sleep_for(30ms);
    unseen.reset();
  });
  EXPECT_EQ(receiver->receive(10s)->number, 1U);
  dropping.join();
}

TEST_P(AsyncReceive, AMessageThatWasSeenDoesNotComeBack) {
  send(1);
  {
    auto seen = receiver->receive_async();
    EXPECT_EQ(seen.result()->number, 1U);
  }
  EXPECT_EQ(receiver->try_receive().error(), Code::would_block);
}

TEST_P(AsyncReceive, EndsWhenTheLastSenderCloses) {
  auto ending = Receiver<Tick>::open(std::string(receiver->uri()) + "-ending").value();
  auto closing = std::make_optional(Sender<Tick>::open(sender->uri() + "-ending").value());
  closing->send({1, 0}).value();
  EXPECT_EQ(ending.receive_async().take()->number, 1U);
  auto pending = ending.receive_async();
  closing.reset();
  ASSERT_TRUE(pending.wait(10s));
  EXPECT_EQ(pending.take().error(), Code::closed);
  EXPECT_EQ(ending.receive_async().take().error(), Code::closed);
}

TEST_P(AsyncReceive, EndsWhenItsReceiverGoes) {
  auto first = receiver->receive_async();
  auto second = receiver->receive_async();
  send(1);
  ASSERT_TRUE(first.wait(10s));
  receiver.reset();
  EXPECT_EQ(first.take()->number, 1U) << "a view outlives its receiver";
  ASSERT_TRUE(second.test());
  EXPECT_EQ(second.take().error(), Code::closed);
}

TEST_P(AsyncReceive, GoesOnWhenItsReceiverMoves) {
  auto pending = receiver->receive_async();
  Receiver<Tick> moved(std::move(*receiver));
  EXPECT_EQ(receiver->receive_async().take().error(), Code::invalid_state);
  send(1);
  EXPECT_EQ(pending.take()->number, 1U);
  send(2);
  EXPECT_EQ(moved.receive_async().take()->number, 2U);
}

TEST_P(AsyncReceive, CallbacksRunOnTheirExecutorOrOnAThreadThatIsNotTheServiceThread) {
  psyne::ManualExecutor executor;
  std::vector<std::uint64_t> got;
  receiver->receive_async().on_complete([&](auto done) { got.push_back(done.take()->number); }, executor);
  std::atomic<bool> inline_done{false};
  std::atomic<bool> on_service{true};
  receiver->receive_async().on_complete([&](auto done) {
    on_service = psyne::Service::process().value()->here();
    EXPECT_EQ(done.take()->number, 2U);
    inline_done = true;
  });
  send(1);
  send(2);
  EXPECT_EQ(executor.run_until([&] { return got.size() == 1; }, psyne::Clock::now() + 10s), psyne::WaitEnd::ready);
  EXPECT_EQ(got, std::vector<std::uint64_t>{1});
  for (int i = 0; i < 10'000 && !inline_done; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(inline_done);
  EXPECT_FALSE(on_service);
}

TEST_P(AsyncReceive, ACallbackMayReceiveAgain) {
  constexpr std::uint64_t count = 1000;
  std::atomic<std::uint64_t> next{1};
  std::function<void(Completion<psyne::Received<Tick>>)> again = [&](Completion<psyne::Received<Tick>> done) {
    auto tick = done.take();
    if (!tick) return;
    EXPECT_EQ(tick->number, next);
    tick.release();
    if (++next <= count) receiver->receive_async().on_complete(again);
  };
  receiver->receive_async().on_complete(again);
  for (std::uint64_t i = 1; i <= count; ++i) post(i);
  for (int i = 0; i < 10'000 && next <= count; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(next, count + 1);
}

// Of all races below: every message is delivered once, in order, whatever ended the receives before it.
TEST_P(AsyncReceive, NoMessageIsLostWhenCancellationRacesWithArrival) {
  constexpr std::uint64_t count = 3000;
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      send(i);
      if (i % 7 == 0) std::this_thread::sleep_for(20us);
    }
  });
  std::uint64_t next = 0;
  for (int turn = 0; next < count; ++turn) {
    ASSERT_LT(turn, 10'000'000);
    auto receive = receiver->receive_async();
    switch (turn % 5) {
      case 0: static_cast<void>(receive.cancel()); break;
      case 1: std::thread([&] { static_cast<void>(receive.cancel()); }).join(); break;
      case 2: static_cast<void>(receive.wait(std::chrono::microseconds(turn % 50))); continue;  // dropped unseen
      case 3: continue;                                                                         // dropped at once
      default: ASSERT_TRUE(receive.wait(10s));
    }
    auto tick = receive.take();
    if (tick) {
      ASSERT_EQ(tick->number, next++);
    } else {
      ASSERT_EQ(tick.error(), Code::stopped) << tick.error().text();
    }
  }
  sending.join();
}

TEST_P(AsyncReceive, NoMessageIsLostWhenDeadlinesAndStopsRaceWithArrival) {
  constexpr std::uint64_t count = 2000;
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      send(i);
      if (i % 3 == 0) std::this_thread::sleep_for(50us);
    }
  });
  std::uint64_t next = 0;
  for (int turn = 0; next < count; ++turn) {
    ASSERT_LT(turn, 1'000'000);
    const psyne::StopSource source;
    auto receive = turn % 2 == 0 ? receiver->receive_async(std::chrono::microseconds(turn % 100))
                                 : receiver->receive_async(psyne::Wait(1ms, source.token()));
    if (turn % 4 == 1) source.request_stop();
    auto tick = receive.take();
    if (tick) {
      ASSERT_EQ(tick->number, next++);
    } else {
      ASSERT_TRUE(tick.error() == Code::timed_out || tick.error() == Code::stopped) << tick.error().text();
    }
  }
  sending.join();
}

TEST_P(AsyncReceive, DestroyingTheReceiverRacesWithArrivalAndWithWaits) {
  for (int round = 0; round < 60; ++round) {
    const std::string name = uri();
    auto out = Sender<Tick>::open(name, {.linger = 0s}).value();
    auto in = std::make_optional(Receiver<Tick>::open(to(name)).value());
    std::vector<Completion<psyne::Received<Tick>>> receives;
    for (int i = 0; i < 4; ++i) receives.push_back(in->receive_async());
    std::thread sending([&] {
      for (std::uint64_t i = 0; i < 4; ++i) static_cast<void>(out.try_send({i, 0}));
    });
    std::thread waiting([&] { EXPECT_TRUE(receives[3].wait(20s)); });
    std::this_thread::sleep_for(std::chrono::microseconds(round * 10));
    in.reset();
    sending.join();
    waiting.join();
    std::uint64_t next = 0;
    for (auto& receive : receives) {
      ASSERT_TRUE(receive.test());
      auto tick = receive.take();
      if (tick) {
        EXPECT_EQ(tick->number, next++);
      } else {
        EXPECT_EQ(tick.error(), Code::closed) << tick.error().text();
      }
    }
  }
}

TEST_P(AsyncReceive, ManyThreadsWaitForReceivesOfOneReceiver) {
  constexpr std::uint64_t rounds = 200;
  constexpr std::size_t width = 3;
  std::vector<std::uint64_t> got;
  std::mutex mutex;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::vector<std::thread> waiting;
    for (std::size_t i = 0; i < width; ++i) {
      waiting.emplace_back([&, receive = receiver->receive_async()] {
        auto tick = receive.take();
        ASSERT_TRUE(tick) << tick.error().text();
        const std::lock_guard lock(mutex);
        got.push_back(tick->number);
      });
    }
    for (std::uint64_t i = 0; i < width; ++i) send(round * width + i);
    for (auto& thread : waiting) thread.join();
  }
  std::sort(got.begin(), got.end());
  ASSERT_EQ(got.size(), rounds * width);
  for (std::uint64_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i);
}

TEST_P(AsyncReceive, SynchronousAndAsynchronousReceivesMayTakeTurns) {
  constexpr std::uint64_t count = 3000;
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      send(i);
      if (i % 11 == 0) std::this_thread::sleep_for(30us);
    }
  });
  for (std::uint64_t next = 0; next < count; ++next) {
    if (next % 3 == 0) {
      ASSERT_EQ(receiver->receive_async().take()->number, next);
    } else if (next % 3 == 1) {
      auto receive = receiver->receive_async();
      for (int i = 0; i < 100'000'000 && !receive.test(); ++i) std::this_thread::yield();
      ASSERT_EQ(receive.take()->number, next);
    } else {
      ASSERT_EQ(receiver->receive(10s)->number, next);
    }
  }
  sending.join();
}

TEST_P(AsyncReceive, AForkedChildIsTold) {
  auto pending = receiver->receive_async();
  const pid_t child = psyne_test::fork_at_rest();
  if (child == 0) {
    if (receiver->receive_async().take().error() != Code::forked) _exit(1);
    if (pending.take().error() != Code::forked) _exit(2);
    static_cast<void>(pending.cancel());
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  send(1);
  EXPECT_EQ(pending.take()->number, 1U) << "the parent's goes on";
}

TEST_P(AsyncReceive, JoinsAPollLoopInTurns) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    auto receive = receiver->receive_async();
    send(2 * i);
    ASSERT_EQ(receive.take()->number, 2 * i);
    std::thread sending([&] { send(2 * i + 1); });
    for (int turn = 0;; ++turn) {
      ASSERT_LT(turn, 1000);
      auto tick = receiver->try_receive();
      if (tick) {
        EXPECT_EQ(tick->number, 2 * i + 1);
        break;
      }
      ASSERT_EQ(tick.error(), Code::would_block);
      pollfd readable{.fd = receiver->fd(), .events = POLLIN, .revents = 0};
      if (receiver->arm()) {
        ASSERT_EQ(poll(&readable, 1, 10'000), 1) << "a wake was lost";
      }
    }
    sending.join();
  }
}

}  // namespace
