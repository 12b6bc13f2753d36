#include "pool/works/all.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace pool_bench {
namespace {

/// Does everything at once and in order, unless it is told to do something wrong.
class Serial {
 public:
  enum class Fault { none, loses_the_last, does_the_last_twice, sorts_nothing };
  static inline Fault fault = Fault::none;
  static inline unsigned threads = 0;

  explicit Serial(unsigned with) { threads = with; }

  class Group {
   public:
    explicit Group(Serial&) {}
    template <class F>
    void run(F f) {
      f();
    }
    void wait() {}
  };

  template <class F>
  void enter(F f) {
    f();
  }
  template <class First, class... Rest>
  void invoke(First&& first, Rest&&... rest) {
    if constexpr (sizeof...(rest) > 0) {
      first();
      invoke(rest...);
    } else {
      times(1, [&](std::size_t) { first(); });
    }
  }
  template <class F>
  void for_each(std::size_t count, F f) {
    times(count, f);
  }
  std::uint64_t sum(std::span<const std::uint64_t> values) {
    std::uint64_t sum = 0;
    times(values.size(), [&](std::size_t i) { sum += values[i]; });
    return sum;
  }
  void sort(std::span<std::uint32_t> values) {
    if (fault != Fault::sorts_nothing) std::ranges::sort(values);
  }
  template <class Job>
  void run_all(std::size_t count, Job job) {
    times(count, [&](std::size_t) { job(); });
  }
  template <class Job>
  void post(unsigned posters, std::size_t count, Job job) {
    times(posters * count, [&](std::size_t) { job(); });
  }
  template <class Job>
  std::uint64_t submit(unsigned submitters, std::size_t count, Job job) {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < submitters; ++i) {
      times(count, [&](std::size_t number) { sum += job(number); });
    }
    return sum;
  }

  static constexpr std::size_t most_jobs = 1000;

 private:
  template <class F>
  void times(std::size_t count, F f) {
    for (std::size_t i = 0; i + 1 < count; ++i) f(i);
    if (fault != Fault::loses_the_last) f(count - 1);
    if (fault == Fault::does_the_last_twice) f(count - 1);
  }
};

/// Starts the urgent job only after half of the others: overtake() needs them to run beside the caller.
class Overtaker : public Serial {
 public:
  using Serial::Serial;

  template <class Job, class Before, class Urgent>
  void overtake(std::size_t count, Job job, Before before, Urgent urgent) {
    std::jthread others([&] {
      for (std::size_t i = 0; i < count; ++i) job();
    });
    before();
    if (fault != Fault::loses_the_last) urgent();
  }
};

class Two : public Serial {
 public:
  using Serial::Serial;
  static constexpr unsigned least_threads = 2;
};

/// A library that can do nothing.
class Idle {
 public:
  explicit Idle(unsigned) {}
};

/// A short measurement of small works.
Load small(unsigned threads) {
  return {.threads = threads,
          .duration = std::chrono::milliseconds(1),
          .sizes = {.fib = 15, .leaves = 1000, .queens = 7, .matrix = 128, .summed = 10'000, .sorted = 10'000}};
}

template <class Peer>
std::optional<double> value_of(const std::string& name, unsigned threads = 2) {
  for (const Work& work : all_works<Peer>()) {
    if (work.name == name) return work.measure(small(threads));
  }
  throw std::logic_error("there is no work " + name);
}

class Works : public testing::Test {
 protected:
  ~Works() override { Serial::fault = Serial::Fault::none; }

  void expect_noticed(Serial::Fault fault, const std::string& work) {
    Serial::fault = fault;
    EXPECT_THROW(value_of<Overtaker>(work), std::runtime_error) << work;
  }
};

TEST_F(Works, EachHasANameOfItsOwnAUnitAndAValue) {
  std::set<std::string> names;
  for (const Work& work : all_works<Overtaker>()) {
    EXPECT_TRUE(names.insert(work.name).second) << work.name;
    EXPECT_FALSE(work.unit.empty()) << work.name;
    const auto value = work.measure(small(2));
    ASSERT_TRUE(value) << work.name;
    EXPECT_GE(*value, 0) << work.name;
  }
}

TEST_F(Works, ALibraryThatHasNoSuchThingHasNoValue) {
  for (const Work& work : all_works<Idle>()) {
    EXPECT_FALSE(work.measure(small(2))) << work.name;
  }
}

TEST_F(Works, ALibraryMayNeedTwoThreadsForALoop) {
  for (const char* work : {"tiny items", "uneven items", "reduce", "sort"}) {
    EXPECT_FALSE(value_of<Two>(work, 1)) << work;
    EXPECT_TRUE(value_of<Two>(work, 2)) << work;
  }
  EXPECT_TRUE(value_of<Two>("post", 1));
}

TEST_F(Works, ThreadsAreThoseOfThePoolOrOfThosePosting) {
  for (const char* work : {"fib", "tiny items", "sort", "burst after idle"}) {
    value_of<Serial>(work, 7);
    EXPECT_EQ(Serial::threads, 7u) << work;
  }
  for (const char* work : {"post", "submit"}) {
    value_of<Serial>(work, 7);
    EXPECT_EQ(Serial::threads, pool_threads) << work;
  }
}

TEST_F(Works, WorkThatIsLostIsNoticed) {
  for (const char* work : {"fib", "skynet", "matrix multiply", "tiny items", "uneven items", "reduce", "submit",
                           "burst after idle", "high-priority start", "idle cpu", "idle wakes"}) {
    expect_noticed(Serial::Fault::loses_the_last, work);
  }
}

TEST_F(Works, WorkThatIsDoneTwiceIsNoticed) {
  for (const char* work : {"matrix multiply", "tiny items", "reduce", "post", "submit", "burst after idle"}) {
    expect_noticed(Serial::Fault::does_the_last_twice, work);
  }
}

TEST_F(Works, WhatIsNotSortedIsNoticed) { expect_noticed(Serial::Fault::sorts_nothing, "sort"); }

TEST(Queens, AreAsManyAsIsKnown) {
  for (const auto& [size, ways] : std::map<unsigned, std::uint64_t>{{1, 1}, {3, 0}, {6, 4}, {8, 92}, {10, 724}}) {
    Placed placed;
    place(placed, size, size, {});
    EXPECT_EQ(placed.ways, ways) << size;
  }
  Placed two;
  place(two, 4, 2, {});
  EXPECT_EQ(two.tasks, 4u + 6u);  // the first queen anywhere, the second on 2, 1, 1 and 2 squares
}

TEST(UnevenItems, CostFromOneToAThousandMoreAndMore) {
  EXPECT_EQ(steps_of(uneven_items - 1), 1000 * steps_of(0));
  for (std::size_t i = 1; i < uneven_items; ++i) ASSERT_LE(steps_of(i - 1), steps_of(i));
}

TEST(Tally, CountsWhatThreadsThatAreGoneDid) {
  const std::uint64_t before = tally.sum();
  on_threads(4, [] {
    for (int i = 0; i < 1000; ++i) tally.add();
  });
  EXPECT_EQ(tally.sum(), before + 4000);
}

TEST(MedianNanoseconds, IsOfAtLeastOneRunEachAfterItsPreparation) {
  int prepared = 0;
  int run = 0;
  median_nanoseconds(
      std::chrono::nanoseconds(0), [&] { ++prepared; }, [&] { EXPECT_EQ(prepared, ++run); });
  EXPECT_EQ(run, 1);
}

}  // namespace
}  // namespace pool_bench
