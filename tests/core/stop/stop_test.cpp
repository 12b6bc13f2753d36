#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/stop/stop_token.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Code;
using psyne::StopCallback;
using psyne::StopReason;
using psyne::StopSource;
using psyne::StopToken;

// The production code with a clock that stands until a test moves it.
struct StandingClock : psyne::StandardAtomics {
  static inline std::atomic<Clock::time_point> time{Clock::time_point(1h)};
  static Clock::time_point now() noexcept { return time.load(); }
  static void pass(Clock::duration by) { time = time.load() + by; }
};
using TimedSource = psyne::BasicStopSource<StandingClock>;
using TimedToken = psyne::BasicStopToken<StandingClock>;
using AnyCallback = StopCallback<std::function<void()>>;

TEST(StopToken, EmptyNeverStops) {
  const StopToken token;
  EXPECT_FALSE(token.stop_possible());
  EXPECT_FALSE(token.stop_requested());
  EXPECT_FALSE(token.reason());
  EXPECT_EQ(token.deadline(), psyne::no_deadline);
  EXPECT_TRUE(token.text().empty());
  static_assert(sizeof(StopToken) == sizeof(void*));
  bool called = false;
  {
    const StopCallback never(token, [&] { called = true; });
  }
  EXPECT_FALSE(called);
}

TEST(StopToken, CarriesTheFirstReasonAndItsWords) {
  const StopSource source;
  const StopToken token = source.token();
  EXPECT_FALSE(token.stop_requested());
  EXPECT_FALSE(token.reason());
  EXPECT_TRUE(source.request_stop(StopReason::error, "rank 3 failed"));
  EXPECT_FALSE(source.request_stop(StopReason::shutdown, "too late"));
  EXPECT_TRUE(token.stop_requested());
  EXPECT_TRUE(token.announced());
  EXPECT_EQ(token.reason(), StopReason::error);
  EXPECT_EQ(token.text(), "rank 3 failed");
}

TEST(StopToken, OutlivesItsSource) {
  std::optional<StopSource> source(std::in_place);
  const StopToken token = source->token();
  source->request_stop(StopReason::shutdown, std::string(100, 'w'));
  source.reset();
  EXPECT_EQ(token.reason(), StopReason::shutdown);
  EXPECT_EQ(token.text(), std::string(100, 'w'));
}

TEST(StopToken, EqualWhenOfTheSameSource) {
  const StopSource source, other;
  const StopSource copy = source;
  EXPECT_EQ(source.token(), copy.token());
  EXPECT_FALSE(source.token() == other.token());
  EXPECT_EQ(StopToken(), StopToken());
  copy.request_stop();
  EXPECT_TRUE(source.stop_requested());
}

TEST(StopToken, ErrorSaysWhatEndedAndWhy) {
  const StopSource source;
  source.request_stop(StopReason::user, "Ctrl-C");
  const psyne::Error error = source.token().error("cannot receive from ipc://ticks");
  EXPECT_EQ(error, Code::stopped);
  EXPECT_EQ(error.text(), "cannot receive from ipc://ticks: stop was requested (Ctrl-C).");
  const StopSource late(Clock::now());
  EXPECT_EQ(late.token().error(), Code::timed_out);
}

TEST(StopReason, EachHasAName) {
  for (int reason = 0; reason <= static_cast<int>(StopReason::error); ++reason) {
    EXPECT_NE(psyne::name(static_cast<StopReason>(reason)), "unknown");
    EXPECT_EQ(psyne::StopCause::plain(static_cast<StopReason>(reason)).reason, static_cast<StopReason>(reason));
  }
}

TEST(StopCallback, RunsOnceInTheOrderOfRegistration) {
  const StopSource source;
  std::string order;
  const StopCallback first(source.token(), [&] { order += 'a'; });
  const StopCallback second(source.token(), [&] { order += 'b'; });
  {
    const StopCallback gone(source.token(), [&] { order += 'x'; });
  }
  const StopCallback third(source.token(), [&] { order += 'c'; });
  EXPECT_EQ(order, "");
  source.request_stop();
  source.request_stop();
  EXPECT_EQ(order, "abc");
}

TEST(StopCallback, RunsAtOnceWhenAlreadyStopped) {
  const StopSource source;
  source.request_stop();
  bool called = false;
  const StopCallback late(source.token(), [&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(StopCallback, MayDestroyItselfAndOthersAndTheSource) {
  auto source = std::make_unique<StopSource>();
  const StopToken token = source->token();
  int called = 0;
  std::unique_ptr<AnyCallback> own, other;
  own = std::make_unique<AnyCallback>(token, [&] {
    ++called;
    other.reset();
    source.reset();
    own.reset();
  });
  other = std::make_unique<AnyCallback>(token, [&] { called += 100; });
  source->request_stop();
  EXPECT_EQ(called, 1);
  EXPECT_TRUE(token.stop_requested());
}

TEST(StopCallback, MayAskForTheSameStopAgain) {
  const StopSource source;
  bool first_again = true;
  const StopCallback again(source.token(), [&] { first_again = source.request_stop(); });
  EXPECT_TRUE(source.request_stop());
  EXPECT_FALSE(first_again);
}

TEST(StopCallback, ItsDestructorWaitsWhileItRunsElsewhere) {
  for (int round = 0; round < 20; ++round) {
    const StopSource source;
    std::atomic<bool> entered{false}, left{false};
    auto callback = std::make_unique<AnyCallback>(source.token(), [&] {
      entered = true;
      std::this_thread::sleep_for(1ms);
      left = true;
    });
    std::thread stopper([&] { source.request_stop(); });
    while (!entered) std::this_thread::yield();
    callback.reset();
    EXPECT_TRUE(left);
    stopper.join();
  }
}

TEST(StopCallback, RegisteringAndStoppingAtOnceCallsEachExactlyOnce) {
  for (int round = 0; round < 300; ++round) {
    const StopSource source;
    std::atomic<bool> go{false};
    std::atomic<int> called{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, token = source.token()] {
        while (!go) std::this_thread::yield();
        std::atomic<int> own{0};
        const auto count = [&] { ++own, ++called; };
        const StopCallback one(token, count), two(token, count);
        while (own < 2) std::this_thread::yield();
      });
    }
    go = true;
    source.request_stop();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(called, 6);
  }
}

TEST(StopParent, StopsItsChildrenAndTheirsWithTheReasonParent) {
  const StopSource parent;
  const StopSource child(parent.token()), grandchild(child.token());
  bool called = false;
  const StopCallback callback(grandchild.token(), [&] { called = true; });
  parent.request_stop(StopReason::shutdown, "service closes");
  EXPECT_TRUE(called);
  EXPECT_EQ(child.token().reason(), StopReason::parent);
  EXPECT_EQ(grandchild.token().reason(), StopReason::parent);
  EXPECT_EQ(grandchild.token().text(), "service closes");
  const StopSource born_late(grandchild.token());
  EXPECT_EQ(born_late.token().reason(), StopReason::parent);
  EXPECT_EQ(born_late.token().text(), "service closes");
}

TEST(StopParent, IsNotStoppedByItsChild) {
  const StopSource parent;
  const StopSource child(parent.token());
  child.request_stop(StopReason::user);
  EXPECT_FALSE(parent.stop_requested());
  parent.request_stop(StopReason::shutdown);
  EXPECT_EQ(child.token().reason(), StopReason::user);
}

TEST(StopParent, AChildsTokenKeepsTheChainAlive) {
  auto parent = std::make_unique<StopSource>();
  const StopToken leaf = StopSource(StopSource(parent->token()).token()).token();
  parent->request_stop(StopReason::error, std::string(50, 'e'));
  parent.reset();
  EXPECT_EQ(leaf.text(), std::string(50, 'e'));
}

TEST(StopParent, StaysFlatUnderAMillionChildren) {
  const StopSource parent;
  for (int i = 0; i < 1'000'000; ++i) const StopSource child(parent.token());
  // Were the dead still listed, stopping would touch a million freed states.
  int called = 0;
  const StopCallback callback(parent.token(), [&] { ++called; });
  parent.request_stop();
  EXPECT_EQ(called, 1);
}

TEST(StopParent, ReachesManyLivingChildren) {
  const StopSource parent;
  std::vector<StopSource> children;
  for (int i = 0; i < 10'000; ++i) children.emplace_back(parent.token());
  for (std::size_t i = 0; i < children.size(); i += 2) children[i] = StopSource();  // unlinked from the middle
  parent.request_stop();
  for (std::size_t i = 0; i < children.size(); ++i) EXPECT_EQ(children[i].stop_requested(), i % 2 == 1);
}

// A recursive stop or release would need some 100 bytes of stack a level.
TEST(StopParent, ChainsMayBeOfAnyLength) {
  const StopSource root;
  StopSource leaf(root.token());
  for (int i = 0; i < 300'000; ++i) leaf = StopSource(leaf.token());
  root.request_stop();
  EXPECT_TRUE(leaf.token().announced());
}

TEST(StopParent, StoppingWhileChildrenComeAndGo) {
  for (int round = 0; round < 200; ++round) {
    const StopSource parent;
    std::atomic<int> started{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        ++started;
        StopToken last;
        while (!last.stop_requested()) {
          const StopSource child(parent.token());
          const StopSource grandchild(child.token());
          last = grandchild.token();
        }
        EXPECT_EQ(last.reason(), StopReason::parent);
      });
    }
    while (started != 3) std::this_thread::yield();
    parent.request_stop();
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(StopDeadline, StopsByTheClockWithoutAnybodyDrivingIt) {
  const TimedSource source(StandingClock::now() + 1s);
  const TimedToken token = source.token();
  EXPECT_FALSE(token.stop_requested());
  StandingClock::pass(1s - 1ns);
  EXPECT_FALSE(token.stop_requested());
  StandingClock::pass(1ns);
  EXPECT_FALSE(token.announced());  // nobody has looked at the clock
  EXPECT_TRUE(token.stop_requested());
  EXPECT_TRUE(token.announced());
  EXPECT_EQ(token.reason(), StopReason::deadline);
  EXPECT_FALSE(source.request_stop(StopReason::user));
  EXPECT_EQ(token.reason(), StopReason::deadline);
}

TEST(StopDeadline, ARequestAfterItComesTooLate) {
  const TimedSource source(StandingClock::now() + 1s);
  StandingClock::pass(2s);
  EXPECT_FALSE(source.request_stop(StopReason::user, "late"));
  EXPECT_EQ(source.token().reason(), StopReason::deadline);
  EXPECT_TRUE(source.token().text().empty());
}

TEST(StopDeadline, TheSoonerOfOwnAndParentsCounts) {
  const auto now = StandingClock::now();
  const TimedSource parent(now + 2s);
  const TimedSource sooner(parent.token(), now + 1s), later(parent.token(), now + 3s);
  EXPECT_EQ(sooner.token().deadline(), now + 1s);
  EXPECT_EQ(later.token().deadline(), now + 2s);
  EXPECT_EQ(later.token().sooner(now + 1s), now + 1s);
  EXPECT_EQ(later.token().sooner(psyne::no_deadline), now + 2s);
  StandingClock::pass(1s);
  EXPECT_EQ(sooner.token().reason(), StopReason::deadline);
  EXPECT_FALSE(later.stop_requested());
  StandingClock::pass(1s);
  EXPECT_EQ(later.token().reason(), StopReason::parent);
  EXPECT_EQ(parent.token().reason(), StopReason::deadline);
}

TEST(StopDeadline, CallbacksWaitForExpireAndThenRunOnce) {
  const TimedSource source(StandingClock::now() + 1s);
  const TimedSource child(source.token());
  int called = 0;
  const StopCallback own(source.token(), [&] { ++called; });
  const StopCallback childs(child.token(), [&] { ++called; });
  EXPECT_FALSE(source.expire());
  StandingClock::pass(1s);
  EXPECT_TRUE(source.stop_requested());
  EXPECT_TRUE(child.stop_requested());
  EXPECT_EQ(called, 0);
  const StopCallback late(source.token(), [&] { called += 10; });
  EXPECT_EQ(called, 10);
  EXPECT_TRUE(source.expire());
  EXPECT_TRUE(source.expire());
  EXPECT_EQ(called, 12);
}

TEST(ForeignStop, AStdTokenStopsOurs) {
  std::stop_source foreign;
  const StopToken token = foreign.get_token();
  bool called = false;
  const StopCallback callback(token, [&] { called = true; });
  const StopSource child(token);
  EXPECT_FALSE(token.stop_requested());
  foreign.request_stop();
  EXPECT_TRUE(called);
  EXPECT_EQ(token.reason(), StopReason::user);
  EXPECT_EQ(child.token().reason(), StopReason::parent);
  EXPECT_TRUE(StopToken(foreign.get_token()).stop_requested());
  EXPECT_FALSE(StopToken(std::stop_token()).stop_possible());
}

TEST(ForeignStop, MayLoseItsLastTokenInItsOwnCallback) {
  std::stop_source foreign;
  std::optional<StopToken> token = StopToken(foreign.get_token());
  std::optional<AnyCallback> callback;
  int called = 0;
  callback.emplace(*token, [&] {
    ++called;
    token.reset();
    callback.reset();
  });
  foreign.request_stop();
  EXPECT_EQ(called, 1);
}

TEST(ForeignStop, DyingWhileTheStdTokenStops) {
  for (int round = 0; round < 500; ++round) {
    std::stop_source foreign;
    std::atomic<bool> ready{false};
    std::thread holder([&] {
      StopToken token = foreign.get_token();
      ready = true;
      std::this_thread::yield();
      token = StopToken();
    });
    while (!ready) std::this_thread::yield();
    foreign.request_stop();
    holder.join();
  }
}

}  // namespace
