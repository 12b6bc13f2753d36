#include <psyne/core/channel/service_bell.hpp>

#include "eventually.hpp"
#include "on_service.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Service;
using psyne::ServiceBell;
using psyne_test::eventually;
using psyne_test::on_service;

struct CountedBell {
  std::atomic<int> answers{0};
  std::atomic<int> looks{0};
  std::atomic<bool> elsewhere{false};
  std::unique_ptr<ServiceBell> bell = ServiceBell::make(
                                          [this] {
                                            if (!Service::process().value()->here()) elsewhere = true;
                                            ++answers;
                                          },
                                          [this] {
                                            if (!Service::process().value()->here()) elsewhere = true;
                                            ++looks;
                                          })
                                          .value();
};

TEST(ServiceBell, ARingIsAnsweredOnTheServiceThread) {
  CountedBell counted;
  for (int ring = 1; ring <= 3; ++ring) {
    counted.bell->bell().ring();
    EXPECT_TRUE(eventually([&] { return counted.answers == ring; }));
  }
  EXPECT_EQ(counted.looks, 0);
  EXPECT_FALSE(counted.elsewhere);
}

TEST(ServiceBell, ALookComesAtItsTimeAndOnce) {
  CountedBell counted;
  const auto began = Clock::now();
  counted.bell->look_after(20ms);
  EXPECT_TRUE(eventually([&] { return counted.looks == 1; }));
  EXPECT_GE(Clock::now() - began, 20ms);
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(counted.looks, 1);
  EXPECT_EQ(counted.answers, 0);
  EXPECT_FALSE(counted.elsewhere);
}

TEST(ServiceBell, WhatIsAwaitedIsNotAwaitedTwice) {
  CountedBell counted;
  for (int i = 0; i < 10; ++i) counted.bell->look_after(10ms);
  EXPECT_TRUE(eventually([&] { return counted.looks == 1; }));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(counted.looks, 1);
}

TEST(ServiceBell, ALookMayAskForTheNext) {
  std::atomic<int> looks{0};
  std::unique_ptr<ServiceBell> bell;
  bell = ServiceBell::make([] {},
                           [&] {
                             if (++looks < 5) bell->look_after(1ms);
                           })
             .value();
  bell->look_after(0ms);
  EXPECT_TRUE(eventually([&] { return looks == 5; }));
}

TEST(ServiceBell, AfterItsEndNothingComes) {
  CountedBell counted;
  counted.bell->look_after(1ms);
  counted.bell->end();
  counted.bell->look_after(0ms);
  counted.bell->bell().ring();
  const int answers = counted.answers, looks = counted.looks;
  std::this_thread::sleep_for(10ms);
  on_service([] {});
  EXPECT_EQ(counted.answers, answers);
  EXPECT_EQ(counted.looks, looks);
  counted.bell->end();
}

// What a look uses may go when end() has returned.
TEST(ServiceBell, ItsEndWaitsForALookThatIsUnderWay) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> inside{false}, gone{false}, late{false};
    std::unique_ptr<ServiceBell> bell;
    bell = ServiceBell::make([] {},
                             [&] {
                               inside = true;
                               std::this_thread::sleep_for(200us);
                               if (gone) late = true;
                               bell->look_after(0ms);  // as one that goes on
                             })
               .value();
    bell->look_after(0ms);
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    bell->end();
    gone = true;
    on_service([] {});
    EXPECT_FALSE(late);
  }
}

}  // namespace
