#include <psyne/core/channel/channel_metrics.hpp>
#include <psyne/core/metrics/reader.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace {

using psyne::ChannelColumn;
using psyne::ChannelMetrics;
using Role = ChannelMetrics::Role;
namespace metrics = psyne::metrics;

/// As a tool sees it.
std::optional<metrics::ReadSection> shown(const std::string& label) {
  const auto page = metrics::Reader::open(metrics::Page::process().path().value()).value().read().value();
  const auto found = std::ranges::find(page.sections, label, &metrics::ReadSection::label);
  if (found == page.sections.end()) return std::nullopt;
  return *found;
}

std::vector<std::string> names(const metrics::ReadSection& section) {
  std::vector<std::string> names;
  for (const auto& value : section.values) names.push_back(value.name);
  return names;
}

std::uint64_t number(const metrics::ReadSection& section, const std::string& name) {
  const auto found = std::ranges::find(section.values, name, &metrics::ReadValue::name);
  return found == section.values.end() ? ~std::uint64_t{0} : found->number;
}

TEST(ChannelMetrics, ASenderHasEveryColumnInOrder) {
  const ChannelMetrics sender("ipc://columns", Role::sender, "");
  const auto section = shown("ipc://columns sender");
  ASSERT_TRUE(section);
  EXPECT_EQ(section->name, "channel");
  EXPECT_THAT(names(*section), testing::ElementsAre("messages", "bytes", "lanes", "waits", "wakes", "peers_lost",
                                                    "refused", "packed_from", "packed_to", "resumed", "full", "retries",
                                                    "dropped_newest", "dropped_oldest", "lost", "ring", "high_water"));
}

TEST(ChannelMetrics, AReceiverHasThoseOfBothSidesOnly) {
  const ChannelMetrics receiver("ipc://columns", Role::receiver, "viewer");
  const auto section = shown("ipc://columns receiver viewer");
  ASSERT_TRUE(section);
  EXPECT_THAT(names(*section), testing::ElementsAre("messages", "bytes", "lanes", "waits", "wakes", "peers_lost",
                                                    "refused", "packed_from", "packed_to", "resumed"));
}

// Each column by a number of its own, so that two that were mixed up would show.
TEST(ChannelMetrics, ACountStandsUnderItsOwnName) {
  ChannelMetrics sender("ipc://own", Role::sender, "");
  const std::vector<std::pair<ChannelColumn, std::string>> columns{{ChannelColumn::messages, "messages"},
                                                                   {ChannelColumn::bytes, "bytes"},
                                                                   {ChannelColumn::waits, "waits"},
                                                                   {ChannelColumn::wakes, "wakes"},
                                                                   {ChannelColumn::peers_lost, "peers_lost"},
                                                                   {ChannelColumn::refused, "refused"},
                                                                   {ChannelColumn::full, "full"},
                                                                   {ChannelColumn::retries, "retries"},
                                                                   {ChannelColumn::dropped_newest, "dropped_newest"},
                                                                   {ChannelColumn::dropped_oldest, "dropped_oldest"},
                                                                   {ChannelColumn::lost, "lost"}};
  for (std::size_t i = 0; i < columns.size(); ++i) sender.add(columns[i].first, 100 + i);
  sender.show(ChannelColumn::lanes, 3);
  sender.show(ChannelColumn::ring, 4096);
  sender.high_water().raise(77);
  const auto section = shown("ipc://own sender");
  ASSERT_TRUE(section);
  for (std::size_t i = 0; i < columns.size(); ++i) EXPECT_EQ(number(*section, columns[i].second), 100 + i);
  EXPECT_EQ(number(*section, "lanes"), 3U);
  EXPECT_EQ(number(*section, "ring"), 4096U);
  EXPECT_EQ(number(*section, "high_water"), 77U);
}

TEST(ChannelMetrics, TheProgramReadsTheSameNumbers) {
  ChannelMetrics sender("ipc://same", Role::sender, "");
  sender.add_messages(2, 16);
  sender.add_messages(1, 8);
  sender.add(ChannelColumn::waits, 5);
  sender.add(ChannelColumn::wakes, 4);
  sender.add(ChannelColumn::peers_lost, 7);
  sender.add(ChannelColumn::refused, 6);
  sender.add(ChannelColumn::full, 9);
  sender.add(ChannelColumn::retries, 10);
  sender.add(ChannelColumn::dropped_newest, 11);
  sender.add(ChannelColumn::dropped_oldest, 12);
  sender.add(ChannelColumn::lost, 13);
  sender.add(ChannelColumn::resumed, 14);
  const psyne::ChannelCounters counters = sender.counters();
  EXPECT_EQ(counters.messages, 3U);
  EXPECT_EQ(counters.bytes, 24U);
  EXPECT_EQ(counters.waits, 5U);
  EXPECT_EQ(counters.wakes, 4U);
  EXPECT_EQ(counters.peers_lost, 7U);
  EXPECT_EQ(counters.refused, 6U);
  EXPECT_EQ(counters.full, 9U);
  EXPECT_EQ(counters.retries, 10U);
  EXPECT_EQ(counters.dropped_newest, 11U);
  EXPECT_EQ(counters.dropped_oldest, 12U);
  EXPECT_EQ(counters.lost, 13U);
  EXPECT_EQ(counters.resumed, 14U);
}

TEST(ChannelMetrics, AReceiverHasNothingToReadOfASendersColumns) {
  ChannelMetrics receiver("ipc://half", Role::receiver, "");
  receiver.add_messages(1, 8);
  const psyne::ChannelCounters counters = receiver.counters();
  EXPECT_EQ(counters.messages, 1U);
  EXPECT_EQ(counters.full + counters.retries + counters.dropped_newest + counters.dropped_oldest + counters.lost, 0U);
}

TEST(ChannelMetrics, TwoEndsOfOneNameHaveSectionsOfTheirOwn) {
  ChannelMetrics one("ipc://two", Role::sender, "one"), other("ipc://two", Role::sender, "other");
  one.add(ChannelColumn::messages, 1);
  other.add(ChannelColumn::messages, 2);
  EXPECT_EQ(number(shown("ipc://two sender one").value(), "messages"), 1U);
  EXPECT_EQ(number(shown("ipc://two sender other").value(), "messages"), 2U);
}

TEST(ChannelMetrics, AnEndThatGoesTakesItsSectionAlong) {
  { const ChannelMetrics sender("ipc://gone", Role::sender, ""); }
  EXPECT_FALSE(shown("ipc://gone sender"));
}

}  // namespace
