// Programs as users write them, in the very words in which they are promised, on the names that stand there. One test
// after the other, below a runtime directory of this process's own.
#include <psyne.hpp>

#include "channel/process.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

using psyne_test::Process;

struct Tick {
  std::uint64_t time_ns;
  double price;
};

// ipc finds its runtime directory when it is first used: before that, this is another one.
class OwnRuntimeDirectory : public testing::Environment {
 public:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "psyne-test-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    setenv("XDG_RUNTIME_DIR", name.c_str(), 1);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

 private:
  std::filesystem::path directory_;
};
[[maybe_unused]] const auto* const environment = testing::AddGlobalTestEnvironment(new OwnRuntimeDirectory);

int fail(const psyne::Error& error) {
  std::fprintf(stderr, "%s\n", error.text().c_str());
  return 1;
}

int send_one_tick(std::uint64_t now) {
  auto sender = psyne::Sender<Tick>::open("ipc://ticks");
  if (!sender) return fail(sender.error());
  if (auto sent = sender->send({now, 101.5}); !sent) return fail(sent.error());
  return 0;
}

int total_of_ticks(double& total) {
  auto receiver = psyne::Receiver<Tick>::open("ipc://ticks").value();
  for (auto& tick : receiver) total += tick.price;
  if (auto end = receiver.status(); !end) return fail(end.error());
  return 0;
}

TEST(Messages, ATickGoesFromOneProcessToAnother) {
  const Process sender([] { return send_one_tick(7); });
  double total = 0;
  EXPECT_EQ(total_of_ticks(total), 0);
  EXPECT_EQ(total, 101.5);
}

TEST(Messages, TheLoopEndsWithAnErrorWhenTheSenderDies) {
  Process sender([] {
    auto ticks = psyne::Sender<Tick>::open("ipc://ticks", {.name = "quoter"}).value();
    ticks.send({1, 2.5}).value();
    psyne_test::wait_to_be_killed();
    return 0;
  });
  auto receiver = psyne::Receiver<Tick>::open("ipc://ticks").value();
  double total = 0;
  for (auto& tick : receiver) {
    total += tick.price;
    sender.kill();
  }
  EXPECT_EQ(total, 2.5);
  const auto end = receiver.status();
  ASSERT_EQ(end.error(), psyne::Code::peer_lost);
  EXPECT_NE(end.error().text().find("quoter"), std::string::npos) << end.error().text();
}

TEST(Messages, OneAtATimeAndManyAtOnce) {
  auto receiver = psyne::Receiver<Tick>::open("ipc://ticks", {.wait_for_senders = true}).value();
  auto sender = psyne::Sender<Tick>::open("ipc://ticks").value();
  sender.send({1, 1.5}).value();
  const auto first = receiver.receive();
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_EQ(first->time_ns, 1U);
  EXPECT_EQ((*first).price, 1.5);
  EXPECT_EQ(receiver.receive(1ms).error(), psyne::Code::timed_out);
  EXPECT_EQ(receiver.try_receive().error(), psyne::Code::would_block);
  const psyne::StopSource source;
  source.request_stop();
  EXPECT_EQ(receiver.receive(source.token()).error(), psyne::Code::stopped);
  for (std::uint64_t i = 0; i < 3; ++i) sender.send({i, 0}).value();
  const auto batch = receiver.receive_batch(64);
  ASSERT_TRUE(batch);
  static_assert(std::ranges::forward_range<decltype(batch)>);
  EXPECT_EQ(std::ranges::count(batch, 0.0, &Tick::price), 3);
}

TEST(Messages, CoroutinesCallbacksAndPollLoops) {
  auto receiver = psyne::Receiver<Tick>::open("ipc://ticks", {.wait_for_senders = true}).value();
  auto sender = psyne::Sender<Tick>::open("ipc://ticks").value();
  sender.send({1, 0}).value();
  const auto next = [&]() -> psyne::Task<std::uint64_t> {
    auto tick = co_await receiver.receive_async();
    co_return tick ? tick->time_ns : 0;
  };
  EXPECT_EQ(psyne::sync_wait(next()), 1U);

  std::atomic<std::uint64_t> called{0};
  {
    auto subscription = receiver.on_message([&](const Tick& tick) { called = tick.time_ns; }).value();
    sender.send({2, 0}).value();
    for (int i = 0; i < 10'000 && called != 2; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(called, 2U);
  }

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {}};
  ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, receiver.fd(), &event), 0);
  std::thread later([&] {
    std::this_thread::sleep_for(10ms);
    sender.send({3, 0}).value();
  });
  while (receiver.arm()) ASSERT_EQ(epoll_wait(epoll, &event, 1, 10'000), 1);
  EXPECT_EQ(receiver.try_receive()->time_ns, 3U);
  later.join();
  close(epoll);
}

void decode_into(std::span<std::uint8_t> pixels) { std::ranges::fill(pixels, std::uint8_t{7}); }

TEST(Messages, AFrameIsMadeInTheRing) {
  auto received = psyne::Receiver<psyne::Tensor>::open("ipc://frames").value();
  auto frames = psyne::Sender<psyne::Tensor>::open(
                    "ipc://frames", {.capacity_bytes = 64 * psyne::MiB, .when_full = psyne::WhenFull::drop_oldest})
                    .value();
  auto frame = frames.reserve<std::uint8_t>({32, 3, 224, 224});
  decode_into(frame->span<std::uint8_t>());
  frame.commit().value();
  {
    auto never = frames.reserve<std::uint8_t>({1, 3, 224, 224});
    ASSERT_TRUE(never);
  }
  const auto seen = received.receive(10s);
  ASSERT_TRUE(seen) << seen.error().text();
  const auto pixels = seen->span<std::uint8_t>();
  EXPECT_EQ(pixels.size(), 32U * 3 * 224 * 224);
  EXPECT_TRUE(std::ranges::all_of(pixels, [](std::uint8_t pixel) { return pixel == 7; }));
  EXPECT_EQ(received.try_receive().error(), psyne::Code::would_block) << "a draft that dies uncommitted never was";
}

TEST(Messages, TheNameSaysHow) {
  using psyne::Delivery;
  auto one = psyne::Receiver<Tick>::open("ipc://wide?capacity=64M&delivery=all").value();
  auto two = psyne::Receiver<Tick>::open("ipc://wide", {.delivery = Delivery::all}).value();
  auto sender = psyne::Sender<Tick>::open("ipc://wide", {.delivery = Delivery::all}).value();
  for (int i = 0; i < 10'000 && sender.receivers() < 2; ++i) std::this_thread::sleep_for(1ms);
  sender.send({5, 0}).value();
  EXPECT_EQ(one.receive(10s)->time_ns, 5U);
  EXPECT_EQ(two.receive(10s)->time_ns, 5U);
  EXPECT_THROW(static_cast<void>(psyne::Receiver<Tick>::open("nowhere://ticks").value()), psyne::Exception);
}

}  // namespace
