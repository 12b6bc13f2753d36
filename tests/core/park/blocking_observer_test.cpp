#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/park/event_count.hpp>
#include <psyne/core/park/parker.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::BlockingObserver;
using psyne::Clock;
using psyne::no_patience;
using psyne::ObserveBlocking;
using psyne::Sleep;

struct Recorder : BlockingObserver {
  void blocking() noexcept override { calls += '('; }
  void resumed() noexcept override { calls += ')'; }
  std::string calls;
};

const auto never = [] { return false; };

TEST(BlockingObserver, AThreadHasNone) { EXPECT_EQ(BlockingObserver::current(), nullptr); }

TEST(BlockingObserver, IsTheThreadsOwnAndNests) {
  Recorder outer, inner;
  {
    const ObserveBlocking observe_outer(&outer);
    EXPECT_EQ(BlockingObserver::current(), &outer);
    {
      const ObserveBlocking observe_inner(&inner);
      EXPECT_EQ(BlockingObserver::current(), &inner);
      const ObserveBlocking hidden(nullptr);
      EXPECT_EQ(BlockingObserver::current(), nullptr);
    }
    EXPECT_EQ(BlockingObserver::current(), &outer);
    std::thread([] { EXPECT_EQ(BlockingObserver::current(), nullptr); }).join();
  }
  EXPECT_EQ(BlockingObserver::current(), nullptr);
}

TEST(BlockingObserver, SeesEverySleepOfAParker) {
  Recorder recorder;
  const ObserveBlocking observe(&recorder);
  psyne::Parker<> parker;
  EXPECT_FALSE(parker.wait(never, Clock::now() + 5ms, no_patience));
  EXPECT_EQ(recorder.calls.substr(0, 2), "()");
  recorder.calls.clear();
  EXPECT_TRUE(parker.wait([] { return true; }));
  EXPECT_FALSE(parker.wait(never, psyne::Deadline::min()));
  parker.prepare();
  EXPECT_TRUE(parker.claim());
  EXPECT_EQ(parker.commit(psyne::no_deadline), Sleep::woken);
  EXPECT_EQ(recorder.calls, "") << "told of a sleep that was none";
}

TEST(BlockingObserver, SeesEverySleepOfAnEventCount) {
  Recorder recorder;
  const ObserveBlocking observe(&recorder);
  psyne::EventCount<> events;
  EXPECT_FALSE(events.await(never, Clock::now() + 5ms, no_patience));
  EXPECT_EQ(recorder.calls.substr(0, 2), "()");
  recorder.calls.clear();
  auto ticket = events.prepare();
  events.wake();
  EXPECT_EQ(events.commit(std::move(ticket)), Sleep::woken);
  EXPECT_EQ(recorder.calls, "") << "told of a sleep that was none";
}

// What a pool does with it: while the observed thread sleeps, somebody else does the work that wakes it.
TEST(BlockingObserver, IsToldBeforeTheSleepNotAfter) {
  struct Starter : BlockingObserver {
    explicit Starter(std::atomic<bool>& flag) : told(flag) {}
    void blocking() noexcept override { told.store(true); }
    void resumed() noexcept override {}
    std::atomic<bool>& told;
  };
  std::atomic<bool> told{false}, done{false};
  psyne::Parker<> parker;
  std::thread spare([&] {
    const auto give_up = Clock::now() + 30s;
    while (!told.load() && Clock::now() < give_up) std::this_thread::yield();
    done.store(true);
    parker.wake();
  });
  Starter starter(told);
  const ObserveBlocking observe(&starter);
  EXPECT_TRUE(parker.wait([&] { return done.load(); }, Clock::now() + 60s, no_patience));
  spare.join();
  EXPECT_TRUE(told.load());
}

}  // namespace
