// A reader that is slow, or stands still: its own sender waits, nobody else does, and nothing piles up.
#include "eventually.hpp"
#include "network/stream.hpp"

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using network::Block;
using network::calling;
using network::comes_to_count;
using network::comes_to_mention;
using network::comes_to_say;
using network::listening;
using network::Program;
using network::receive_stream;
using network::send_stream;
using psyne_test::eventually;

class SlowReader : public network::OverNetwork {};

std::uint64_t standing(const Program& sender) {
  std::uint64_t before = 0;
  EXPECT_TRUE(eventually([&] {
    const std::uint64_t now = sender.ask_number("count");
    std::this_thread::sleep_for(40ms);
    before = sender.ask_number("count");
    return before == now && now > 0;
  }));
  return before;
}

TEST_F(SlowReader, StallsItsOwnSenderAndNobodyElse) {
  const auto north = host(), south = host();
  const Program reader(*north, [&](const Program::Line& line) {
    auto slow = psyne::Receiver<Block>::open(listening("/slow?token=t")).value();
    receive_stream(line, listening("/fast?token=t"));
    line.say("reads the other");
    receive_stream(line, slow);
  });
  ASSERT_EQ(reader.hear(), "open");
  const auto sending = [&](const std::string& name) {
    return [&, name](const Program::Line& line) {
      send_stream(line, calling(north->address(), name + "?token=t"), {.capacity_bytes = 256 * psyne::KiB});
    };
  };
  const Program stalled(*south, sending("/slow")), flowing(*south, sending("/fast"));
  ASSERT_EQ(stalled.hear(), "open");
  ASSERT_EQ(flowing.hear(), "open");
  const std::uint64_t stands = standing(stalled);
  ASSERT_TRUE(comes_to_count(reader, 500));
  const std::size_t memory = reader.resident_bytes();
  ASSERT_TRUE(comes_to_count(reader, 20'000)) << "10 MB go past the one that stands";
  if (network::plain_memory) {
    EXPECT_LT(reader.resident_bytes(), memory + psyne::MiB) << "and nothing is kept of them";
  }
  EXPECT_EQ(stalled.ask_number("count"), stands);
  EXPECT_EQ(stalled.ask("errors"), "none") << "it waits";
  EXPECT_EQ(reader.ask("wrong"), "nothing");
  reader.tell("stop");
  ASSERT_EQ(reader.hear(), "reads the other");
  ASSERT_TRUE(comes_to_count(reader, stands + 500));
  EXPECT_EQ(reader.ask("wrong"), "nothing");
}

// Small buffers, so that the sender's kernel has no room left either.
TEST_F(SlowReader, ThatIsStoppedIsWaitedForAndGoesOn) {
  const auto north = host(), south = host();
  const std::string query = "?token=t&send_buffer=8K&receive_buffer=8K";
  const Program reader(*north, [&](auto& line) { receive_stream(line, listening(query)); });
  ASSERT_EQ(reader.hear(), "open");
  const Program sender(*south, [&](auto& line) {
    send_stream(line, calling(north->address(), query), {.capacity_bytes = 256 * psyne::KiB});
  });
  ASSERT_EQ(sender.hear(), "open");
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(comes_to_count(reader, reader.ask_number("count") + 500));
    reader.stop();
    const std::uint64_t stands = standing(sender);
    EXPECT_TRUE(comes_to_mention(sender, "stall", "while the ring was full"));
    EXPECT_TRUE(comes_to_mention(sender, "stall", north->address())) << "it names whom it waits for";
    EXPECT_EQ(sender.ask_number("count"), stands);
    reader.go_on();
  }
  const std::string sent = sender.ask("stop");
  EXPECT_TRUE(comes_to_say(reader, "count", sent));
  EXPECT_EQ(reader.ask("wrong"), "nothing");
  EXPECT_EQ(reader.ask("errors") + sender.ask("errors"), "none") << "the sender has ended, and said nothing";
}

}  // namespace
