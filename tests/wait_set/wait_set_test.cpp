// One thread waits for many: what it is told of, who ends its wait, and that nobody is kept out.
#include <psyne/patterns/pipeline/puller.hpp>
#include <psyne/patterns/pipeline/pusher.hpp>
#include <psyne/patterns/publication/publisher.hpp>
#include <psyne/patterns/publication/subscriber.hpp>
#include <psyne/patterns/request/requester.hpp>
#include <psyne/patterns/request/responder.hpp>

#include "channel/process.hpp"
#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Receiver;
using psyne::Sender;
using psyne::WaitSet;
using psyne_test::eventually;
using psyne_test::Tick;

class WaitSets : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, WaitSets, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

/// A channel of ticks, its sender at rest.
struct Line {
  explicit Line(const std::string& at, const std::string& to)
      : sender(Sender<Tick>::open(at, {.capacity_bytes = 4096, .linger = 0s}).value()),
        receiver(Receiver<Tick>::open(to).value()) {}
  void send(std::uint64_t number) { sender.send({number, 0}, 20s).value(); }

  Sender<Tick> sender;
  Receiver<Tick> receiver;
};

/// That nobody has anything; peers that come may end a wait in vain.
bool falls_asleep(WaitSet& set) {
  return eventually([&] {
    const auto ready = set.wait(1ms);
    return !ready && ready.error() == Code::timed_out;
  });
}

/// Waits until that member is reported; false when the wait fails.
bool wait_for(WaitSet& set, WaitSet::Member member) {
  for (;;) {
    const auto ready = set.wait(20s);
    if (!ready) return false;
    if (std::ranges::any_of(*ready, [&](const WaitSet::Ready& one) { return one.member == member; })) return true;
  }
}

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int in() const { return ends_[0]; }
  int out() const { return ends_[1]; }
  void close_end(std::size_t which) {
    if (const int end = std::exchange(ends_[which], -1); end >= 0) close(end);
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST_P(WaitSets, EveryMessageOfEveryMemberIsTakenWithoutALostWake) {
  constexpr std::uint64_t count = 1500;
  constexpr std::size_t lines = 4;
  for (const auto& patience : {psyne::Patience(), psyne::no_patience}) {
    auto set = WaitSet::make(patience).value();
    std::vector<std::unique_ptr<Line>> all;
    std::map<WaitSet::Member, std::size_t> who;
    for (std::size_t i = 0; i < lines; ++i) {
      const std::string name = uri();
      all.push_back(std::make_unique<Line>(name, to(name)));
      who[set.add(all[i]->receiver).value()] = i;
    }
    std::vector<std::thread> sending;
    for (auto& line : all) {
      sending.emplace_back([&line] {
        for (std::uint64_t i = 0; i < count; ++i) {
          if (i % 100 == 0) std::this_thread::sleep_for(1ms);
          line->send(i);
        }
      });
    }
    std::vector<std::uint64_t> next(lines, 0);
    std::uint64_t taken = 0;
    while (taken < lines * count) {
      const auto ready = set.wait(20s);
      if (!ready) {
        ADD_FAILURE() << ready.error().text() << " after " << taken;
        break;
      }
      for (const auto& [member, events] : *ready) {
        const std::size_t i = who.at(member);
        while (auto tick = all[i]->receiver.try_receive()) {
          EXPECT_EQ(tick->number, next[i]);
          next[i] = tick->number + 1;
          ++taken;
        }
      }
    }
    for (std::thread& thread : sending) thread.join();
  }
}

TEST_P(WaitSets, OneThatAlwaysHasSomethingKeepsNobodyOut) {
  auto set = WaitSet::make().value();
  const std::string busy_name = uri();
  Line busy(busy_name, to(busy_name));
  const std::string quiet_name = uri();
  Line quiet(quiet_name, to(quiet_name));
  const Pipe pipe;
  const auto busy_member = set.add(busy.receiver).value();
  const auto quiet_member = set.add(quiet.receiver).value();
  const auto pipe_member = set.add(pipe.in(), POLLIN).value();
  ASSERT_TRUE(falls_asleep(set));
  std::atomic<bool> over{false};
  std::thread feeding([&] {
    while (!over) static_cast<void>(busy.sender.try_send({1, 0}));
  });
  ASSERT_TRUE(wait_for(set, busy_member));
  quiet.send(7);
  ASSERT_EQ(write(pipe.out(), "x", 1), 1);
  std::set<WaitSet::Member> heard;
  for (int i = 0; heard.size() < 3 && i < 10'000'000; ++i) {
    const auto ready = set.wait(20s);
    ASSERT_TRUE(ready) << ready.error().text();
    for (const auto& one : *ready) heard.insert(one.member);
    static_cast<void>(busy.receiver.try_receive());
  }
  EXPECT_TRUE(heard.contains(quiet_member));
  EXPECT_TRUE(heard.contains(pipe_member));
  over = true;
  feeding.join();
}

TEST_P(WaitSets, AMemberThatEndsIsReportedUntilItIsRemoved) {
  auto set = WaitSet::make().value();
  const std::string name = uri();
  auto sender = std::make_optional(Sender<Tick>::open(name, {.linger = 10s}).value());
  auto receiver = Receiver<Tick>::open(to(name)).value();
  const auto member = set.add(receiver).value();
  sender->send({1, 0}).value();
  ASSERT_TRUE(wait_for(set, member));
  ASSERT_TRUE(eventually([&] { return static_cast<bool>(receiver.try_receive()); }));
  std::thread closing([&] { sender.reset(); });
  Code said = Code::would_block;
  while (said == Code::would_block) {
    ASSERT_TRUE(wait_for(set, member));
    said = receiver.try_receive().error().code();
  }
  closing.join();
  EXPECT_EQ(said, Code::closed);
  EXPECT_TRUE(wait_for(set, member));
  EXPECT_TRUE(set.remove(member));
  EXPECT_TRUE(falls_asleep(set));
  EXPECT_EQ(set.remove(member).error(), Code::not_found);
}

TEST_P(WaitSets, ASenderWaitsForRoomBesideAReceiver) {
  auto set = WaitSet::make().value();
  const std::string name = uri();
  Line line(name, to(name));
  const std::string other_name = uri();
  Line other(other_name, to(other_name));
  line.send(0);
  ASSERT_TRUE(line.receiver.receive(20s));
  const auto room = set.add(line.sender, sizeof(Tick)).value();
  const auto in = set.add(other.receiver).value();
  ASSERT_TRUE(wait_for(set, room));
  std::uint64_t sent = 0;
  for (int round = 0; round < 20; ++round) {
    while (line.sender.try_send({sent, 0})) ++sent;
    std::thread taking([&] {
      std::this_thread::sleep_for(1ms);
      for (int i = 0; i < 100; ++i) ASSERT_TRUE(line.receiver.receive(20s));
    });
    EXPECT_TRUE(wait_for(set, room));
    taking.join();
  }
  while (line.sender.try_send({sent, 0})) ++sent;
  other.send(9);
  EXPECT_TRUE(wait_for(set, in));
  EXPECT_EQ(other.receiver.try_receive()->number, 9U);
  static_cast<void>(line.sender.close(0s));
  EXPECT_TRUE(wait_for(set, room)) << "sending says why not";
}

TEST_P(WaitSets, MembersComeAndGoWhileAnotherThreadWaits) {
  auto set = WaitSet::make().value();
  psyne::StopSource source;
  std::atomic<std::uint64_t> answers{0};
  std::thread waiting([&] {
    while (const auto ready = set.wait(source.token())) answers += ready->size();
  });
  for (int round = 0; round < 30; ++round) {
    const std::string name = uri();
    Line line(name, to(name));
    const auto member = set.add(line.receiver).value();
    EXPECT_EQ(set.add(line.receiver).error(), Code::in_use);
    const std::uint64_t before = answers;
    line.send(1);
    EXPECT_TRUE(eventually([&] { return answers != before; }));
    if (round % 2 == 0) {
      EXPECT_TRUE(set.remove(member));
      EXPECT_EQ(line.receiver.receive(20s)->number, 1U) << "it is ours again";
    }
  }  // or it leaves as it goes
  EXPECT_EQ(set.size(), 0U);
  source.request_stop();
  waiting.join();
}

TEST_P(WaitSets, PatternsAreMembers) {
  auto set = WaitSet::make().value();
  const std::string work = uri(), feed = uri(), desk = uri();
  auto pusher = psyne::Pusher<Tick>::open(work).value();
  auto puller = psyne::Puller<Tick>::open(to(work)).value();
  auto publisher = psyne::Publisher<Tick>::open(feed, {.linger = 0s}).value();
  auto subscriber = psyne::Subscriber<Tick>::open(to(feed), {.topics = {"a"}}).value();
  auto responder = psyne::Responder<Tick, Tick>::open(desk).value();
  auto requester = psyne::Requester<Tick, Tick>::open(to(desk)).value();
  const auto pulls = set.add(puller).value();
  const auto hears = set.add(subscriber).value();
  const auto answers = set.add(responder).value();
  bool pulled = false, heard = false;
  auto asked = requester.ask_async({4, 0}, 20s);
  std::thread others([&] {
    pusher.send({5, 0}, 20s).value();
    publisher.wait_for_subscribers(1, 20s).value();
    publisher.publish("a", {6, 0}, 20s).value();
  });
  while (!pulled || !heard || !asked.test()) {
    const auto ready = set.wait(20s);
    ASSERT_TRUE(ready) << ready.error().text();
    for (const auto& [member, events] : *ready) {
      if (member == pulls) pulled = pulled || puller.try_receive();
      if (member == hears) heard = heard || subscriber.try_receive();
      if (member != answers) continue;
      if (auto request = responder.try_receive()) {
        EXPECT_TRUE(request.reply({request->number + 1, 0}));
        EXPECT_TRUE(asked.wait(20s));
      }
    }
  }
  others.join();
  EXPECT_EQ(asked.take()->number, 5U);
}

TEST(WaitSetOfDescriptors, AnswersAsPollDoes) {
  auto set = WaitSet::make().value();
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Pipe pipe;
  const auto rings = set.add(event, POLLIN).value();
  const auto in = set.add(pipe.in(), POLLIN).value();
  EXPECT_EQ(set.wait(1ms).error(), Code::timed_out);
  ASSERT_EQ(eventfd_write(event, 1), 0);
  auto ready = set.wait(20s).value();
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready[0].member, rings);
  EXPECT_EQ(ready[0].events, POLLIN);
  EXPECT_EQ(set.wait(20s)->size(), 1U) << "as long as it is readable";
  eventfd_t count = 0;
  ASSERT_EQ(eventfd_read(event, &count), 0);
  const auto out = set.add(pipe.out(), POLLOUT).value();
  ready = set.wait(20s).value();
  EXPECT_EQ(ready[0].member, out);
  EXPECT_EQ(ready[0].events, POLLOUT);
  EXPECT_TRUE(set.remove(out));
  pipe.close_end(1);
  ready = set.wait(20s).value();
  EXPECT_EQ(ready[0].member, in);
  EXPECT_NE(ready[0].events & POLLHUP, 0);
  close(event);
}

TEST(WaitSetOfDescriptors, AClosedOneIsToldAndAWrongOneRefused) {
  auto set = WaitSet::make().value();
  Pipe pipe;
  const auto in = set.add(pipe.in(), POLLIN).value();
  EXPECT_EQ(set.add(pipe.in(), POLLIN).error(), Code::in_use);
  pipe.close_end(0);
  const auto ready = set.wait(20s);
  ASSERT_TRUE(ready) << ready.error().text();
  EXPECT_EQ(ready->front().member, in);
  EXPECT_EQ(ready->front().events, POLLNVAL);
  EXPECT_EQ(set.add(-1, POLLIN).error(), Code::invalid_argument);
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(set.add(file, POLLIN).error(), Code::invalid_argument);
  close(file);
}

TEST(WaitSetEnds, ByDeadlineByStopAndForOneThreadOnly) {
  auto set = WaitSet::make().value();
  EXPECT_EQ(set.wait(1ms).error(), Code::timed_out);
  psyne::StopSource source;
  std::atomic<bool> waits{false};
  std::thread waiting([&] {
    waits = true;
    EXPECT_EQ(set.wait(source.token()).error(), Code::stopped);
  });
  EXPECT_TRUE(eventually([&] { return waits && set.wait(0s).error() == Code::invalid_state; }));
  source.request_stop();
  waiting.join();
  const auto moved = std::move(set);
  EXPECT_EQ(set.wait(1s).error(), Code::invalid_state);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved.size(), 0U);
}

TEST(WaitSetEnds, ForAForkedChildWithAWord) {
  auto set = WaitSet::make().value();
  Line line("memory://wait-set-fork", "memory://wait-set-fork");
  static_cast<void>(set.add(line.receiver).value());
  ASSERT_TRUE(falls_asleep(set));
  psyne_test::Process child([&] {
    const bool told = set.wait(1s).error() == Code::forked && set.add(0, POLLIN).error() == Code::forked;
    { const auto gone = std::move(set); }
    return told ? 0 : 1;
  });
  EXPECT_EQ(child.wait(), 0);
  line.send(1);
  EXPECT_EQ(set.wait(20s)->size(), 1U);
}

TEST(WaitSetOverProcesses, APeerThatIsKilledIsItsMembersEvent) {
  for (const bool over_tcp : {false, true}) {
    const std::string port = std::to_string(conformance::free_port());
    const std::string at = over_tcp ? "tcp://*:" + port + "/killed" : psyne_test::fresh_uri();
    auto set = WaitSet::make().value();
    psyne_test::Process victim([&]() -> int {
      auto sender = Sender<Tick>::open(over_tcp ? "tcp://127.0.0.1:" + port + "/killed" : at).value();
      sender.send({1, 0}).value();
      psyne_test::wait_to_be_killed();
    });
    Line alive("memory://wait-set-alive", "memory://wait-set-alive");
    auto receiver = Receiver<Tick>::open(at).value();
    const auto alive_member = set.add(alive.receiver).value();
    const auto member = set.add(receiver).value();
    while (!receiver.try_receive()) ASSERT_TRUE(wait_for(set, member));
    victim.kill();
    Code said = Code::would_block;
    while (said == Code::would_block) {
      ASSERT_TRUE(wait_for(set, member));
      said = receiver.try_receive().error().code();
    }
    EXPECT_EQ(said, Code::peer_lost);
    EXPECT_TRUE(set.remove(member));
    alive.send(1);
    EXPECT_TRUE(wait_for(set, alive_member));
  }
}

TEST(WaitSetOfMany, HundredsOfMembersAnswerEach) {
  auto set = WaitSet::make().value();
  std::vector<std::unique_ptr<Line>> lines;
  std::map<WaitSet::Member, std::size_t> who;
  for (std::size_t i = 0; i < 300; ++i) {
    const std::string name = "memory://wait-set-" + std::to_string(i);
    lines.push_back(std::make_unique<Line>(name, name));
    who[set.add(lines[i]->receiver).value()] = i;
  }
  ASSERT_TRUE(falls_asleep(set));
  std::thread sending([&] {
    for (std::uint64_t round = 0; round < 10; ++round) {
      for (auto& line : lines) line->send(round);
    }
  });
  std::vector<std::uint64_t> next(lines.size(), 0);
  std::size_t taken = 0;
  while (taken < 3000) {
    const auto ready = set.wait(20s);
    if (!ready) {
      ADD_FAILURE() << ready.error().text();
      break;
    }
    for (const auto& one : *ready) {
      const std::size_t i = who.at(one.member);
      for (; lines[i]->receiver.try_receive(); ++taken) ++next[i];
    }
  }
  sending.join();
  EXPECT_TRUE(std::ranges::all_of(next, [](std::uint64_t count) { return count == 10; }));
}

TEST(WaitSetMembers, ThatAreOfNoUseAreRefused) {
  auto set = WaitSet::make().value();
  Line line("memory://wait-set-refused", "memory://wait-set-refused");
  auto other = WaitSet::make().value();
  static_cast<void>(other.add(line.receiver).value());
  EXPECT_EQ(set.add(line.receiver).error(), Code::in_use);
  auto router = Sender<Tick>::open("memory://wait-set-routed", {.delivery = psyne::Delivery::routed}).value();
  EXPECT_EQ(set.add(router, sizeof(Tick)).error(), Code::unsupported);
  auto asynchronous = Receiver<Tick>::open("memory://wait-set-async").value();
  const auto pending = asynchronous.receive_async();
  EXPECT_EQ(set.add(asynchronous).error(), Code::invalid_state);
}

}  // namespace
