#pragma once

#include <psyne/core/executor/executor.hpp>
#include <psyne/core/park/patience.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// Where a field is empty, the configuration's [channel] table says; the URI's query is stronger than both.
struct RequesterOptions {
  std::optional<std::size_t> capacity_bytes{};  ///< of the ring of queries, one for each responder
  std::optional<Patience> patience{};           ///< how long a waiting thread looks; empty: see answer_patience()
  std::string name{};                           ///< of this requester, for people; told to responders
  /// Where the answers to asynchronous asks are taken in; must outlive the requester. None: a thread of its own, which
  /// runs while such asks are made.
  Executor* executor = nullptr;
};

/// See RequesterOptions.
struct ResponderOptions {
  std::optional<std::size_t> capacity_bytes{};  ///< of the ring of answers, one for each requester
  std::optional<Patience> patience{};
  std::string name{};
  /// How long an answer waits for room at a requester that does not take its answers: then it is given up, and counted.
  std::chrono::nanoseconds reply_within = std::chrono::seconds(1);
};

/// What happened at one responder since it was opened. A snapshot.
struct ResponderCounters {
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;    ///< answered by a failure
  std::uint64_t expired = 0;   ///< not looked at: nobody waited for them any more
  std::uint64_t given_up = 0;  ///< answers that did not reach their requester: it is gone, or does not take them
};

}  // namespace psyne::inline v0
