#include <psyne/pool/queue/injection_queue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <deque>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>
#include <explorer/mutated_injection_queue.hpp>

namespace {

using psyne::From;
using psyne::Priority;
using psyne::Sharing;
using psyne::Work;
using namespace psyne::explorer;

Search deep(std::uint64_t random = 15'000, std::uint64_t systematic = 15'000) {
  Search search;
  search.systematic = systematic;
  search.random = random;
  search.bounds.steps = 20'000;
  return search;
}

/// A job that is written before it is posted, and taken once.
struct Job : Work {
  Job() : Work([](Work&) noexcept {}) {}
  void write() { content = 7; }
  void take() {
    require(content == 7, "the content is there");
    taken = taken + 1;
  }
  Checked<int> content{0}, taken{0};
};

/// The real queue, with the calls of the mutated one.
template <class Atomics>
class Queue {
 public:
  using Real = psyne::InjectionQueue<Atomics>;

  explicit Queue(std::size_t jobs = 4) : jobs_(jobs) {}

  bool push(Priority level = Priority::normal, From from = From::outside) {
    auto* const producer = queue_.join();
    Job& job = jobs_[next_++];
    job.write();
    const bool pushed = queue_.push(*producer, job, level, ExplorerAtomics::now(), from);
    queue_.part(*producer);
    return pushed;
  }
  std::uint32_t take(Priority at_least = Priority::background) {
    std::array<Work*, 2> out{};
    const auto [count, level, from] = queue_.take(out, at_least, 1, ExplorerAtomics::now(), 0);
    for (std::size_t place = 0; place < count; ++place) static_cast<Job*>(out[place])->take();
    return static_cast<std::uint32_t>(count);
  }
  bool any() { return queue_.any(); }
  void close() { queue_.close(); }

 private:
  Real queue_;
  std::deque<Job> jobs_;
  std::size_t next_ = 0;
};

/// Of two that push at two levels and one that takes and sleeps: a bit that is lost leaves it asleep for ever.
template <class Queue, int pushers = 1>
void sleep_until_pushed() {
  Queue queue;
  ExplorerAtomics::Atomic<std::uint32_t> asleep{0};
  const auto push = [&](auto... level) {
    require(queue.push(level...), "not closed");
    if (asleep.exchange(0, std::memory_order_seq_cst) == 1) ExplorerAtomics::wake(asleep, 1, Sharing::process);
  };
  std::vector<ExploredThread> others;
  for (int other = 1; other < pushers; ++other) {
    if constexpr (pushers > 1) others.emplace_back([&] { push(Priority::high); });
  }
  ExploredThread taker([&] {
    for (std::uint32_t taken = 0; taken < pushers + 1;) {
      if (const std::uint32_t count = queue.take()) {
        taken += count;
        continue;
      }
      asleep.store(1, std::memory_order_seq_cst);
      if (!queue.any()) static_cast<void>(ExplorerAtomics::wait(asleep, 1, Sharing::process, psyne::no_deadline));
      asleep.store(0, std::memory_order_seq_cst);
    }
  });
  push();
  push();
  for (ExploredThread& other : others) other.join();
  taker.join();
  require(!queue.any(), "nothing is left");
}

/// Two take what one pushes.
template <class Queue>
void share() {
  Queue queue;
  std::uint32_t first_taken = 0, second_taken = 0;
  ExploredThread first([&] { first_taken = queue.take(); });
  ExploredThread second([&] { second_taken = queue.take(); });
  queue.push();
  queue.push();
  first.join(), second.join();
  std::uint32_t left = 0;
  while (const std::uint32_t count = queue.take()) left += count;
  require(first_taken + second_taken + left == 2, "each is taken once");
  require(!queue.any(), "nothing is left");
}

/// What was taken before close() is there when it returns; afterwards nothing comes.
template <class Queue>
void close() {
  Queue queue;
  bool pushed = false;
  ExploredThread pusher([&] { pushed = queue.push(); });
  queue.close();
  const bool there = queue.any();
  pusher.join();
  require(pushed == there, "what was taken was there, and nothing came after it");
  require(queue.take() == (pushed ? 1 : 0), "it is taken once");
  require(!queue.push(), "closed");
}

TEST(InjectionQueueExplored, NoBitIsLost) {
  expect_sound("InjectionQueue, a taker that sleeps", sleep_until_pushed<Queue<ExplorerAtomics>>, deep());
  expect_sound("InjectionQueue, two that push", sleep_until_pushed<Queue<ExplorerAtomics>, 2>, deep());
}

TEST(InjectionQueueExplored, EachIsTakenOnce) {
  expect_sound("InjectionQueue, two that take", share<Queue<ExplorerAtomics>>, deep());
}

/// Two producers, one of whom has the end of one that has gone; two takers at different levels.
TEST(InjectionQueueExplored, EndsAreUsedAgain) {
  expect_sound(
      "InjectionQueue, two push and two take",
      [] {
        Queue<ExplorerAtomics> queue;
        std::uint32_t taken = 0;
        ExploredThread pusher([&] { queue.push(Priority::low), queue.push(Priority::high); });
        ExploredThread taker([&] { taken += queue.take(Priority::normal); });
        queue.push(Priority::low);
        taken += queue.take();
        pusher.join(), taker.join();
        while (const std::uint32_t count = queue.take()) taken += count;
        require(taken == 3, "each is taken once");
        require(!queue.any(), "nothing is left");
      },
      deep());
}

/// Entries lie in chunks: the producer begins a new one while two take the last entries of the old.
TEST(InjectionQueueExplored, ChunksGoToAndFro) {
  Search search = deep(1'000, 1'000);
  expect_sound(
      "Outbox, around a chunk's end",
      [] {
        constexpr std::size_t before = 125, entries = 130;
        psyne::Outbox<ExplorerAtomics> box;
        std::deque<Job> jobs(entries);
        const auto push = [&](std::size_t number) {
          jobs[number].write();
          require(box.push(jobs[number], {}), "there is memory");
        };
        std::array<Work*, before> out{};
        for (std::size_t number = 0; number < before; ++number) push(number);
        require(box.take(out, 1) == before, "all of them");
        std::size_t next = before;
        const auto take = [&] {
          if (!box.take_turn()) return;
          const std::size_t count = box.take(std::span(out).first(2), 2);
          for (std::size_t place = 0; place < count; ++place) {
            require(out[place] == &jobs[next], "in order");
            jobs[next++].take();
          }
          box.end_turn();
        };
        ExploredThread taker([&] { take(), take(); });
        for (std::size_t number = before; number < entries; ++number) push(number);
        take();
        taker.join();
        while (!box.empty()) take();
        require(next == entries, "each is taken once");
      },
      search);
}

TEST(InjectionQueueExplored, ClosingIsExact) {
  expect_sound("InjectionQueue, closing", close<Queue<ExplorerAtomics>>, deep());
}

TEST(InjectionQueueExplored, SeededBugsAreFound) {
  using Bug = InjectionBug;
  expect_sound("mutated queue without a bug", sleep_until_pushed<MutatedInjectionQueue<Bug::none>>, deep());
  expect_sound("mutated queue without a bug, two that take", share<MutatedInjectionQueue<Bug::none>>, deep());
  expect_sound("mutated queue without a bug, closing", close<MutatedInjectionQueue<Bug::none>>, deep());
  expect_found("clearing without looking", sleep_until_pushed<MutatedInjectionQueue<Bug::clears_without_looking>>,
               "sleeps", deep(100'000));
  expect_found("looking before clearing", sleep_until_pushed<MutatedInjectionQueue<Bug::looks_before_clearing>>,
               "sleeps", deep(100'000));
  expect_found("setting too early", sleep_until_pushed<MutatedInjectionQueue<Bug::sets_too_early>>, "sleeps",
               deep(100'000));
  expect_found("two that have the turn", share<MutatedInjectionQueue<Bug::two_in_turn>>, "once", deep(100'000));
  expect_found("a push that ends too early", close<MutatedInjectionQueue<Bug::pushed_too_early>>, "after it");
  expect_found("closing without waiting", close<MutatedInjectionQueue<Bug::closes_without_waiting>>, "after it");
  expect_found("closing without a barrier", close<MutatedInjectionQueue<Bug::closes_without_barrier>>, "after it");
  expect_found("InjectionQueue, no heavy barrier", close<Queue<HeavyBarrierMissing>>, "after it", deep(100'000));
  expect_found("InjectionQueue, no light barrier", close<Queue<LightBarrierMissing>>, "after it", deep(100'000));
  expect_found("InjectionQueue, not sequential", sleep_until_pushed<Queue<SequentialMissing>>, "sleeps", deep(100'000));
  expect_found("InjectionQueue without release", sleep_until_pushed<Queue<SequentialRelaxed>>, "race", deep(100'000));
}

}  // namespace
