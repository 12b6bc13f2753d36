#pragma once

#include "patterns/address.hpp"
#include "pool/serving.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace patterns_bench {

/// How an asker and its responder, each a process on a CPU of its own, talk.
struct Terms {
  bool over_tcp = false;  ///< through the loopback device; else over what one machine has
  bool asleep = false;    ///< asked seldom, so that everybody sleeps before it; else again and again
  std::size_t bytes = 8;  ///< of a query, and of its answer
};

/// What a library is asked for. Both are called in processes that have opened nothing of it before.
struct Bureau {
  using Answer = std::function<void(std::span<const std::byte> query, std::span<std::byte> reply)>;
  using Announce = std::function<void(const Address&)>;
  using Ask = std::function<void(std::span<const std::byte> query, std::span<std::byte> reply)>;

  /// Opens, says where, and answers queries by `answer` until its process is killed.
  std::function<void(const Terms&, const Announce&, const Answer&)> respond;
  /// What asks there, and waits for the answer.
  std::function<Ask(const Terms&, const Address&)> asker;
};

/// Answers what `receive` fills in, query after query, by what `send` is given.
template <class Receive, class Send>
[[noreturn]] void answer_each(const Terms& terms, const Bureau::Answer& answer, Receive receive, Send send) {
  std::vector<std::byte> query(terms.bytes);
  std::vector<std::byte> reply(terms.bytes);
  for (;;) {
    receive(std::span(query));
    answer(query, reply);
    send(std::span(std::as_const(reply)));
  }
}

/// Nanoseconds from asking to the answer, one ask at a time: the median. Payloads are copied back; answers are checked.
double round_trip(const Bureau& bureau, const Terms& terms, std::chrono::nanoseconds duration);

/// The works of a program. Sizes are bytes.
std::vector<pool_bench::Work> asking_works(const Bureau& bureau);

}  // namespace patterns_bench
