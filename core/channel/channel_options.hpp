#pragma once

#include <psyne/core/channel/end_id.hpp>
#include <psyne/core/compression/compress.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/core/uri/quantity.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// Who gets a message that is sent on a name. All ends of a name must say the same.
enum class Delivery : std::uint8_t {
  single,  ///< the one receiver; a second is refused (in_use), and replaces one whose connection stays broken
  all,     ///< every receiver; one that joins later begins at the oldest message that is still kept
  any,     ///< one of the receivers, the next in turn that has room
  routed,  ///< the receiver that the sender names, by send_to() and reserve_to(); what one had not taken when it went
           ///< is given up and counted (ChannelCounters::lost), for it is nobody else's
};

/// What a sender does with a message when there is no room for it.
enum class WhenFull : std::uint8_t {
  block,        ///< waits for room, until the deadline of the call
  drop_newest,  ///< drops this message, and counts it
  drop_oldest,  ///< drops the oldest unread ones, and counts them; what is being read is never overwritten: if that is
                ///< the oldest, this message is dropped instead. Only with one receiver that shares memory with its
                ///< sender: open says `unsupported` where delivery or transport make that impossible
  retry,        ///< tries again after growing, jittered pauses, a bounded number of times; then would_block
  callback,     ///< asks on_full what to do
  adaptive,  ///< blocks, and keeps less in flight while receivers are slow: a window that halves when it was full and
             ///< grows while it was not
};

/// What happens to messages that a receiver had been given, but not released, when it died. Where the transport does
/// not map, nobody knows what it had been given: all that was across and not known to be released counts as held.
enum class Held : std::uint8_t {
  again,  ///< they are delivered to the next receiver (or another one): at least once
  lost,   ///< they are given up and counted: at most once
};

/// What on_full may answer.
enum class Full : std::uint8_t { wait, drop, fail };

/// What on_full is told.
struct FullEvent {
  std::size_t bytes = 0;       ///< of the message that has no room
  std::uint64_t attempts = 0;  ///< how often this message was asked about before
  std::chrono::nanoseconds waited{0};
};

/// Where a field is empty, the configuration's [channel] table says (file, then PSYNE_* environment); the URI's query
/// is stronger than both this and that.
struct SenderOptions {
  std::optional<std::size_t>
      capacity_bytes{};  ///< of one lane's ring, rounded up to a power of two; a message may take half
  std::optional<Delivery> delivery{};
  std::optional<WhenFull> when_full{};
  std::optional<std::chrono::nanoseconds> linger{};  ///< how long close() waits until what was committed is safe
  std::optional<Patience> patience{};                ///< how long a waiting thread looks before it sleeps
  Held held_by_dead = Held::again;
  std::function<Full(const FullEvent&)> on_full{};  ///< for WhenFull::callback; runs in the sending thread
  std::uint32_t retries = 16;                       ///< for WhenFull::retry
  /// How messages longer than compress_above travel, where that makes them shorter: others go as they are. For messages
  /// of any size; where T has one size, open says `unsupported`. The longest message stays what it is without.
  std::optional<Compress> compress{};
  std::optional<std::size_t> compress_above{};    ///< bytes
  std::optional<std::uint32_t> compress_level{};  ///< of zstd: 1, the quickest, to 22
  std::string name{};                             ///< of this sender, for people; told to receivers
  EndId id{};                                     ///< of this sender, told to receivers; none: a random one
};

/// See SenderOptions.
struct ReceiverOptions {
  std::optional<Delivery> delivery{};
  std::optional<Patience> patience{};
  std::size_t most_held = 1024;  ///< views of one lane that may be held at once, rounded up to a power of two
  /// Where the transport does not map: the largest ring of a sender that this receiver gives memory for a copy of.
  std::size_t most_copied = std::size_t{16} << 20;
  bool wait_for_senders = false;  ///< when all senders have gone, wait for the next instead of ending
  std::string name{};
  EndId id{};  ///< of this receiver, told to senders; none: a random one. With routed, each receiver has another
  /// Receiving calls say Code::closed for each sender that closes, once, and go on; then none is the last, as with
  /// wait_for_senders.
  bool tell_closed = false;
};

/// What happened on one end since it was opened. A snapshot: exact for the end's own thread. Tools read the same
/// numbers from the process's counters page (channel_metrics.hpp).
struct ChannelCounters {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;        ///< of payload
  std::uint64_t waits = 0;        ///< times that it went to sleep, or left it to the service thread to be woken
  std::uint64_t wakes = 0;        ///< times that such a sleep ended
  std::uint64_t peers_lost = 0;   ///< peers that died or lied
  std::uint64_t refused = 0;      ///< peers that did not become lanes
  std::uint64_t packed_from = 0;  ///< of `bytes`, those that travelled compressed
  std::uint64_t packed_to = 0;    ///< and what they had become on their way
  std::uint64_t resumed = 0;      ///< times that the link to a peer went on by another connection
  // Of senders:
  std::uint64_t full = 0;            ///< messages that did not find room at once
  std::uint64_t dropped_newest = 0;  ///< messages dropped because there was no room
  std::uint64_t dropped_oldest = 0;  ///< unread messages dropped in favour of newer ones
  std::uint64_t retries = 0;
  std::uint64_t lost = 0;  ///< messages given up: that a dead receiver held (Held::lost), or had not taken (routed)
};

}  // namespace psyne::inline v0
