#include <psyne/core/channel/channel_metrics.hpp>

#include <array>
#include <span>
#include <string>

namespace psyne::inline v0 {

namespace {

/// In the order of ChannelColumn.
constexpr std::array<metrics::Value, 17> channel_columns{{{"messages"},
                                                          {"bytes"},
                                                          {"lanes", metrics::Kind::gauge},
                                                          {"waits"},
                                                          {"wakes"},
                                                          {"peers_lost"},
                                                          {"refused"},
                                                          {"packed_from"},
                                                          {"packed_to"},
                                                          {"resumed"},
                                                          {"full"},
                                                          {"retries"},
                                                          {"dropped_newest"},
                                                          {"dropped_oldest"},
                                                          {"lost"},
                                                          {"ring", metrics::Kind::gauge},
                                                          {"high_water", metrics::Kind::gauge}}};
static_assert(channel_columns.size() == static_cast<std::size_t>(ChannelColumn::high_water) + 1);

std::span<const metrics::Value> columns_of(ChannelMetrics::Role role) {
  if (role == ChannelMetrics::Role::sender) return channel_columns;
  return std::span(channel_columns).first(static_cast<std::size_t>(ChannelColumn::full));
}

std::string label_of(std::string_view uri, ChannelMetrics::Role role, std::string_view name) {
  std::string label(uri);
  label += role == ChannelMetrics::Role::sender ? " sender" : " receiver";
  if (!name.empty()) label.append(" ").append(name);
  return label;
}

}  // namespace

ChannelMetrics::ChannelMetrics(std::string_view uri, Role role, std::string_view name)
    : role_(role),
      label_(label_of(uri, role, name)),
      section_(metrics::Page::process().add("channel", label_, columns_of(role))),
      cells_(section_.cells()) {}

ChannelCounters ChannelMetrics::counters() const noexcept {
  ChannelCounters counters;
  counters.messages = value(ChannelColumn::messages);
  counters.bytes = value(ChannelColumn::bytes);
  counters.waits = value(ChannelColumn::waits);
  counters.wakes = value(ChannelColumn::wakes);
  counters.peers_lost = value(ChannelColumn::peers_lost);
  counters.refused = value(ChannelColumn::refused);
  counters.packed_from = value(ChannelColumn::packed_from);
  counters.packed_to = value(ChannelColumn::packed_to);
  counters.resumed = value(ChannelColumn::resumed);
  if (role_ == Role::receiver) return counters;
  counters.full = value(ChannelColumn::full);
  counters.retries = value(ChannelColumn::retries);
  counters.dropped_newest = value(ChannelColumn::dropped_newest);
  counters.dropped_oldest = value(ChannelColumn::dropped_oldest);
  counters.lost = value(ChannelColumn::lost);
  return counters;
}

}  // namespace psyne::inline v0
