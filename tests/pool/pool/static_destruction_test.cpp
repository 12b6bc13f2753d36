#include <psyne/pool/algorithm/par_for_each.hpp>
#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/default_pool.hpp>
#include <psyne/pool/pool/pool.hpp>
#include <psyne/pool/pool/pool_state.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include <eventually.hpp>

namespace {

using psyne::Pool;
using psyne::Scope;

/// Ends the process as one that failed.
void expect(bool right) {
  if (!right) _exit(3);
}

/// Has the default pool do something, and waits for it.
void use_default_pool() {
  std::atomic<int> ran{0};
  {
    Scope scope;
    for (int job = 0; job < 100; ++job) scope.spawn([&] { ++ran; });
    scope.wait();
  }
  expect(ran == 100);
  std::vector<int> numbers(100'000, 1);
  psyne::par_for_each(numbers, [](int& number) { ++number; });
  expect(psyne::par_reduce(numbers, 0, std::plus{}) == 200'000);
  psyne::par_invoke([&] { ++ran; }, [&] { ++ran; });
  expect(ran == 102);
}

struct UsesItAtTheEnd {
  ~UsesItAtTheEnd() { use_default_pool(); }
};

/// Work that puts itself into the default pool again and again, for as long as there is a process.
struct Endless : psyne::Work {
  Endless() : Work([](Work& self) noexcept { static_cast<Endless&>(self).post(); }) {}
  void post() noexcept {
    ++runs;
    psyne::default_pool_state().executor(psyne::Priority::normal).post(*this);
  }
  std::atomic<int> runs{0};
};

/// What `body` does and then main's return, in a process of its own: whether that ends as it should.
class StaticDestructionDeathTest : public ::testing::Test {
 protected:
  StaticDestructionDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  template <class Body>
  static void expect_good_end(Body body) {
    const auto main = [&] {
      alarm(100);  // one that hangs is ended
      body();
      std::exit(0);
    };
    EXPECT_EXIT(main(), ::testing::ExitedWithCode(0), "");
  }
};

TEST_F(StaticDestructionDeathTest, DestructorsUseThePoolWhetherTheyCameBeforeItOrAfter) {
  expect_good_end([] {
    static const UsesItAtTheEnd before;
    use_default_pool();
    static const UsesItAtTheEnd after;
  });
}

TEST_F(StaticDestructionDeathTest, ADestructorIsTheFirstThatUsesThePool) {
  expect_good_end([] { static const UsesItAtTheEnd uses; });
}

TEST_F(StaticDestructionDeathTest, DestructorsOfTheThreadUseThePoolBeforeAndAfterItsEndsAreParted) {
  expect_good_end([] {
    thread_local const UsesItAtTheEnd before;
    static_cast<void>(&before);
    use_default_pool();
    thread_local const UsesItAtTheEnd after;
    static_cast<void>(&after);
  });
}

TEST_F(StaticDestructionDeathTest, ADetachedThreadStillPosts) {
  for (int turn = 0; turn < 3; ++turn) {
    expect_good_end([] {
      static const UsesItAtTheEnd before;
      static std::atomic<int> rounds{0};
      for (int thread = 0; thread < 2; ++thread) {
        std::thread([] {
          for (;;) {
            use_default_pool();
            ++rounds;
          }
        }).detach();
      }
      expect(psyne_test::eventually([] { return rounds > 5; }));
      static const UsesItAtTheEnd after;
    });
  }
}

TEST_F(StaticDestructionDeathTest, WorkGoesOnForEver) {
  for (int turn = 0; turn < 3; ++turn) {
    expect_good_end([] {
      static const UsesItAtTheEnd before;
      static Endless& endless = *new Endless;
      endless.post();
      expect(psyne_test::eventually([] { return endless.runs > 1000; }));
      static const UsesItAtTheEnd after;
    });
  }
}

/// Says at its end whether so many were counted.
struct Counts {
  ~Counts() { expect(count == 1000); }
  std::atomic<int> count{0};
};

TEST_F(StaticDestructionDeathTest, APoolWithStaticStorageDoesAllThatItWasGiven) {
  expect_good_end([] {
    static Counts counts;
    static const UsesItAtTheEnd uses;
    static Pool pool = Pool::open({.workers = 2, .name = "static"}).value();
    static Endless& endless = *new Endless;  // so that both pools are busy and share the budget
    endless.post();
    for (int job = 0; job < 1000; ++job) {
      pool.post([] {
        usleep(20);
        ++counts.count;
      });
    }
  });
}

TEST_F(StaticDestructionDeathTest, AWrongEndIsSeen) {
  EXPECT_EXIT(
      {
        static Counts counts;
        std::exit(0);
      },
      ::testing::ExitedWithCode(3), "");
}

}  // namespace
