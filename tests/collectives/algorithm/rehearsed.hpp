#pragma once

#include <psyne/collectives/algorithm/algorithm.hpp>
#include <psyne/collectives/simulator/rehearsal.hpp>

#include <cstdint>
#include <string>

namespace collectives_test {

inline psyne::Problem problem(psyne::Operation operation, psyne::Rank size, std::uint64_t bytes,
                              std::uint64_t element = 8) {
  psyne::Problem problem;
  problem.operation = operation;
  problem.size = size;
  problem.bytes = bytes;
  problem.sent = psyne::Blocks(bytes, bytes);
  problem.received = psyne::Blocks(bytes, bytes);
  problem.element_bytes = element;
  return problem;
}

inline psyne::Scene scene(const psyne::Algorithm& algorithm, const psyne::Problem& problem) {
  return {.problem = problem,
          .make = [&algorithm](const psyne::Problem& of_rank) { return psyne::make_schedule(algorithm, of_rank); },
          .needs_order = algorithm.traits.ordered && !algorithm.traits.canonical,
          .needs_canonical = algorithm.traits.canonical};
}

inline std::string title(const psyne::Algorithm& algorithm) {
  return std::string(psyne::name(algorithm.operation)) + "_" + std::string(algorithm.name);
}

}  // namespace collectives_test
