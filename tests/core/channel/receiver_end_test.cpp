#include <psyne.hpp>
#include <psyne/core/channel/receiver_state.hpp>

#include "transports/stream/fake_link.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Delivery;
using psyne::IncomingLane;
using psyne::ReceiverEnd;
using stream_test::FakeLink;

struct Word {
  std::uint64_t value;
};
using Records = psyne::RecordsOf<Word>;

/// A receiver that had a sender, which has closed, while another one is on its way in.
struct Left {
  explicit Left(const char* uri) : state(open(uri)) {
    auto sender = psyne::Sender<Word>::open(uri, {.delivery = Delivery::any}).value();
    sender.send({7}, 20s).value();
    auto* lane = state.wait(psyne::Wait(20s)).value();
    lane->reader().pop();
    greet().value();
    sender.close(20s).value();
  }

  psyne::Result<void> greet() {
    psyne::LaneOffer offer;
    offer.type = psyne::lane_type_of<Word>();
    offer.delivery = Delivery::any;
    offer.capacity = 4096;
    offer.sender = {5};
    auto answered = host->answer(*link, {.bytes = offer.encode(), .spans = {}});
    return answered ? psyne::Result<void>() : answered.error();
  }
  /// What the program is told, again and again.
  Code look() {
    for (int i = 0; i < 20; ++i) {
      if (const auto found = state.look(); found || found.error() != Code::would_block) {
        return found ? Code::invalid_state : found.error().code();
      }
    }
    return Code::would_block;
  }

  std::unique_ptr<ReceiverEnd> open(const char* uri) {
    auto end = ReceiverEnd::open(uri, {.delivery = Delivery::any}, psyne::lane_type_of<Word>(),
                                 [](IncomingLane::Parts parts) -> IncomingLane* {
                                   return new psyne::TypedLane<Records>(std::move(parts));
                                 })
                   .value();
    host = end.get();
    return end;
  }

  ReceiverEnd* host = nullptr;
  std::unique_ptr<FakeLink> link = std::make_unique<FakeLink>(nullptr, psyne::Identity{.pid = 1, .name = "a peer"});
  psyne::ReceiverState<Records> state;
};

TEST(ReceiverEnd, TheLastSenderIsNotTheLastWhileAnotherIsOnItsWayIn) {
  Left left("sim://receiver-end-coming");
  EXPECT_EQ(left.look(), Code::would_block);
  EXPECT_EQ(left.state.senders(), 0U);
  EXPECT_TRUE(left.host->expects());
}

TEST(ReceiverEnd, WhoDoesNotComeAfterAllIsNotWaitedFor) {
  Left left("sim://receiver-end-missed");
  ASSERT_EQ(left.look(), Code::would_block);
  left.host->missed(left.link.get(), psyne::Error(Code::closed, "cannot connect"));
  EXPECT_FALSE(left.host->expects());
  EXPECT_EQ(left.look(), Code::closed);
  EXPECT_EQ(left.look(), Code::closed);
}

TEST(ReceiverEnd, WhoHasComeIsWaitedForUntilItIsTakenIn) {
  Left left("sim://receiver-end-welcome?linger=1ms");
  ASSERT_EQ(left.look(), Code::would_block);
  left.host->welcome(std::move(left.link));
  EXPECT_TRUE(left.host->expects());
  EXPECT_EQ(left.look(), Code::would_block) << "it is here, and may send";
  EXPECT_FALSE(left.host->expects());
}

}  // namespace
