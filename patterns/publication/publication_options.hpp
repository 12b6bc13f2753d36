#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/park/patience.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// What a publisher does where a subscriber has no room for a message.
enum class SlowSubscriber : std::uint8_t {
  block,        ///< waits for room until the deadline of the call, and then does as drop_newest, and says timed_out
  drop_newest,  ///< this subscriber does not get this message; its next one tells it how many it missed
  disconnect,   ///< this subscriber gets what it was sent before, and then an error; nothing more
};

/// Where a field is empty, the configuration's [channel] table says; the URI's query is stronger than both.
struct PublisherOptions {
  SlowSubscriber slow = SlowSubscriber::block;
  std::size_t keep = 0;                         ///< the last messages, of all topics, for subscribers that come later
  std::optional<std::size_t> capacity_bytes{};  ///< of the ring of one subscriber
  /// How long closing waits until subscribers have what was published.
  std::optional<std::chrono::nanoseconds> linger{};
  /// With more subscribers than CPUs {.pauses = 0, .yields = 30} on both sides gives up to twice the rate.
  std::optional<Patience> patience{};
  std::string name{};  ///< of this publisher, for people; told to subscribers
  /// Where subscribers' prefixes are taken in; must outlive the publisher. None: a thread of its own, which sleeps.
  Executor* executor = nullptr;
};

/// See PublisherOptions.
struct SubscriberOptions {
  std::vector<std::string> topics{};  ///< prefixes of what is wanted, "" for all; more by Subscriber::subscribe
  std::size_t replay = 0;             ///< so many of the last messages that publishers have kept, and that match, first
  std::optional<Patience> patience{};
  std::size_t most_held = 1024;      ///< messages of one publisher that may be held at once
  bool wait_for_publishers = false;  ///< when all publishers have gone, wait for the next instead of ending
  std::string name{};                ///< of this subscriber, for people; told to publishers
};

/// What happened at one publisher since it was opened. A snapshot.
struct PublisherCounters {
  std::uint64_t published = 0;     ///< messages, whoever got them
  std::uint64_t delivered = 0;     ///< once for each subscriber that was sent one
  std::uint64_t dropped = 0;       ///< once for each subscriber that had no room for one, and was told so
  std::uint64_t disconnected = 0;  ///< subscribers
};

/// What happened at one subscriber since it was opened. A snapshot.
struct SubscriberCounters {
  std::uint64_t received = 0;
  std::uint64_t missed = 0;  ///< messages that publishers dropped for want of room here
};

}  // namespace psyne::inline v0
