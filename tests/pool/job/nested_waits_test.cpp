#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <atomic>

#include <eventually.hpp>

namespace {

using psyne::Pool;
using psyne::Scope;

#if defined(__SANITIZE_THREAD__)
constexpr int deep = 4'000;  // the sanitizer has room for 64 Ki calls of a thread, whatever its stack has
#elif defined(__SANITIZE_ADDRESS__)
constexpr int deep =
    10'000;  // a job takes 4 KiB of a stack, and thefts on a busy machine may use up max_threads before that
#else
constexpr int deep = 100'000;
#endif

/// Waits inside each other, each for something of which the next is a part.
class Nest {
 public:
  explicit Nest(Pool& pool) : pool_(pool) {}

  void scopes(int left) {
    if (ends_at(left)) return;
    Scope scope;
    scope.spawn([this, left] { scopes(left - 1); });
    scope.wait();
  }
  void jobs(int left) {
    if (ends_at(left)) return;
    pool_.submit([this, left] { jobs(left - 1); }).get();
  }
  void children(int left) {
    if (ends_at(left)) return;
    psyne::par_invoke([] {}, [this, left] { children(left - 1); });
  }
  void all_kinds(int left) {
    if (ends_at(left)) return;
    const auto next = [this, left] { all_kinds(left - 1); };
    if (left % 4 == 0) {
      Scope scope;
      scope.spawn(next);
      scope.wait();
    } else if (left % 4 == 1) {
      pool_.submit(next).get();
    } else if (left % 4 == 2) {
      psyne::par_invoke(next, [] {});
    } else {
      psyne::par_invoke([] {}, next);
    }
  }

  /// How many levels there were.
  int run(void (Nest::*kind)(int), int depth) {
    levels_ = 0;
    pool_.submit([this, kind, depth] { (this->*kind)(depth); }).get();
    return levels_;
  }

 private:
  bool ends_at(int left) { return ++levels_, left == 0; }

  Pool& pool_;
  std::atomic<int> levels_{0};
};

/// With as many threads as a pool has unless it is told otherwise.
void nests_deeply(void (Nest::*kind)(int)) {
  for (const std::size_t workers : {1, 2, 4}) {
    Pool pool = Pool::open({.workers = workers, .name = "nested"}).value();
    EXPECT_EQ(Nest(pool).run(kind, deep), deep + 1) << workers;
  }
}

TEST(NestedWaits, AHundredThousandScopes) { nests_deeply(&Nest::scopes); }
TEST(NestedWaits, AHundredThousandJobs) { nests_deeply(&Nest::jobs); }
TEST(NestedWaits, AHundredThousandChildren) { nests_deeply(&Nest::children); }
TEST(NestedWaits, AHundredThousandOfAllKinds) { nests_deeply(&Nest::all_kinds); }

TEST(NestedWaits, AScopeTakesNoMoreThreadsThanItNeedsStacks) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "how many stacks that are is the sanitizer's matter";
#endif
  Pool pool = Pool::open({.workers = 4, .name = "nested", .max_threads = 24}).value();
  EXPECT_EQ(Nest(pool).run(&Nest::scopes, deep), deep + 1);  // six stacks, and one or two of each that waits
}

// Nobody has a stack left, and no other thread may be had.
void says_so(void (Nest::*kind)(int)) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's own stack is used up first";
#endif
  for (const std::size_t workers : {1, 2}) {
    Pool pool = Pool::open({.workers = workers, .name = "nested", .max_threads = 3}).value();
    Nest nest(pool);
    try {
      nest.run(kind, 1'000'000);
      FAIL() << "a million levels fit into three stacks";
    } catch (const psyne::Exception& exception) {
      EXPECT_EQ(exception.error().code(), psyne::Code::exhausted) << exception.what();
      EXPECT_NE(std::string(exception.what()).find("Raise max_threads"), std::string::npos) << exception.what();
    }
    EXPECT_EQ(nest.run(kind, 1'000), 1'001) << "nothing is lost";
  }
}

TEST(NestedWaits, ScopesSaySoWhenNoStackIsLeft) { says_so(&Nest::scopes); }
TEST(NestedWaits, JobsSaySoWhenNoStackIsLeft) { says_so(&Nest::jobs); }
TEST(NestedWaits, ChildrenSaySoWhenNoStackIsLeft) { says_so(&Nest::children); }

/// At max_threads a thread that waits for a job, all of whose stack is left, goes on for one whose stack is used up.
TEST(NestedWaits, WhoWaitsForAJobLendsItsStack) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int depth = 1'000;
#else
  constexpr int depth = 12'000;  // more than one stack has, fewer than two
#endif
  Pool pool = Pool::open({.workers = 2, .name = "nested", .max_threads = 2}).value();
  std::atomic<bool> taken{false};
  Nest nest(pool);
  pool.submit([&] {
        auto job = pool.submit([&] {
          taken = true;
          EXPECT_EQ(nest.run(&Nest::jobs, depth), depth + 1);
        });
        EXPECT_TRUE(psyne_test::eventually([&] { return taken.load(); }));  // by the other thread
        job.get();
      })
      .get();
}

}  // namespace
