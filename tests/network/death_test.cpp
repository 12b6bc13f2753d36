// A process that is killed in the middle of a stream: its host's kernel hangs up, so that is known at once.
#include "network/stream.hpp"

#include <optional>

namespace {

using namespace std::chrono_literals;
using network::calling;
using network::comes_to_count;
using network::comes_to_say;
using network::listening;
using network::Program;
using network::receive_stream;
using network::send_stream;

/// Whether the sender listens, or the receiver.
class Death : public network::OverNetwork, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    OverNetwork::SetUp();
    if (IsSkipped()) return;
    north = host();
    south = host();
  }
  std::string at_sender() const { return GetParam() ? listening("?token=t") : calling(south->address(), "?token=t"); }
  std::string at_receiver() const { return GetParam() ? calling(north->address(), "?token=t") : listening("?token=t"); }
  void send(std::optional<Program>& program) {
    program.emplace(*north, [&](auto& line) { send_stream(line, at_sender()); });
    ASSERT_EQ(program->hear(), "open");
  }
  void receive(std::optional<Program>& program) {
    program.emplace(*south, [&](auto& line) { receive_stream(line, at_receiver()); });
    ASSERT_EQ(program->hear(), "open");
  }

  std::unique_ptr<network::Host> north, south;
  std::optional<Program> sender, receiver;
};
INSTANTIATE_TEST_SUITE_P(Either, Death, testing::Bool(),
                         [](const auto& end) { return end.param ? "SenderListens" : "ReceiverListens"; });

TEST_P(Death, OfASenderIsToldAndAnotherGoesOn) {
  send(sender);
  receive(receiver);
  for (const char* told : {"peer_lost", "peer_lost peer_lost"}) {
    ASSERT_TRUE(comes_to_count(*receiver, receiver->ask_number("count") + 500));
    sender->kill();
    ASSERT_TRUE(comes_to_say(*receiver, "errors", told));
    send(sender);  // begins with 0, as a fresh program does
  }
  ASSERT_TRUE(comes_to_count(*receiver, receiver->ask_number("count") + 500));
  EXPECT_EQ(receiver->ask("wrong"), "nothing") << "what came was whole and in order up to the end of each";
}

TEST_P(Death, OfAReceiverIsToldAndAnotherTakesItUp) {
  receive(receiver);
  send(sender);
  std::uint64_t next = 0, sent_before = 0;
  for (const char* told : {"peer_lost", "peer_lost peer_lost"}) {
    ASSERT_TRUE(comes_to_count(*receiver, 500));
    // What lay in the ring may have been enough: who has sent nothing since the last error is told of no other.
    ASSERT_TRUE(comes_to_count(*sender, sent_before + 1));
    EXPECT_EQ(receiver->ask("wrong"), "nothing");
    next = receiver->ask_number("next");
    receiver->kill();
    ASSERT_TRUE(comes_to_say(*sender, "errors", told));
    sent_before = sender->ask_number("count");
    receive(receiver);
  }
  ASSERT_TRUE(comes_to_count(*receiver, 500));
  // It begins with what the other had and its sender did not know of yet.
  EXPECT_TRUE(comes_to_count(*receiver, next, "next"));
  EXPECT_EQ(receiver->ask("wrong"), "nothing");
  const std::string sent = sender->ask("stop");
  EXPECT_TRUE(comes_to_say(*receiver, "next", sent)) << "to the last one";
}

}  // namespace
