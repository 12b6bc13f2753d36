// A buffer that is lent to the link of a receiver's only sender, when another sender comes whose messages are packed.
#include "bytes.hpp"
#include "channel/process.hpp"
#include "eventually.hpp"
#include "transports/stream/resume/cut_channel.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Compress;
using psyne::Delivery;
using psyne_test::eventually;
using psyne_test::noise;
using psyne_test::words;

/// How often receivers of this process have gone to sleep, and are asleep now.
std::uint64_t sleeps_of_receivers() {
  const auto page = psyne::metrics::Reader::open(psyne::metrics::Page::process().path().value()).value().read().value();
  std::uint64_t sum = 0;
  for (const auto& section : page.sections) {
    if (section.label.find(" receiver") == std::string::npos) continue;
    for (const auto& value : section.values) sum += value.name == "waits" ? value.number : 0;
  }
  return sum;
}

// The proxy lets half of a message through, which lies in the buffer then; and the other sender goes past it.
class LentBuffer : public resume_test::CutChannel {};
INSTANTIATE_TEST_SUITE_P(Schemes, LentBuffer, testing::Values("unix"),
                         [](const auto& scheme) { return std::string(scheme.param); });

TEST_P(LentBuffer, WhatHasLandedThereIsKeptWhenAnothersMessageIsUnpacked) {
  auto& between = patient_proxy();
  auto receiver =
      psyne::Receiver<ByteVector>::open(
          listening(""), {.delivery = Delivery::all, .patience = psyne::no_patience, .wait_for_senders = true})
          .value();
  psyne::SenderOptions sending{.capacity_bytes = 1 << 20, .delivery = Delivery::all, .linger = 0s};
  auto slow = psyne::Sender<ByteVector>::open(calling(""), sending).value();
  ASSERT_TRUE(receiver.wait_for_sender(slow.id(), 20s));
  between.allow(0);
  ASSERT_TRUE(eventually([&] { return between.all_read(); }));

  const std::uint64_t before = sleeps_of_receivers();
  std::vector<psyne_test::Bytes> got;
  std::jthread receiving([&] {
    psyne_test::Bytes buffer(128 * 1024);
    for (int message = 0; message < 2; ++message) {
      const auto bytes = receiver.receive_into(std::span(buffer), 60s);
      if (!bytes) return static_cast<void>(ADD_FAILURE() << bytes.error().text());
      got.push_back(psyne_test::copy_of(std::span(buffer).first(*bytes)));
    }
  });
  ASSERT_TRUE(eventually([&] { return sleeps_of_receivers() > before; }));  // the buffer is lent
  slow.send(noise(100'000), 20s).value();
  between.allow(50'000);
  ASSERT_TRUE(eventually([&] { return between.all_read(); }));

  sending.compress = Compress::lz4;
  auto other = psyne::Sender<ByteVector>::open(beside(""), sending).value();
  other.send(words(100'001), 20s).value();
  EXPECT_TRUE(other.close(20s));  // it was taken
  between.allow(resume_test::CuttingProxy::for_ever);
  receiving.join();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_TRUE(got[0] == words(100'001));
  EXPECT_TRUE(got[1] == noise(100'000));
  EXPECT_EQ(other.counters().packed_from, 100'001U);
}

}  // namespace
