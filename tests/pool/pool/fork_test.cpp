#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/pool/pool.hpp>
#include <psyne/pool/pool/producers.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <numeric>
#include <thread>
#include <vector>

#include <eventually.hpp>
#include <pool/in_child.hpp>

namespace {

using psyne::Code;
using psyne::Pool;
using psyne_test::fork_among_threads;
using psyne_test::in_child;
using psyne_test::threads_in_child;

std::vector<int> ones(1'000'000, 1);

TEST(PoolFork, ThePoolsOfTheParentAreErrorsInTheChild) {
  Pool pool = Pool::open({.workers = 2, .name = "parent"}).value();
  pool.submit([] {}).get();
  EXPECT_EQ(in_child([&] {
              int wrong = 0;
              wrong += pool.submit([] {}).take().error().code() == Code::forked ? 0 : 1;
              try {
                pool.post([] {});
                wrong += 2;
              } catch (const psyne::Exception& refused) {
                wrong += refused.error().code() == Code::forked ? 0 : 4;
              }
              try {
                psyne::Scope scope(pool);
                wrong += 8;
              } catch (const psyne::Exception& refused) {
                wrong += refused.error().code() == Code::forked ? 0 : 16;
              }
              wrong += pool.close().error().code() == Code::forked ? 0 : 32;
              {
                Pool gone = std::move(pool);  // its destructor does nothing
              }
              return wrong;
            }),
            0);
  EXPECT_EQ(pool.submit([] { return 5; }).get(), 5) << "the parent's goes on";
}

TEST(PoolFork, TheDefaultPoolIsMadeAnew) {
  if (!threads_in_child) GTEST_SKIP() << "this sanitizer does not know threads of forked children";
  EXPECT_EQ(psyne::par_reduce(ones, 0, std::plus{}), 1'000'000);
  EXPECT_EQ(in_child([] { return psyne::par_reduce(ones, 0, std::plus{}) == 1'000'000 ? 0 : 1; }), 0);
  EXPECT_EQ(psyne::par_reduce(ones, 0, std::plus{}), 1'000'000);
}

TEST(PoolFork, ANewPoolWorksInTheChild) {
  if (!threads_in_child) GTEST_SKIP() << "this sanitizer does not know threads of forked children";
  Pool pool = Pool::open({.workers = 2}).value();
  pool.submit([] {}).get();
  EXPECT_EQ(in_child([] {
              Pool own = Pool::open({.workers = 2}).value();
              return own.submit([] { return 7; }).get() == 7 ? 0 : 1;
            }),
            0);
}

TEST(PoolFork, InTheMiddleOfWork) {
  if (!fork_among_threads) GTEST_SKIP() << "this sanitizer cannot fork while other threads allocate";
  Pool pool = Pool::open({.workers = 2}).value();
  std::atomic<bool> enough{false};
  std::atomic<int> runs{0};
  std::vector<psyne::Job<void>> jobs;
  for (int number = 0; number < 2; ++number) {
    jobs.push_back(pool.submit([&] {
      while (!enough) {
        psyne::Scope scope;
        for (int count = 0; count < 10; ++count) scope.spawn([&] { ++runs; });
        scope.wait();
      }
    }));
  }
  ASSERT_TRUE(psyne_test::eventually([&] { return runs > 1000; }));
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(in_child([] { return psyne::par_reduce(ones, 0, std::plus{}) == 1'000'000 ? 0 : 1; }), 0);
  }
  enough = true;
  for (auto& job : jobs) job.get();
}

TEST(PoolFork, WhileAnotherThreadOpensPools) {
  if (!fork_among_threads) GTEST_SKIP() << "this sanitizer cannot fork while other threads allocate";
  Pool pool = Pool::open({.workers = 1}).value();
  std::atomic<bool> enough{false};
  std::jthread other([&] {
    while (!enough) psyne::pool_closed(psyne::pool_opened(pool.state().scheduler()));  // what is locked of it
  });
  for (int round = 0; round < 30; ++round) {
    EXPECT_EQ(in_child([] { return psyne::par_reduce(ones, 0, std::plus{}) == 1'000'000 ? 0 : 1; }), 0);
    if (HasFailure()) break;  // each takes as long as a child may
  }
  enough = true;
}

}  // namespace
