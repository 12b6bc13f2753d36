// Many links into one process, and a process that has no descriptor for another.
#include "network/stream.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using network::Block;
using network::calling;
using network::comes_to_count;
using network::comes_to_mention;
using network::listening;
using network::Program;
using network::receive_stream;
using psyne::Receiver;
using psyne::Sender;

class Crowd : public network::OverNetwork {};

constexpr std::size_t crowds = 4, in_crowd = network::plain_memory ? 250 : 50, links = crowds * in_crowd;

/// As many descriptors as this process may have, if these are enough.
bool may_have_descriptors(rlim_t enough) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  return limit.rlim_max >= enough && setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/// Sends one message by each of many senders whenever the test says so.
void crowd(const Program::Line& line, const std::string& uri) {
  if (!may_have_descriptors(16 * in_crowd)) return line.say("poor");
  std::vector<Sender<std::uint64_t>> senders;
  for (std::size_t i = 0; i < in_crowd; ++i) {
    senders.push_back(Sender<std::uint64_t>::open(uri, {.capacity_bytes = 4096}).value());
  }
  line.say("open");
  while (!line.hear(60s).empty()) {
    for (auto& sender : senders) sender.send(1, 20s).value();
  }
}

/// Whether `program` comes to do nothing at all for a whole second.
testing::AssertionResult comes_to_rest(const Program& program) {
  std::uint64_t switches = program.switches();
  int quiet = 0;  // tenths of a second
  for (int i = 0; i < 200 && quiet < 10; ++i) {
    std::this_thread::sleep_for(100ms);
    const std::uint64_t now = program.switches();
    quiet = now == std::exchange(switches, now) ? quiet + 1 : 0;
  }
  if (quiet == 10) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "its threads ran " << switches << " times, and go on so";
}

TEST_F(Crowd, OfAThousandLinksCostsLittleAndWhileIdleNothing) {
  if (!may_have_descriptors(4 * links)) GTEST_SKIP() << "not enough open files allowed (ulimit -Hn)";
  const auto north = host(), south = host();
  const Program receiver(*north, [](const Program::Line& line) {
    auto end = Receiver<std::uint64_t>::open(listening("?token=t"), {.wait_for_senders = true}).value();
    line.say("open");
    for (;;) {
      for (std::size_t i = 0; i < links;) {
        if (end.receive(60s)) ++i;  // else somebody's handshake took too long, and he comes again
      }
      line.say("all");
    }
  });
  ASSERT_EQ(receiver.hear(), "open");
  const std::size_t alone = receiver.resident_bytes();
  std::vector<std::unique_ptr<Program>> senders;
  for (std::size_t i = 0; i < crowds; ++i) {
    senders.push_back(std::make_unique<Program>(
        *south, [&](const Program::Line& line) { crowd(line, calling(north->address(), "?token=t")); }));
  }
  for (const auto& each : senders) ASSERT_EQ(each->hear(), "open");
  for (int round = 0; round < 2; ++round) {
    for (const auto& each : senders) each->tell("send");
    ASSERT_EQ(receiver.hear(), "all") << "one of each, though all came at once";
    const std::size_t each = (receiver.resident_bytes() - alone) / links;
    EXPECT_GE(receiver.descriptors(), links) << "all are there";
    if (!network::plain_memory) continue;
    std::cout << "resident for each of " << links << " idle links: " << each << " bytes\n";
    EXPECT_LT(each, 64 * psyne::KiB);
  }
  EXPECT_TRUE(!network::plain_memory || comes_to_rest(receiver)) << "a sanitizer has a thread of its own";
}

/// No more descriptors than there are now and `more`.
void limit_descriptors(rlim_t more) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const psyne::Descriptor next(dup(0));
  limit.rlim_cur = static_cast<rlim_t>(next.get()) + more;
  setrlimit(RLIMIT_NOFILE, &limit);
}

TEST_F(Crowd, BeyondTheDescriptorsIsToldAndComesInWhenThereAreSome) {
  // GCC's check of virtual tables asks by a pipe whether memory may be read, and takes it for broken without one.
  if (!network::plain_memory) GTEST_SKIP() << "sanitizers need descriptors of their own";
  const auto north = host(), south = host();
  const Program receiver(*north, [](const Program::Line& line) {
    auto end = Receiver<Block>::open(listening("?token=t"), {.wait_for_senders = true}).value();
    line.say("open");
    limit_descriptors(20);
    receive_stream(line, end);
  });
  ASSERT_EQ(receiver.hear(), "open");
  const Program senders(*south, [&](const Program::Line& line) {
    if (!may_have_descriptors(1000)) return line.say("poor");
    std::vector<Sender<Block>> all;
    const auto add = [&](std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        all.push_back(Sender<Block>::open(calling(north->address(), "?token=t"), {.capacity_bytes = 4096}).value());
        all.back().send(Block::of(0)).value();
      }
    };
    add(40);
    line.say("open");
    while (line.hear(60s) == "fewer") {
      // Those that are connected go.
      const auto gone = std::ranges::remove_if(all, [](const auto& one) { return one.receivers() != 0; });
      all.erase(gone.begin(), gone.end());
      line.say(std::to_string(all.size()));
    }
  });
  ASSERT_EQ(senders.hear(), "open");
  EXPECT_TRUE(comes_to_mention(receiver, "errors", "exhausted"));
  EXPECT_TRUE(comes_to_mention(receiver, "text", "ulimit -n")) << "and says what to do";
  std::uint64_t left = 40;
  for (int i = 0; i < 1000 && left > 0; ++i) {
    left = senders.ask_number("fewer");
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(left, 0U);
  EXPECT_TRUE(comes_to_count(receiver, 40)) << "each came in and brought its message";
}

TEST_F(Crowd, WithoutADescriptorAnEndDoesNotOpenAndSaysSo) {
  const auto north = host();
  const Program poor(*north, [](const Program::Line& line) {
    const auto first = Receiver<Block>::open(listening("/first?token=t"));
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    for (rlim_t more = 0; more < 20; ++more) {  // each step of opening is the one that fails
      limit_descriptors(more);
      const auto sender = Sender<Block>::open(calling("127.0.0.1", "/second?token=t"));
      const auto receiver = Receiver<Block>::open(listening("/third?token=t"));
      setrlimit(RLIMIT_NOFILE, &before);
      if (!sender && sender.error() != psyne::Code::exhausted) return line.say(sender.error().text());
      if (!receiver && receiver.error() != psyne::Code::exhausted) return line.say(receiver.error().text());
      if (more == 0 && (sender || receiver)) return line.say("opened out of nothing");
    }
    const auto sender = Sender<Block>::open(calling("127.0.0.1", "/first?token=t"));
    line.say(first && sender ? "good" : "does not recover");
  });
  EXPECT_EQ(poor.hear(), "good");
}

}  // namespace
