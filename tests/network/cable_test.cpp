// A cable between two hosts that is cut: a stream rides over it, or its ends say that nothing is heard any more.
#include "eventually.hpp"
#include "network/stream.hpp"

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using network::calling;
using network::comes_to_count;
using network::comes_to_mention;
using network::comes_to_say;
using network::Host;
using network::listening;
using network::Program;
using network::receive_stream;
using network::send_stream;

class Cable : public network::OverNetwork {};

/// Until nothing arrives at it any more; what it has then.
std::uint64_t standstill(const Program& receiver) {
  std::uint64_t before = 0;
  EXPECT_TRUE(psyne_test::eventually([&] {
    const std::uint64_t now = receiver.ask_number("count");
    std::this_thread::sleep_for(40ms);
    before = receiver.ask_number("count");
    return before == now;
  }));
  return before;
}

TEST_F(Cable, CutAndMendedLosesNothing) {
  const auto north = host(), south = host();
  const Program receiver(*north, [&](auto& line) { receive_stream(line, listening("?token=t")); });
  ASSERT_EQ(receiver.hear(), "open");
  const Program sender(*south, [&](auto& line) { send_stream(line, calling(north->address(), "?token=t")); });
  ASSERT_EQ(sender.hear(), "open");
  for (const Host* at : {north.get(), south.get()}) {
    ASSERT_TRUE(comes_to_count(receiver, receiver.ask_number("count") + 500));
    at->cut();
    const std::uint64_t cut_at = standstill(receiver);
    at->mend();
    ASSERT_TRUE(comes_to_count(receiver, cut_at + 500));
  }
  const std::string sent = sender.ask("stop");
  EXPECT_TRUE(comes_to_say(receiver, "count", sent)) << "neither lost nor doubled";
  EXPECT_EQ(receiver.ask("wrong"), "nothing");
  EXPECT_EQ(receiver.ask("errors"), "none") << receiver.ask("text");
}

// For longer than the kernels wait: the links go on, and neither their ends nor the program hears of it.
TEST_F(Cable, CutForLongerThanTheConnectionLastsLosesNothingWhereLinksGoOn) {
  const std::string query = "?token=t&unreachable_after=1s&reconnect=60s";
  const auto north = host(), south = host();
  const Program receiver(*north, [&](auto& line) { receive_stream(line, listening(query)); });
  ASSERT_EQ(receiver.hear(), "open");
  const Program sender(*south, [&](auto& line) { send_stream(line, calling(north->address(), query)); });
  ASSERT_EQ(sender.hear(), "open");
  ASSERT_TRUE(comes_to_count(receiver, 500));
  north->cut();
  EXPECT_TRUE(comes_to_mention(sender, "stall", "connection broke"));
  const std::uint64_t cut_at = standstill(receiver);
  north->mend();
  ASSERT_TRUE(comes_to_count(receiver, cut_at + 500));
  const std::string sent = sender.ask("stop");
  EXPECT_TRUE(comes_to_say(receiver, "count", sent)) << "neither lost nor doubled";
  EXPECT_EQ(receiver.ask("wrong"), "nothing");
  EXPECT_EQ(receiver.ask("errors"), "none") << receiver.ask("text");
}

// Both ends, with much to say and with nothing; and when the cable is there again they find each other.
TEST_F(Cable, CutForGoodIsUnreachableAndNotDead) {
  const std::string query = "?token=t&unreachable_after=1s";
  const auto north = host(), south = host();
  const Program receiver(*north, [&](auto& line) { receive_stream(line, listening(query)); });
  ASSERT_EQ(receiver.hear(), "open");
  const Program sender(*south, [&](auto& line) { send_stream(line, calling(north->address(), query)); });
  ASSERT_EQ(sender.hear(), "open");
  const Program idle(*north, [&](const Program::Line& line) {
    auto channel = psyne::Receiver<int>::open(calling(south->address(), query)).value();
    line.say(channel.receive(20s) ? "got one" : "nothing");
    const auto end = channel.receive(20s);
    line.say(std::string(name(end.error().code())) + ": " + end.error().text());
    Program::Line::stay();
  });
  const Program silent(*south, [&](const Program::Line& line) {
    auto channel = psyne::Sender<int>::open(listening(query), {.capacity_bytes = 4096}).value();
    channel.wait_for_receiver(20s).value();
    channel.send(1).value();
    line.say("sent one");
    static_cast<void>(psyne_test::eventually([&] { return channel.receivers() == 0; }));
    psyne::Result<void> sent;
    while (sent) sent = channel.send(2, 10s);
    line.say(std::string(name(sent.error().code())) + ": " + sent.error().text());
    Program::Line::stay();
  });
  ASSERT_EQ(silent.hear(), "sent one");
  ASSERT_EQ(idle.hear(), "got one");
  ASSERT_TRUE(comes_to_count(receiver, 500));
  north->cut();
  EXPECT_TRUE(comes_to_say(sender, "errors", "peer_unreachable"));
  EXPECT_TRUE(comes_to_say(receiver, "errors", "peer_unreachable"));
  for (const Program* one : {&idle, &silent}) {
    const std::string said = one->hear();
    EXPECT_TRUE(said.starts_with("peer_unreachable: ")) << said;
    EXPECT_NE(said.find("nothing is heard of"), std::string::npos) << said;
  }
  const std::uint64_t before = receiver.ask_number("count");
  north->mend();
  ASSERT_TRUE(comes_to_count(receiver, before + 500));
  EXPECT_EQ(receiver.ask("wrong"), "nothing");
  EXPECT_EQ(receiver.ask("errors"), "peer_unreachable") << receiver.ask("text");
  EXPECT_EQ(sender.ask("errors"), "peer_unreachable") << sender.ask("text");
}

}  // namespace
