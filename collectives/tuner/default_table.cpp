#include <psyne/collectives/tuner/default_table.hpp>

#include <array>
#include <limits>
#include <string_view>

namespace psyne::inline v0 {

namespace {

constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();

struct Row {
  Operation operation;
  bool mapped;          // whether it is for ranks that share memory, or for those that do not
  Rank ranks;           // up to so many
  std::uint64_t bytes;  // up to so many
  std::string_view algorithm;
};

constexpr Rank many = std::numeric_limits<Rank>::max();

// The first that fits. What is not measured yet follows the counts of messages and bytes: few bytes, few messages; many
// bytes, each byte once.
constexpr std::array rows{
    Row{Operation::all_reduce, true, 2, any, "direct"},
    Row{Operation::all_reduce, true, 8, 4096, "direct"},
    Row{Operation::all_reduce, true, many, 2048, "doubling"},
    Row{Operation::all_reduce, true, many, any, "staged_two_shot"},
    Row{Operation::all_reduce, false, 2, 16384, "direct"},
    Row{Operation::all_reduce, false, many, 16384, "doubling"},
    Row{Operation::all_reduce, false, many, 262144, "halving"},
    Row{Operation::all_reduce, false, many, any, "ring"},

    Row{Operation::reduce, true, many, 4096, "direct"},
    Row{Operation::reduce, true, many, any, "two_shot"},
    Row{Operation::reduce, false, many, 65536, "binomial"},
    Row{Operation::reduce, false, many, any, "two_shot"},

    Row{Operation::reduce_scatter, true, many, any, "direct"},
    Row{Operation::reduce_scatter, false, 8, any, "direct"},
    Row{Operation::reduce_scatter, false, many, any, "ring"},

    Row{Operation::all_gather, true, 2, any, "direct"},
    Row{Operation::all_gather, true, many, any, "staged"},
    Row{Operation::all_gather, false, 8, any, "direct"},
    Row{Operation::all_gather, false, many, 1024, "bruck"},
    Row{Operation::all_gather, false, many, any, "ring"},

    Row{Operation::broadcast, true, 2, any, "direct"},
    Row{Operation::broadcast, true, many, any, "staged"},
    Row{Operation::broadcast, false, many, 65536, "binomial"},
    Row{Operation::broadcast, false, many, any, "two_shot"},

    Row{Operation::gather, true, many, any, "direct"},
    Row{Operation::gather, false, many, any, "direct"},
    Row{Operation::scatter, true, many, any, "direct"},
    Row{Operation::scatter, false, many, any, "direct"},
    Row{Operation::all_to_all, true, many, any, "direct"},
    Row{Operation::all_to_all, false, 16, any, "direct"},
    Row{Operation::all_to_all, false, many, 256, "bruck"},
    Row{Operation::all_to_all, false, many, any, "direct"},
    Row{Operation::barrier, true, many, any, "doubling"},
    Row{Operation::barrier, false, many, any, "doubling"},
    Row{Operation::scan, true, many, any, "doubling"},
    Row{Operation::scan, false, many, any, "doubling"},
    Row{Operation::exclusive_scan, true, many, any, "doubling"},
    Row{Operation::exclusive_scan, false, many, any, "doubling"},
};

bool admissible(const Algorithm& algorithm, const Circumstances& circumstances) noexcept {
  if (algorithm.traits.mapped && !circumstances.mapped) return false;
  if (!folds(algorithm.operation)) return true;
  return (algorithm.traits.canonical || !circumstances.canonical) &&
         (algorithm.traits.ordered || !circumstances.ordered);
}

}  // namespace

const Algorithm& default_algorithm(const Circumstances& circumstances) noexcept {
  for (const Row& row : rows) {
    if (row.operation != circumstances.operation || row.mapped != circumstances.mapped ||
        circumstances.size > row.ranks || circumstances.bytes > row.bytes) {
      continue;
    }
    const Algorithm& found = *find_algorithm(row.operation, row.algorithm);
    if (admissible(found, circumstances)) return found;
  }
  // Of what folds: the canonical one that sends each byte once, where there is one.
  const Algorithm* last = nullptr;
  for (const Algorithm& algorithm : algorithms()) {
    if (algorithm.operation == circumstances.operation && algorithm.name == "two_shot") return algorithm;
    if (algorithm.operation == circumstances.operation && last == nullptr) last = &algorithm;
  }
  return *last;
}

}  // namespace psyne::inline v0
