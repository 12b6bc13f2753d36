#include <psyne/core/executor/inline_executor.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/executor/thread_executor.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::inline_executor;
using psyne::ManualExecutor;
using psyne::NothingInline;
using psyne::WaitEnd;
using psyne::Work;
using psyne::WorkQueue;

struct Job : Work {
  explicit Job(std::function<void()> body) : Work(&run_body), body_(std::move(body)) {}

 private:
  static void run_body(Work& self) noexcept { static_cast<Job&>(self).body_(); }
  std::function<void()> body_;
};

TEST(WorkQueue, IsFirstInFirstOut) {
  WorkQueue queue;
  Job a([] {}), b([] {}), c([] {});
  EXPECT_EQ(queue.pop(), nullptr);
  queue.push(a);
  queue.push(b);
  EXPECT_EQ(queue.pop(), &a);
  queue.push(c);
  queue.push(a);
  EXPECT_EQ(queue.pop(), &b);
  EXPECT_EQ(queue.pop(), &c);
  EXPECT_EQ(queue.pop(), &a);
  EXPECT_TRUE(queue.empty());
  queue.push(b);
  EXPECT_EQ(queue.pop(), &b);
}

TEST(InlineExecutor, RunsBeforePostReturns) {
  bool ran = false;
  Job job([&] { ran = true; });
  inline_executor().post(job);
  EXPECT_TRUE(ran);
}

TEST(InlineExecutor, NestedWorkWaitsForTheOuter) {
  std::string order;
  Job inner([&] { order += 'i'; });
  Job outer([&] {
    inline_executor().post(inner);
    order += 'o';
  });
  inline_executor().post(outer);
  EXPECT_EQ(order, "oi");
}

TEST(InlineExecutor, AMillionInAChainNeedTheStackOfOne) {
  int left = 1'000'000;
  std::optional<Job> chain;
  chain.emplace([&] {
    if (--left > 0) inline_executor().post(*chain);
  });
  inline_executor().post(*chain);
  EXPECT_EQ(left, 0);
}

TEST(InlineExecutor, AThreadMayHaveItsWorkRunElsewhere) {
  ManualExecutor other, another;
  int ran = 0;
  Job first([&] { ++ran; }), second([&] { ++ran; }), third([&] { ++ran; });
  {
    const NothingInline outer(other);
    inline_executor().post(first);
    {
      const NothingInline inner(another);
      inline_executor().post(second);
    }
    EXPECT_EQ(ran, 0);
    std::thread([&] { inline_executor().post(third); }).join();  // only the thread that said so
    EXPECT_EQ(ran, 1);
  }
  EXPECT_EQ(another.run_all(), 1u);
  EXPECT_EQ(other.run_all(), 1u);
  EXPECT_EQ(ran, 3);
}

TEST(ManualExecutor, RunsWhenToldInTheOrderOfPosting) {
  ManualExecutor executor;
  std::string order;
  Job a([&] { order += 'a'; }), b([&] { order += 'b'; }), c([&] { order += 'c'; });
  EXPECT_FALSE(executor.run_one());
  executor.post(a);
  executor.post(b);
  executor.post(c);
  EXPECT_EQ(order, "");
  EXPECT_TRUE(executor.run_one());
  EXPECT_EQ(order, "a");
  EXPECT_EQ(executor.run_all(), 2u);
  EXPECT_EQ(order, "abc");
}

TEST(ManualExecutor, RunAllRunsWhatComesMeanwhile) {
  ManualExecutor executor;
  int left = 5;
  std::optional<Job> again;
  again.emplace([&] {
    if (--left > 0) executor.post(*again);
  });
  executor.post(*again);
  EXPECT_EQ(executor.run_all(), 5u);
}

TEST(ManualExecutor, ItsDestructorLosesNothing) {
  int ran = 0;
  Job job([&] { ++ran; });
  {
    ManualExecutor executor;
    executor.post(job);
  }
  EXPECT_EQ(ran, 1);
}

TEST(ManualExecutor, WorkMayDestroyItself) {
  struct Passing : Work {
    explicit Passing(int& gone)
        : Work([](Work& self) noexcept { delete static_cast<Passing*>(&self); }), gone_(&gone) {}
    ~Passing() { ++*gone_; }
    int* gone_;
  };
  int gone = 0;
  ManualExecutor executor;
  executor.post(*new Passing(gone));
  executor.post(*new Passing(gone));
  EXPECT_EQ(executor.run_all(), 2u);
  EXPECT_EQ(gone, 2);
}

TEST(ManualExecutor, TakesWorkFromManyThreads) {
  constexpr std::size_t per_thread = 2'000;
  ManualExecutor executor;
  std::vector<std::deque<Job>> jobs(3);
  std::vector<int> last(3, -1);
  bool in_order = true;
  for (std::size_t thread = 0; thread < jobs.size(); ++thread) {
    for (std::size_t i = 0; i < per_thread; ++i) {
      jobs[thread].emplace_back([&, thread, number = static_cast<int>(i)] {
        in_order = in_order && last[thread] == number - 1;
        last[thread] = number;
      });
    }
  }
  std::vector<std::thread> threads;
  for (std::deque<Job>& own : jobs) {
    threads.emplace_back([&] {
      for (Job& job : own) executor.post(job);
    });
  }
  const auto all = [&] { return last == std::vector<int>(3, static_cast<int>(per_thread) - 1); };
  EXPECT_EQ(executor.run_until(all, Clock::now() + 60s), WaitEnd::ready);
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
}

// The loop may be gone as soon as the work that ends it ran, while post() is still under way on the other thread.
TEST(ManualExecutor, MayGoWhenTheWorkThatEndsItRan) {
  for (int round = 0; round < 500; ++round) {
    bool done = false;
    Job job([&] { done = true; });
    auto executor = std::make_unique<ManualExecutor>();
    std::thread poster([&job, loop = executor.get()] { loop->post(job); });
    EXPECT_EQ(executor->run_until([&] { return done; }, Clock::now() + 60s), WaitEnd::ready);
    executor.reset();
    poster.join();
  }
}

TEST(ManualExecutor, RunUntilEndsByStopDeadlineAndWake) {
  ManualExecutor executor;
  const auto never = [] { return false; };
  EXPECT_EQ(executor.run_until(never, psyne::Deadline{}), WaitEnd::timed_out);
  const auto until = Clock::now() + 10ms;
  EXPECT_EQ(executor.run_until(never, until), WaitEnd::timed_out);
  EXPECT_GE(Clock::now(), until);

  const psyne::StopSource source;
  std::thread stopper([&] {
    std::this_thread::sleep_for(2ms);
    source.request_stop();
  });
  EXPECT_EQ(executor.run_until(never, psyne::no_deadline, source.token()), WaitEnd::stopped);
  stopper.join();

  std::atomic<bool> flag{false};
  std::thread waker([&] {
    std::this_thread::sleep_for(2ms);
    flag = true;
    executor.wake();
  });
  EXPECT_EQ(executor.run_until([&] { return flag.load(); }, Clock::now() + 60s), WaitEnd::ready);
  waker.join();
}

TEST(ThreadExecutor, RunsWorkInOrderOnAThreadOfItsOwn) {
  psyne::ThreadExecutor executor;
  std::vector<int> order;
  std::deque<Job> jobs;
  std::thread::id ran_on;
  for (int i = 0; i < 100; ++i) {
    jobs.emplace_back([&, i] {
      order.push_back(i);
      ran_on = std::this_thread::get_id();
    });
  }
  for (int i = 0; i < 50; ++i) executor.post(jobs[static_cast<std::size_t>(i)]);  // wait for the thread
  ASSERT_TRUE(executor.start());
  ASSERT_TRUE(executor.start()) << "a second time changes nothing";
  for (int i = 50; i < 100; ++i) executor.post(jobs[static_cast<std::size_t>(i)]);
  std::atomic<bool> done{false};
  Job last([&] { done = true; });
  executor.post(last);
  for (int i = 0; i < 10'000 && !done; ++i) std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(done);
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST(ThreadExecutor, ItsDestructorRunsWhatIsLeft) {
  for (const bool started : {true, false}) {
    int ran = 0;
    std::deque<Job> jobs;
    {
      psyne::ThreadExecutor executor;
      if (started) executor.start().value();
      for (int i = 0; i < 100; ++i) executor.post(jobs.emplace_back([&] { ++ran; }));
    }
    EXPECT_EQ(ran, 100);
  }
}

}  // namespace
