#pragma once

#include <psyne/core/channel/channel_options.hpp>
#include <psyne/core/metrics/page.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// What is counted at an end of a channel. The first ones at both sides, those from `full` on at senders alone. A level
/// shows what is now, all others only grow.
enum class ChannelColumn : std::uint8_t {
  messages,        ///< sent, or handed to the program
  bytes,           ///< of their payload
  lanes,           ///< level: peers that are there
  waits,           ///< times that it went to sleep, or left it to the service thread to be woken
  wakes,           ///< times that such a sleep ended, for whatever reason: one less than waits while it sleeps
  peers_lost,      ///< peers that died, or were taken out because they told what cannot be
  refused,         ///< peers that did not become lanes
  packed_from,     ///< of bytes, those that travelled compressed
  packed_to,       ///< bytes: what these had become
  resumed,         ///< times that the link to a peer went on by another connection
  full,            ///< messages that did not find room at once
  retries,         ///< of WhenFull::retry
  dropped_newest,  ///< messages
  dropped_oldest,  ///< messages
  lost,            ///< messages given up: that a dead receiver held (Held::lost), or had not taken (Delivery::routed)
  ring,            ///< level: bytes of one ring
  high_water,      ///< level: most bytes in flight in one ring that were seen when the sender looked for room, which it
                   ///< does once a lap at least, and when a receiver came or went
};

/// The counters of one end of a channel: a section "channel" of the process's page, labelled "ipc://ticks sender", and
/// behind that the end's name where it has one. They are the one place where these things are counted: what the
/// program asks for (counters()) is read from here. Where the page is disabled or full they are private memory.
///
/// All writing calls: by the owner of the end, one thread at a time (a sender's inside its gate); of a receiver's
/// `resumed` by the service thread. A cell costs a load and a store more than a plain number would, nothing else.
class ChannelMetrics {
 public:
  enum class Role : std::uint8_t { sender, receiver };

  /// Allocates, takes the page's lock.
  ChannelMetrics(std::string_view uri, Role role, std::string_view name);

  /// So many more. Of a column that this role has.
  void add(ChannelColumn column, std::uint64_t count = 1) noexcept { metrics::grow(cell(column), count); }
  void add_messages(std::uint64_t messages, std::uint64_t bytes) noexcept {
    metrics::Cell* const cells = cells_;  // loaded once: what is stored to a cell might be this
    metrics::grow(cells[static_cast<std::size_t>(ChannelColumn::messages)], messages);
    metrics::grow(cells[static_cast<std::size_t>(ChannelColumn::bytes)], bytes);
  }
  /// Of the messages that were added, one travelled compressed.
  void add_packed(std::uint64_t from, std::uint64_t to) noexcept {
    add(ChannelColumn::packed_from, from);
    add(ChannelColumn::packed_to, to);
  }
  /// A level is that now.
  void show(ChannelColumn column, std::uint64_t level) noexcept {
    metrics::Gauge(&cell(column)).set(static_cast<std::int64_t>(level));
  }
  metrics::Gauge high_water() const noexcept { return metrics::Gauge(&cell(ChannelColumn::high_water)); }

  ChannelCounters counters() const noexcept;
  /// "ipc://ticks sender camera", as it stands on the page; lines of the log begin with it. Any thread.
  const std::string& label() const noexcept { return label_; }

 private:
  metrics::Cell& cell(ChannelColumn column) const noexcept { return cells_[static_cast<std::size_t>(column)]; }
  std::uint64_t value(ChannelColumn column) const noexcept { return cell(column).load(std::memory_order_relaxed); }

  const Role role_;
  const std::string label_;
  const metrics::Section section_;
  metrics::Cell* const cells_;
};

}  // namespace psyne::inline v0
