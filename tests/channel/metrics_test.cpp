// What tools see of channels, on the counters page of this process.
#include <psyne/core/metrics/page_file.hpp>
#include <psyne/core/metrics/reader.hpp>

#include "eventually.hpp"
#include "process.hpp"
#include "schemes.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Delivery;
using psyne::Held;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::Tick;
namespace metrics = psyne::metrics;

/// One end, as a tool sees it now.
class Shown {
 public:
  explicit Shown(const std::string& label) {
    const auto page = metrics::Reader::open(metrics::Page::process().path().value()).value().read().value();
    for (const auto& section : page.sections) {
      if (section.label == label) sections_.push_back(section);
    }
  }
  std::size_t count() const { return sections_.size(); }
  /// All ones where it is not there.
  std::uint64_t operator[](const std::string& name) const {
    if (sections_.size() != 1) return ~std::uint64_t{0};
    const auto found = std::ranges::find(sections_[0].values, name, &metrics::ReadValue::name);
    return found == sections_[0].values.end() ? ~std::uint64_t{0} : found->number;
  }

 private:
  std::vector<metrics::ReadSection> sections_;
};

class Metrics : public psyne_test::OverEveryScheme {
 protected:
  Shown sender() const { return Shown(address_ + " sender"); }
  Shown receiver() const { return Shown(address_ + " receiver"); }
  void SetUp() override { address_ = uri(); }

  std::string address_;
};
INSTANTIATE_TEST_SUITE_P(Schemes, Metrics, testing::ValuesIn(psyne_test::named_schemes), psyne_test::scheme_name);

TEST_P(Metrics, ShowWhatWasSentAndReceivedAtOnce) {
  auto sender = Sender<Tick>::open(address_).value();
  auto receiver = Receiver<Tick>::open(address_).value();
  for (std::uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(sender.send({i, 1.0}, 20s));
    EXPECT_EQ(this->sender()["messages"], i + 1);
    ASSERT_TRUE(receiver.receive(20s));
    EXPECT_EQ(this->receiver()["messages"], i + 1);
  }
  EXPECT_EQ(this->sender()["bytes"], 10 * sizeof(Tick));
  EXPECT_EQ(this->receiver()["bytes"], 10 * sizeof(Tick));
  EXPECT_EQ(this->sender()["lanes"], 1U);
  EXPECT_EQ(this->receiver()["lanes"], 1U);
  EXPECT_EQ(sender.counters().messages, 10U);
  EXPECT_EQ(receiver.counters().bytes, 10 * sizeof(Tick));
}

TEST_P(Metrics, BatchesCountTheirMessagesAndBytes) {
  auto sender = Sender<Tick>::open(address_).value();
  auto receiver = Receiver<Tick>::open(address_).value();
  const std::vector<Tick> ticks(30);
  ASSERT_TRUE(sender.send_batch(ticks, 20s));
  for (std::size_t seen = 0; seen < ticks.size();) {
    const auto batch = receiver.receive_batch(64, 20s);
    ASSERT_TRUE(batch);
    seen += batch.size();
  }
  EXPECT_EQ(this->sender()["messages"], 30U);
  EXPECT_EQ(this->sender()["bytes"], 30 * sizeof(Tick));
  EXPECT_EQ(this->receiver()["messages"], 30U);
  EXPECT_EQ(this->receiver()["bytes"], 30 * sizeof(Tick));
}

TEST_P(Metrics, MessagesOfAnySizeCountTheirBytes) {
  auto sender = Sender<psyne::ByteVector>::open(address_).value();
  auto receiver = Receiver<psyne::ByteVector>::open(address_).value();
  for (const std::size_t bytes : {1U, 1000U, 17U}) ASSERT_TRUE(sender.reserve(bytes, 20s).commit());
  ASSERT_TRUE(receiver.receive(20s));
  for (std::size_t seen = 1; seen < 3;) {
    const auto batch = receiver.receive_batch(64, 20s);
    ASSERT_TRUE(batch);
    seen += batch.size();
  }
  EXPECT_EQ(this->sender()["bytes"], 1018U);
  EXPECT_EQ(this->receiver()["bytes"], 1018U);
}

TEST_P(Metrics, AClonedEndHasASectionOfItsOwn) {
  auto sender = Sender<Tick>::open(address_, {.linger = 0s}).value();
  auto clone = sender.clone().value();
  ASSERT_TRUE(clone.send({}, 20s));
  EXPECT_EQ(this->sender().count(), 2U);
  EXPECT_EQ(sender.counters().messages, 0U);
  EXPECT_EQ(clone.counters().messages, 1U);
}

TEST_P(Metrics, GoWithTheirEnds) {
  {
    const auto sender = Sender<Tick>::open(address_).value();
    const auto receiver = Receiver<Tick>::open(address_).value();
    EXPECT_EQ(this->sender().count(), 1U);
    EXPECT_EQ(this->receiver().count(), 1U);
  }
  EXPECT_EQ(sender().count(), 0U);
  EXPECT_EQ(receiver().count(), 0U);
}

TEST_P(Metrics, TheNameOfAnEndStandsInItsLabel) {
  const auto sender = Sender<Tick>::open(address_, {.name = "camera"}).value();
  EXPECT_EQ(Shown(address_ + " sender camera").count(), 1U);
}

TEST_P(Metrics, AFullRingIsCountedOnceAMessageAndShowsItsHighWater) {
  auto sender = Sender<Tick>::open(address_, {.capacity_bytes = 4096, .linger = 0s}).value();
  const auto receiver = Receiver<Tick>::open(address_).value();
  ASSERT_TRUE(eventually([&] { return this->sender()["lanes"] == 1U; }));
  while (sender.try_send({})) {
  }
  EXPECT_EQ(this->sender()["full"], 0U) << "try_send asks whether there is room";
  EXPECT_EQ(sender.send({}, 2ms).error(), Code::timed_out);
  EXPECT_EQ(sender.send({}, 2ms).error(), Code::timed_out);
  EXPECT_EQ(this->sender()["full"], 2U);
  EXPECT_EQ(this->sender()["ring"], 4096U);
  EXPECT_GT(this->sender()["high_water"], 4000U);
  EXPECT_LE(this->sender()["high_water"], 4096U);
}

TEST_P(Metrics, AReceiverThatKeepsUpLeavesTheHighWaterLow) {
  auto sender = Sender<Tick>::open(address_, {.capacity_bytes = 4096}).value();
  auto receiver = Receiver<Tick>::open(address_).value();
  for (std::uint64_t i = 0; i < 1000; ++i) {  // some laps
    ASSERT_TRUE(sender.send({i, 1.0}, 20s));
    ASSERT_TRUE(receiver.receive(20s));
  }
  EXPECT_LT(this->sender()["high_water"], maps() ? 256U : 4096U);
}

TEST_P(Metrics, ASleepIsSeenWhileItLasts) {
  auto sender = Sender<Tick>::open(address_).value();
  auto receiver = Receiver<Tick>::open(address_, {.patience = psyne::no_patience}).value();
  ASSERT_TRUE(sender.send({}, 20s));
  ASSERT_TRUE(receiver.receive(20s));
  std::thread waiting([&] { ASSERT_TRUE(receiver.receive(20s)); });
  EXPECT_TRUE(eventually([&] {
    const Shown now = this->receiver();
    return now["waits"] == now["wakes"] + 1;
  }));
  ASSERT_TRUE(sender.send({}, 20s));
  waiting.join();
  EXPECT_EQ(this->receiver()["waits"], this->receiver()["wakes"]);
  EXPECT_GE(receiver.counters().waits, 1U);
}

TEST_P(Metrics, ASenderThatWaitsForRoomIsSeen) {
  auto sender = Sender<Tick>::open(address_, {.capacity_bytes = 4096, .patience = psyne::no_patience}).value();
  auto receiver = Receiver<Tick>::open(address_).value();
  ASSERT_TRUE(receiver.receive(1ms).error() == Code::timed_out);
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(sender.send({i, 0}, 20s));
  });
  EXPECT_TRUE(eventually([&] {
    const Shown now = this->sender();
    return now["waits"] == now["wakes"] + 1;
  }));
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(receiver.receive(20s));
  sending.join();
  EXPECT_EQ(this->sender()["waits"], this->sender()["wakes"]);
  EXPECT_GE(this->sender()["full"], 1U);
}

TEST_P(Metrics, AnAsynchronousReceiveThatWaitsIsSeen) {
  auto sender = Sender<Tick>::open(address_).value();
  auto receiver = Receiver<Tick>::open(address_).value();
  auto pending = receiver.receive_async();
  EXPECT_TRUE(eventually([&] {
    const Shown now = this->receiver();
    return now["waits"] == now["wakes"] + 1;
  }));
  ASSERT_TRUE(sender.send({}, 20s));
  EXPECT_TRUE(pending.get());
  EXPECT_EQ(this->receiver()["messages"], 1U);
  EXPECT_EQ(this->receiver()["waits"], this->receiver()["wakes"]);
}

TEST_P(Metrics, WhatIsDroppedIsCounted) {
  auto sender =
      Sender<Tick>::open(address_, {.capacity_bytes = 4096, .when_full = psyne::WhenFull::drop_newest, .linger = 0s})
          .value();
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(sender.send({i, 0}));
  const Shown now = this->sender();
  EXPECT_GT(now["dropped_newest"], 0U);
  EXPECT_EQ(now["messages"] + now["dropped_newest"], 1000U);
  EXPECT_EQ(now["dropped_newest"], now["full"]);
  EXPECT_EQ(now["dropped_newest"], sender.counters().dropped_newest);
}

TEST_P(Metrics, RetriesAreCounted) {
  auto sender = Sender<Tick>::open(
                    address_, {.capacity_bytes = 4096, .when_full = psyne::WhenFull::retry, .linger = 0s, .retries = 3})
                    .value();
  while (sender.try_send({})) {
  }
  EXPECT_EQ(sender.send({}).error(), Code::would_block);
  EXPECT_EQ(this->sender()["retries"], 3U);
}

TEST_P(Metrics, PeersThatAreRefusedAreCountedOnBothSides) {
  auto sender = Sender<Tick>::open(address_).value();
  auto receiver = Receiver<double>::open(address_).value();
  EXPECT_EQ(receiver.receive(20s).error(), Code::incompatible);
  EXPECT_TRUE(eventually([&] { return this->sender()["refused"] >= 1; }));
  EXPECT_EQ(this->receiver()["refused"], 1U);
  EXPECT_EQ(this->sender()["lanes"], 0U);
  EXPECT_EQ(this->receiver()["lanes"], 0U);
}

TEST_P(Metrics, APeerThatClosesLeavesTheLanesAndIsNotLost) {
  auto receiver = Receiver<Tick>::open(address_).value();
  {
    auto sender = Sender<Tick>::open(address_).value();
    ASSERT_TRUE(sender.send({}, 20s));
    ASSERT_TRUE(receiver.receive(20s));
    EXPECT_EQ(this->receiver()["lanes"], 1U);
  }
  EXPECT_EQ(receiver.receive(20s).error(), Code::closed);
  EXPECT_EQ(this->receiver()["lanes"], 0U);
  EXPECT_EQ(this->receiver()["peers_lost"], 0U);
}

class MetricsOfProcesses : public testing::Test {
 protected:
  const std::string uri_ =
      "ipc://metrics-" + std::to_string(getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(MetricsOfProcesses, ADeadSenderIsALostPeer) {
  psyne_test::Process victim([&] {
    auto sender = Sender<Tick>::open(uri_).value();
    if (!sender.send({1, 1.0}, 20s)) return 1;
    psyne_test::wait_to_be_killed();
  });
  auto receiver = Receiver<Tick>::open(uri_).value();
  ASSERT_TRUE(receiver.receive(20s));
  victim.kill();
  EXPECT_EQ(receiver.receive(20s).error(), Code::peer_lost);
  EXPECT_EQ(Shown(uri_ + " receiver")["peers_lost"], 1U);
  EXPECT_EQ(Shown(uri_ + " receiver")["lanes"], 0U);
}

TEST_F(MetricsOfProcesses, WhatADeadReceiverHeldIsCountedOnce) {
  auto sender = Sender<Tick>::open(uri_, {.linger = 0s, .held_by_dead = Held::lost}).value();
  psyne_test::Process victim([&]() -> int {
    auto receiver = Receiver<Tick>::open(uri_).value();
    std::vector<psyne::Received<Tick>> held;
    for (int i = 0; i < 5; ++i) held.push_back(receiver.receive(20s));
    psyne_test::wait_to_be_killed();
  });
  for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(sender.send({i, 0}, 20s));
  const auto page = [&] { return metrics::Reader::open(victim.pid()); };
  ASSERT_TRUE(eventually([&] {
    const auto read = page() ? page()->read() : psyne::Result<metrics::Snapshot>(Code::not_found);
    return read && !read->sections.empty() && read->sections[0].values[0].number == 5;
  })) << "another process's counters are there to be read";
  victim.kill();
  ASSERT_TRUE(eventually([&] { return sender.receivers() == 0; }));
  auto successor = Receiver<Tick>::open(uri_).value();
  EXPECT_TRUE(eventually([&] { return Shown(uri_ + " sender")["peers_lost"] == 1; }));
  EXPECT_EQ(Shown(uri_ + " sender")["lost"], 5U);
  EXPECT_EQ(sender.counters().lost, 5U);
}

TEST_F(MetricsOfProcesses, AForkedChildLeavesTheCountersOfItsParentAlone) {
  auto sender = Sender<Tick>::open(uri_, {.linger = 0s}).value();
  ASSERT_TRUE(sender.send({}, 20s));
  psyne_test::Process child([&] {
    if (sender.send({})) return 1;
    return Sender<Tick>::open(uri_ + "-child", {.linger = 0s}).value().send({}, 20s) ? 0 : 2;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(Shown(uri_ + " sender")["messages"], 1U);
  EXPECT_EQ(Shown(uri_ + "-child sender").count(), 0U);
}

std::size_t files_in(const std::string& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

/// The test below runs this one, in processes that are configured anew.
TEST_F(MetricsOfProcesses, PageAndCountersAreAsConfigured) {
  const char* configured = getenv("PSYNE_METRICS_ENABLED");
  const char* directory = getenv("PSYNE_METRICS_DIRECTORY");
  const bool enabled = configured == nullptr || std::string_view(configured) == "yes";
  auto sender = Sender<Tick>::open(uri_).value();
  auto receiver = Receiver<Tick>::open(uri_).value();
  ASSERT_TRUE(sender.send({1, 1.0}, 20s));
  ASSERT_TRUE(receiver.receive(20s));
  EXPECT_EQ(sender.counters().messages, 1U);
  EXPECT_EQ(receiver.counters().bytes, sizeof(Tick));
  EXPECT_EQ(metrics::Page::process().path().has_value(), enabled);
  if (directory != nullptr) {
    EXPECT_EQ(files_in(directory), enabled ? 1U : 0U);
  }
}

TEST_F(MetricsOfProcesses, WhereTheyAreDisabledThereIsNoPageAndEndsCountForThemselves) {
  std::string directory = (std::filesystem::temp_directory_path() / "psyne-metrics-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  for (const char* enabled : {"yes", "no"}) {
    psyne_test::Process process([&] {
      setenv("PSYNE_METRICS_ENABLED", enabled, 1);
      setenv("PSYNE_METRICS_DIRECTORY", directory.c_str(), 1);
      execl("/proc/self/exe", "test", "--gtest_filter=MetricsOfProcesses.PageAndCountersAreAsConfigured", nullptr);
      return 1;
    });
    EXPECT_EQ(process.wait(), 0) << "metrics.enabled=" << enabled;
  }
  EXPECT_EQ(files_in(directory), 0U) << "a page goes with its process";
  std::filesystem::remove_all(directory);
}

}  // namespace
