// What comes to an end whose own thread is elsewhere: room in a queue that was full, and a peer that asks to be
// attended to. Nobody calls progress() here unless a test says so.
#include <psyne/core/service/service.hpp>

#include "conformance/end.hpp"
#include "conformance/subject.hpp"
#include "on_service.hpp"

#include <atomic>
#include <latch>

namespace {

using conformance::Couple;
using conformance::eventually;
using conformance::patience;
using psyne::Bell;
using psyne::Clock;
using psyne::Code;
using psyne::Put;
using psyne::Sleep;

class ServiceBellConformance : public conformance::Conformance {};
PSYNE_CONFORMANCE(ServiceBellConformance);

/// Keeps the service thread from reading and writing for the links.
class HeldService {
 public:
  HeldService() {
    psyne::Service::process().value()->post([this] {
      held_.count_down();
      released_.wait();
    });
    held_.wait();
  }
  ~HeldService() {
    released_.count_down();
    psyne_test::on_service([] {});  // it has left the latches
  }
  HeldService(const HeldService&) = delete;
  HeldService& operator=(const HeldService&) = delete;

 private:
  std::latch held_{1}, released_{1};
};

/// Posts growing values until the queue is full; false where it is never full. Nobody reads meanwhile: a peer that did
/// might keep up for ever.
bool fill(Couple::Side& side, std::uint64_t& value) {
  const HeldService held;
  const Put put{.local = side.shown.bytes().first(4096), .remote = &side.target(), .offset = 0};
  for (int i = 0; i < 20'000; ++i) {
    const auto posted = side.link().post({&put, 1}, {.counter = 0, .value = value + 1});
    if (!posted) return posted.error() == Code::would_block;
    ++value;
  }
  return false;
}

/// Posts until one is taken; sleeps meanwhile, and only the bell wakes.
bool post_when_rung(Bell& bell, psyne::Link& link, const psyne::Signal& signal) {
  const auto deadline = Clock::now() + patience;
  while (!link.post({}, signal)) {
    if (bell.sleep(deadline) == Sleep::timed_out) return false;
  }
  return true;
}

TEST_P(ServiceBellConformance, RoomAfterAFullQueueRings) {
  const auto bell = Bell::make().value();
  Couple couple(transport(), narrow_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  side.link().attach_service_bell(bell.get()).value();
  std::uint64_t value = 0;
  for (int round = 0; round < 50; ++round) {
    if (!fill(side, value)) {
      ASSERT_TRUE(side.link().capabilities().mapped) << "only what maps is never full";
      GTEST_SKIP() << "is never full";
    }
    // The last value went nowhere; the newest goes when there is room, and nobody but the bell says when.
    ASSERT_TRUE(post_when_rung(*bell, side.link(), {.counter = 0, .value = ++value})) << "round " << round;
  }
  EXPECT_TRUE(eventually([&] { return couple.answering.link().counter(0) == value; }, {&couple.answering.link()}));
  side.link().attach_service_bell(nullptr).value();
}

TEST_P(ServiceBellConformance, ABellThatIsAttachedWhileTheQueueIsFullRingsToo) {
  const auto first = Bell::make().value();
  const auto second = Bell::make().value();
  Couple couple(transport(), narrow_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  side.link().attach_service_bell(first.get()).value();
  std::uint64_t value = 0;
  for (int round = 0; round < 50; ++round) {
    if (!fill(side, value)) GTEST_SKIP() << "is never full";
    side.link().attach_service_bell(second.get()).value();
    // As the contract says: after attaching, once more; a refusal then is followed by a ring of this bell.
    ASSERT_TRUE(post_when_rung(*second, side.link(), {.counter = 0, .value = ++value})) << "round " << round;
    side.link().attach_service_bell(first.get()).value();
  }
  side.link().attach_service_bell(nullptr).value();
}

TEST_P(ServiceBellConformance, ASignalThatIsToBeAttendedToRingsAfterWhatWasPostedBefore) {
  const auto bell = Bell::make().value();
  const auto other = Bell::make().value();
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  if (couple.offering.link().capabilities().mapped) GTEST_SKIP() << "what is stored is seen";
  auto& link = couple.answering.link();
  link.attach_service_bell(bell.get()).value();
  link.attach_bell(other.get()).value();
  for (std::uint64_t value = 1; value <= 200; ++value) {
    couple.offering.link().post({}, {.counter = 1, .value = value}).value();
    couple.offering.link().post({}, {.counter = 0, .value = value, .attend = true}).value();
    const auto deadline = Clock::now() + patience;
    while (link.counter(0) != value) ASSERT_EQ(bell->sleep(deadline), Sleep::woken) << value;
    ASSERT_EQ(link.counter(1), value);
  }
  EXPECT_EQ(other->sleep(Clock::now()), Sleep::timed_out) << "who sleeps is not woken by it";
  link.attach_bell(nullptr).value();
  link.attach_service_bell(nullptr).value();
}

TEST_P(ServiceBellConformance, NoRingComesAfterItIsTakenAway) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  std::atomic<bool> stop{false};
  std::thread asker([&] {
    for (std::uint64_t value = 1; !stop; ++value) {
      static_cast<void>(couple.offering.link().post({}, {.counter = 0, .value = value, .attend = true}).has_value());
    }
  });
  for (int round = 0; round < 100; ++round) {
    auto bell = Bell::make().value();
    couple.answering.link().attach_service_bell(bell.get()).value();
    bell->sleep(Clock::now() + std::chrono::milliseconds(1));
    couple.answering.link().attach_service_bell(nullptr).value();
    bell.reset();  // a late ring would be a use after free
  }
  stop = true;
  asker.join();
}

TEST_P(ServiceBellConformance, TheEndOfThePeerDoesNotLeaveItsLinkFull) {
  Couple couple(transport(), narrow_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  std::uint64_t value = 0;
  static_cast<void>(fill(side, value));
  couple.answering.met.link.reset();
  ASSERT_TRUE(eventually([&] { return side.link().peer_state() == psyne::PeerState::closed; }));
  EXPECT_EQ(side.link().post({}, {.counter = 0, .value = value + 1}).error(), Code::closed) << "not would_block";
}

}  // namespace
