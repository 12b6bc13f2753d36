// A message that is being told to an asynchronous receive which nobody refers to any more: however the next one is
// received, it is that.
#include "schemes.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::ConnectedOverEveryScheme;
using psyne_test::Tick;

/// Keeps the thread that tells a result in the middle of that, for 20 s at most. Holds no reference to the operation.
struct Delay : psyne::EventSubscriber {
  Delay()
      : EventSubscriber([](EventSubscriber& self) noexcept {
          auto& own = static_cast<Delay&>(self);
          own.begun = true;
          for (int i = 0; i < 20'000 && !own.over; ++i) std::this_thread::sleep_for(1ms);
          own.ended = true;
        }) {}
  ~Delay() {
    over = true;
    until(ended);
  }
  void until_begun() { until(begun); }
  std::atomic<bool> over{false};

 private:
  static void until(const std::atomic<bool>& flag) {
    for (int i = 0; i < 20'000 && !flag; ++i) std::this_thread::sleep_for(1ms);
    ASSERT_TRUE(flag);
  }
  std::atomic<bool> begun{false};
  std::atomic<bool> ended{false};
};

class AsyncTold : public ConnectedOverEveryScheme {
 protected:
  /// A receive takes message 1, and is dropped unseen while it is told; message 2 is there as well when `receive` is
  /// called, which says the number that it got.
  void drop_while_told(const std::function<std::uint64_t()>& receive) {
    auto unseen = std::make_optional(receiver->receive_async());
    Delay delay;
    ASSERT_TRUE(unseen->state()->subscribe(delay));
    send(1);
    delay.until_begun();
    send(2);
    unseen.reset();
    EXPECT_EQ(receive(), 1U);
    delay.over = true;
    EXPECT_EQ(receiver->receive(10s)->number, 2U);
    EXPECT_EQ(receiver->try_receive().error(), Code::would_block) << "each comes once";
  }
};
INSTANTIATE_TEST_SUITE_P(Schemes, AsyncTold, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(AsyncTold, NoBatchOvertakesIt) {
  drop_while_told([&] {
    auto batch = receiver->receive_batch(8, 10s);
    return batch.size() == 1 ? batch[0].number : 0;
  });
}

TEST_P(AsyncTold, NoIterationOvertakesIt) {
  drop_while_told([&] {
    for (const Tick& tick : *receiver) return tick.number;
    return std::uint64_t{0};
  });
}

TEST_P(AsyncTold, NoSubscriptionOvertakesIt) {
  drop_while_told([&] {
    std::atomic<std::uint64_t> got{0};
    psyne::Subscription* stopping = nullptr;
    std::atomic<bool> made{false};
    auto subscription = receiver
                            ->on_message([&](const Tick& tick) {
                              if (got == 0) got = tick.number;
                              for (int i = 0; i < 20'000 && !made; ++i) std::this_thread::sleep_for(1ms);
                              stopping->stop();
                            })
                            .value();
    stopping = &subscription;
    made = true;
    EXPECT_TRUE(subscription.ended().wait(10s));
    return got.load();
  });
}

TEST_P(AsyncTold, AnnouncingASleepMeanwhileMissesNothing) {
  auto unseen = std::make_optional(receiver->receive_async());
  Delay delay;
  ASSERT_TRUE(unseen->state()->subscribe(delay));
  send(1);
  delay.until_begun();
  unseen.reset();
  EXPECT_FALSE(receiver->arm()) << "a message is to be given";
  EXPECT_EQ(receiver->try_receive()->number, 1U);
}

}  // namespace
