#pragma once

#include "pool/serving.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace collectives_bench {

enum class Operation : std::uint8_t { all_reduce, all_gather, reduce_scatter, broadcast, all_to_all, barrier };

inline constexpr std::array<std::string_view, 6> operation_names{"all_reduce", "all_gather", "reduce_scatter",
                                                                 "broadcast",  "all_to_all", "barrier"};

/// One measurement: microseconds for one operation of so many ranks, pinned to two CPUs in turn.
struct Question {
  Operation operation = Operation::all_reduce;
  bool tcp = false;  ///< over TCP through the loopback device, else by what one machine has
  int ranks = 2;
  std::size_t bytes = 0;  ///< of the longer of the two buffers; a block has one float at least
  std::uint64_t milliseconds = 200;

  /// Floats of a rank's block, or of the whole where there are no blocks.
  std::size_t count() const noexcept {
    const bool blocks = operation == Operation::all_gather || operation == Operation::reduce_scatter ||
                        operation == Operation::all_to_all;
    const std::size_t floats = bytes / sizeof(float) / (blocks ? static_cast<std::size_t>(ranks) : 1);
    return operation == Operation::barrier ? 0 : floats == 0 ? 1 : floats;
  }
  /// "all_reduce tcp 4": the words of a work.
  std::string name() const {
    return std::string(operation_names[static_cast<std::size_t>(operation)]) + (tcp ? " tcp " : " ") +
           std::to_string(ranks);
  }
};

/// All works of the suite; `ask` starts the ranks and gives rank 0's answer.
inline std::vector<pool_bench::Work> works(const std::function<std::optional<double>(const Question&)>& ask) {
  std::vector<pool_bench::Work> all;
  for (std::size_t operation = 0; operation < operation_names.size(); ++operation) {
    for (const bool tcp : {false, true}) {
      for (const int ranks : {2, 4}) {
        Question question{.operation = static_cast<Operation>(operation), .tcp = tcp, .ranks = ranks};
        all.push_back({question.name(), "us", [question, ask](const pool_bench::Load& load) mutable {
                         question.bytes = load.threads;
                         question.milliseconds = static_cast<std::uint64_t>(
                             std::chrono::duration_cast<std::chrono::milliseconds>(load.duration).count());
                         return ask(question);
                       }});
      }
    }
  }
  return all;
}

}  // namespace collectives_bench
