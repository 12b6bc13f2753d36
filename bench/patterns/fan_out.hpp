#pragma once

#include "patterns/address.hpp"
#include "pool/serving.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace patterns_bench {

/// What is published: a topic of eight letters and this, in one message.
struct Note {
  enum class Kind : std::uint64_t {
    hello,  ///< until everybody has heard it
    data,
    end,  ///< until everybody has heard it
  };
  Kind kind = Kind::hello;
  std::uint64_t number = 0;  ///< of data, from 1
};

/// The topic; subscribers ask for its first three letters.
inline constexpr const char* topic = "eu.bonds";
inline constexpr std::size_t topic_bytes = 8;
inline constexpr const char* prefix = "eu.";
inline constexpr std::size_t prefix_bytes = 3;

/// As a library that knows bytes alone sends it.
struct Frame {
  std::array<char, topic_bytes> letters{'e', 'u', '.', 'b', 'o', 'n', 'd', 's'};
  Note note;
};

/// What a library is asked for. Both are called in processes that have opened nothing of it before.
struct Library {
  using Publish = std::function<void(const Note&)>;
  using Receive = std::function<Note()>;

  /// Publishes anew; says where, and gives what publishes.
  std::function<Publish(Address&)> publisher;
  /// Subscribes there to the prefix, and gives what receives.
  std::function<Receive(const Address&)> subscriber;
};

/// Messages a microsecond that arrive at `subscribers` processes together, from one that publishes for so long. What a
/// library drops does not count; order is checked.
double fan_out(const Library& library, unsigned subscribers, std::chrono::nanoseconds duration);

/// The works of a program: over what one machine has, and over TCP. Sizes are subscribers.
std::vector<pool_bench::Work> fan_out_works(Library local, Library tcp);

}  // namespace patterns_bench
