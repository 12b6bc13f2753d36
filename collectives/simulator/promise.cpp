#include <psyne/collectives/simulator/promise.hpp>

namespace psyne::inline v0::promise {

namespace {

std::vector<Stretch> all_of(const Blocks& blocks, Rank size) {
  std::vector<Stretch> stretches;
  stretches.reserve(static_cast<std::size_t>(size));
  for (Rank rank = 0; rank < size; ++rank) stretches.push_back(blocks.of(rank));
  return stretches;
}

Symbol folded(std::uint32_t operation, Rank ranks, std::uint64_t element) {
  Symbol symbol;
  for (Rank rank = 0; rank < ranks; ++rank) symbol.fold(Symbol::of(operation, rank, element));
  return symbol;
}

}  // namespace

std::vector<Stretch> input(const Problem& problem) {
  switch (problem.operation) {
    case Operation::all_reduce:
    case Operation::scan:
    case Operation::exclusive_scan:
    case Operation::reduce: return {{0, problem.bytes}};
    case Operation::broadcast: return {{0, problem.rank == problem.root ? problem.bytes : 0}};
    case Operation::reduce_scatter:
    case Operation::all_to_all: return all_of(problem.sent, problem.size);
    case Operation::scatter:
      return problem.rank == problem.root ? all_of(problem.sent, problem.size) : std::vector<Stretch>{};
    case Operation::all_gather:
    case Operation::gather: return {{0, problem.received.of(problem.rank).bytes}};
    case Operation::barrier: return {};
  }
  return {};
}

std::vector<Stretch> output(const Problem& problem) {
  switch (problem.operation) {
    case Operation::all_reduce:
    case Operation::scan:
    case Operation::broadcast: return {{0, problem.bytes}};
    case Operation::exclusive_scan: return {{0, problem.rank == 0 ? 0 : problem.bytes}};
    case Operation::reduce: return {{0, problem.rank == problem.root ? problem.bytes : 0}};
    case Operation::reduce_scatter:
    case Operation::scatter: return {{0, problem.sent.of(problem.rank).bytes}};
    case Operation::gather:
      return problem.rank == problem.root ? all_of(problem.received, problem.size) : std::vector<Stretch>{};
    case Operation::all_gather:
    case Operation::all_to_all: return all_of(problem.received, problem.size);
    case Operation::barrier: return {};
  }
  return {};
}

Symbol element(const Problem& problem, std::uint32_t operation, std::uint64_t byte) {
  const std::uint64_t bytes = problem.element_bytes;
  // Of a buffer of blocks: whose this is, and where in it.
  const auto from_block = [&](const Blocks& blocks, auto&& of) {
    for (Rank rank = 0; rank < problem.size; ++rank) {
      const Stretch block = blocks.of(rank);
      if (byte >= block.offset && byte < block.offset + block.bytes) return of(rank, byte - block.offset);
    }
    return Symbol{};
  };
  const std::uint64_t own_block = problem.sent.of(problem.rank).offset;
  switch (problem.operation) {
    case Operation::all_reduce:
    case Operation::reduce: return folded(operation, problem.size, byte / bytes);
    case Operation::scan: return folded(operation, problem.rank + 1, byte / bytes);
    case Operation::exclusive_scan: return folded(operation, problem.rank, byte / bytes);
    case Operation::reduce_scatter: return folded(operation, problem.size, (own_block + byte) / bytes);
    case Operation::broadcast: return Symbol::of(operation, problem.root, byte / bytes);
    case Operation::scatter: return Symbol::of(operation, problem.root, (own_block + byte) / bytes);
    case Operation::gather:
    case Operation::all_gather:
      return from_block(problem.received,
                        [&](Rank rank, std::uint64_t offset) { return Symbol::of(operation, rank, offset / bytes); });
    case Operation::all_to_all:
      // A rehearsal's blocks are the same for all ranks: what rank r sends to this one lies where this one's block
      // lies.
      return from_block(problem.received, [&](Rank rank, std::uint64_t offset) {
        return Symbol::of(operation, rank, (own_block + offset) / bytes);
      });
    case Operation::barrier: return {};
  }
  return {};
}

}  // namespace psyne::inline v0::promise
