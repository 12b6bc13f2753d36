#include <psyne/core/executor/inline_executor.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/service/deadline_callback.hpp>
#include <psyne/core/service/service.hpp>

#include "eventually.hpp"
#include "fork_at_rest.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Descriptor;
using psyne::Service;
using psyne::Work;
using psyne_test::eventually;

struct Recorder final : Service::Watcher {
  std::atomic<int> calls{0};
  std::atomic<std::uint32_t> events{0};
  std::function<void(int)> also;
  void ready(int descriptor, std::uint32_t what) noexcept override {
    events = what;
    char byte = 0;
    static_cast<void>(!::read(descriptor, &byte, 1));
    if (also) also(descriptor);
    ++calls;
  }
};

struct Pair {
  Descriptor ours, theirs;
  Pair() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0) {
      ours = Descriptor(ends[0]);
      theirs = Descriptor(ends[1]);
    }
  }
  void say() const { static_cast<void>(!::write(theirs.get(), "x", 1)); }
};

TEST(Service, CallsTheWatcherWhenADescriptorIsReadable) {
  Service& service = *Service::process().value();
  const Pair pair;
  Recorder recorder;
  service.watch(pair.ours.get(), EPOLLIN, recorder).value();
  pair.say();
  EXPECT_TRUE(eventually([&] { return recorder.calls == 1; }));
  service.unwatch(pair.ours.get());
}

TEST(Service, NeverCallsAfterUnwatch) {
  Service& service = *Service::process().value();
  for (int round = 0; round < 200; ++round) {
    const Pair pair;
    auto recorder = std::make_unique<Recorder>();
    service.watch(pair.ours.get(), EPOLLIN, *recorder).value();
    pair.say();
    service.unwatch(pair.ours.get());
    recorder.reset();  // a late call would be a use after free, which the sanitizers see
  }
}

TEST(Service, AWatcherMayUnwatchItself) {
  Service& service = *Service::process().value();
  const Pair pair;
  Recorder recorder;
  recorder.also = [&](int descriptor) { service.unwatch(descriptor); };
  service.watch(pair.ours.get(), EPOLLIN, recorder).value();
  pair.say();
  EXPECT_TRUE(eventually([&] { return recorder.calls == 1; }));
  pair.say();
  service.run([] {});
  EXPECT_EQ(recorder.calls, 1);
}

TEST(Service, ReportsHangUpThoughNoEventWasAskedFor) {
  Service& service = *Service::process().value();
  Pair pair;
  Recorder recorder;
  recorder.also = [&](int descriptor) { service.unwatch(descriptor); };
  service.watch(pair.ours.get(), 0, recorder).value();
  pair.theirs.reset();
  EXPECT_TRUE(eventually([&] { return recorder.calls == 1; }));
  EXPECT_TRUE(recorder.events & EPOLLHUP);
}

TEST(Service, SaysNothingOfWhatIsSuspendedUntilItIsWatchedAgain) {
  Service& service = *Service::process().value();
  Pair pair;
  Recorder recorder;
  service.watch(pair.ours.get(), EPOLLIN, recorder).value();
  for (int times = 0; times < 2; ++times) service.suspend(pair.ours.get());
  pair.say();
  pair.theirs.reset();
  for (int turn = 0; turn < 10; ++turn) service.run([] {});
  EXPECT_EQ(recorder.calls, 0);
  recorder.also = [&](int descriptor) { service.unwatch(descriptor); };
  service.rewatch(pair.ours.get(), EPOLLIN).value();
  EXPECT_TRUE(eventually([&] { return recorder.calls == 1; }));
  service.suspend(pair.ours.get());
  EXPECT_EQ(service.rewatch(pair.ours.get(), EPOLLIN).error(), psyne::Code::not_found) << "it is not watched any more";
}

TEST(Service, RunsPostedWorkInOrderAndRunWaitsForIt) {
  Service& service = *Service::process().value();
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) service.post([&order, i] { order.push_back(i); });
  service.run([&] {
    EXPECT_TRUE(service.here());
    service.run([&] { order.push_back(100); });  // from the service thread itself: at once
  });
  ASSERT_EQ(order.size(), 101U);
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_FALSE(service.here());
}

struct Alarm : Work {
  explicit Alarm(Service& owner, psyne::Executor* executor = nullptr)
      : Work([](Work& self) noexcept { static_cast<Alarm&>(self).ring(); }),
        service(owner),
        timer(*this, executor != nullptr ? *executor : owner.executor()) {}
  void ring() {
    at = Clock::now();
    on_service = service.here();
    if (also) also();
    ++rings;
  }
  Service& service;
  psyne::Timer timer;
  std::function<void()> also;
  Clock::time_point at;
  bool on_service = false;
  std::atomic<int> rings{0};
};

TEST(Service, TimersFireOnItsThreadInTheirOrderAndNotBefore) {
  Service& service = *Service::process().value();
  const auto start = Clock::now();
  Alarm late(service), soon(service), past(service);
  service.start(late.timer, start + 40ms);
  service.start(soon.timer, start + 20ms);
  service.start(past.timer, psyne::Deadline::min());
  ASSERT_TRUE(eventually([&] { return late.rings == 1; }));
  EXPECT_EQ(soon.rings, 1);
  EXPECT_EQ(past.rings, 1);
  EXPECT_TRUE(late.on_service && soon.on_service);
  EXPECT_GE(soon.at, start + 20ms);
  EXPECT_GE(late.at, start + 40ms);
  EXPECT_FALSE(service.cancel(late.timer));
}

TEST(Service, ATimerThatWasCancelledNeverFires) {
  Service& service = *Service::process().value();
  Alarm never(service), other(service);
  service.start(never.timer, Clock::now() + 30ms);
  EXPECT_TRUE(service.cancel(never.timer));
  EXPECT_FALSE(service.cancel(never.timer)) << "it waits no more";
  service.start(other.timer, Clock::now() + 60ms);
  ASSERT_TRUE(eventually([&] { return other.rings == 1; }));
  EXPECT_EQ(never.rings, 0);
}

TEST(Service, WhoCancelsATimerThatIsJustFiringWaitsForItsWork) {
  Service& service = *Service::process().value();
  for (int round = 0; round < 300; ++round) {
    auto alarm = std::make_unique<Alarm>(service);
    service.start(alarm->timer, Clock::now() + std::chrono::microseconds(round % 60));
    if (round % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(round % 50));
    const bool cancelled = service.cancel(alarm->timer);
    EXPECT_EQ(alarm->rings, cancelled ? 0 : 1);
    alarm.reset();  // late work would be a use after free, which the sanitizers see
  }
}

// Who cancels it may hold what the work of another one waits for.
TEST(Service, WhoCancelsATimerWaitsForNoOthersWork) {
  Service& service = *Service::process().value();
  Alarm other(service), mine(service);
  std::atomic<bool> running{false}, cancelled{false};
  other.also = [&] {
    running = true;
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
  };
  service.start(mine.timer, Clock::now());
  ASSERT_TRUE(eventually([&] { return mine.rings == 1; }));
  service.start(other.timer, Clock::now());
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  EXPECT_FALSE(service.cancel(mine.timer));
  cancelled = true;
  EXPECT_FALSE(service.cancel(other.timer));
  EXPECT_EQ(other.rings, 1);
}

TEST(Service, ATimersWorkMayDestroyOthersThatAreDue) {
  Service& service = *Service::process().value();
  for (int round = 0; round < 50; ++round) {
    Alarm first(service);
    auto second = std::make_unique<Alarm>(service);
    first.also = [&] {
      EXPECT_TRUE(service.cancel(second->timer));
      second.reset();
    };
    service.run([&] {
      service.start(first.timer, psyne::Deadline::min());
      service.start(second->timer, Clock::now());
    });
    ASSERT_TRUE(eventually([&] { return first.rings == 1; }));
    EXPECT_EQ(second, nullptr);
    EXPECT_FALSE(service.cancel(first.timer));
  }
}

TEST(Service, ATimersWorkMayCancelIt) {
  Service& service = *Service::process().value();
  Alarm alarm(service);
  alarm.also = [&] { EXPECT_FALSE(service.cancel(alarm.timer)); };
  service.start(alarm.timer, Clock::now());
  EXPECT_TRUE(eventually([&] { return alarm.rings == 1; }));
}

TEST(Service, ATimerMayPostToAnyExecutor) {
  Service& service = *Service::process().value();
  psyne::ManualExecutor executor;
  Alarm alarm(service, &executor);
  service.start(alarm.timer, Clock::now() + 1ms);
  EXPECT_EQ(executor.run_until([&] { return alarm.rings == 1; }, Clock::now() + 10s), psyne::WaitEnd::ready);
  EXPECT_FALSE(alarm.on_service);
}

TEST(Service, WhatWouldRunInlineOnItRunsOnTheThreadForCallbacks) {
  Service& service = *Service::with_callbacks().value();
  Alarm alarm(service, &psyne::inline_executor());
  std::thread::id ran_on;
  alarm.also = [&] { ran_on = std::this_thread::get_id(); };
  service.start(alarm.timer, Clock::now());
  ASSERT_TRUE(eventually([&] { return alarm.rings == 1; }));
  EXPECT_FALSE(alarm.on_service);
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST(Service, ADeadlineCallbackRunsOnceUnlessItWentBefore) {
  Service& service = *Service::process().value();
  std::atomic<int> calls{0};
  const auto count = [&calls]() noexcept { ++calls; };
  { const psyne::DeadlineCallback gone(service, Clock::now() + 5ms, count); }
  {
    const psyne::DeadlineCallback comes(service, Clock::now() + 10ms, count);
    EXPECT_TRUE(eventually([&] { return calls == 1; }));
  }
  for (int round = 0; round < 200; ++round) {
    const int before = calls;
    { const psyne::DeadlineCallback races(service, Clock::now() + std::chrono::microseconds(round % 40), count); }
    const int after = calls;
    EXPECT_LE(after, before + 1);
    std::this_thread::yield();
    EXPECT_EQ(calls, after) << "it ran after it went";
  }
}

TEST(Service, AForkedChildGetsOneOfItsOwn) {
  Service* parents = Service::process().value();
  Alarm parents_alarm(*parents);
  parents->start(parents_alarm.timer, Clock::now() + 1h);
  const pid_t child = psyne_test::fork_at_rest();
  if (child == 0) {
    bool ran = false;
    auto service = Service::process();
    if (service && *service != parents) (*service)->run([&] { ran = true; });
    Alarm alarm(**service);
    (*service)->start(alarm.timer, Clock::now() + 1ms);
    if (!eventually([&] { return alarm.rings == 1; })) _exit(2);
    if (parents->cancel(parents_alarm.timer)) _exit(3);
    _exit(ran ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  bool ran = false;
  parents->run([&] { ran = true; });
  EXPECT_TRUE(ran);
  EXPECT_TRUE(parents->cancel(parents_alarm.timer));
}

}  // namespace
