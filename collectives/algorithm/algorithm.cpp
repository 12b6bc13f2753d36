#include <psyne/collectives/algorithm/algorithm.hpp>
#include <psyne/collectives/algorithm/binomial.hpp>
#include <psyne/collectives/algorithm/bruck.hpp>
#include <psyne/collectives/algorithm/chain.hpp>
#include <psyne/collectives/algorithm/direct.hpp>
#include <psyne/collectives/algorithm/double_tree.hpp>
#include <psyne/collectives/algorithm/doubling.hpp>
#include <psyne/collectives/algorithm/ring.hpp>
#include <psyne/collectives/algorithm/staged.hpp>
#include <psyne/collectives/algorithm/two_shot.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <array>

namespace psyne::inline v0 {

namespace {

constexpr AlgorithmTraits canonical{.ordered = true, .canonical = true};
constexpr AlgorithmTraits ordered{.ordered = true};
constexpr AlgorithmTraits uniform{.uniform = true};
constexpr AlgorithmTraits mapped{.mapped = true};
constexpr AlgorithmTraits canonical_mapped{.ordered = true, .canonical = true, .mapped = true};

constexpr std::array table{
    Algorithm{Operation::all_reduce, "direct", direct::all_reduce, canonical},
    Algorithm{Operation::all_reduce, "two_shot", two_shot::all_reduce, canonical},
    Algorithm{Operation::all_reduce, "staged", staged::all_reduce, canonical_mapped},
    Algorithm{Operation::all_reduce, "staged_two_shot", staged::all_reduce_two_shot, canonical_mapped},
    Algorithm{Operation::all_reduce, "ring", ring::all_reduce, {}},
    Algorithm{Operation::all_reduce, "doubling", doubling::all_reduce, ordered},
    Algorithm{Operation::all_reduce, "halving", doubling::all_reduce_by_halves, {}},
    Algorithm{Operation::all_reduce, "binomial", binomial::all_reduce, ordered},
    Algorithm{Operation::all_reduce, "double_tree", double_tree::all_reduce, {}},

    Algorithm{Operation::reduce, "direct", direct::reduce, canonical},
    Algorithm{Operation::reduce, "two_shot", two_shot::reduce, canonical},
    Algorithm{Operation::reduce, "binomial", binomial::reduce, {}},
    Algorithm{Operation::reduce, "chain", chain::reduce, {}},

    Algorithm{Operation::reduce_scatter, "direct", direct::reduce_scatter, canonical},
    Algorithm{Operation::reduce_scatter, "ring", ring::reduce_scatter, {}},

    Algorithm{Operation::all_gather, "direct", direct::all_gather, {}},
    Algorithm{Operation::all_gather, "staged", staged::all_gather, mapped},
    Algorithm{Operation::all_gather, "ring", ring::all_gather, {}},
    Algorithm{Operation::all_gather, "bruck", bruck::all_gather, uniform},

    Algorithm{Operation::broadcast, "direct", direct::broadcast, {}},
    Algorithm{Operation::broadcast, "staged", staged::broadcast, mapped},
    Algorithm{Operation::broadcast, "two_shot", two_shot::broadcast, {}},
    Algorithm{Operation::broadcast, "binomial", binomial::broadcast, {}},
    Algorithm{Operation::broadcast, "ring", ring::broadcast, {}},

    Algorithm{Operation::gather, "direct", direct::gather, {}},
    Algorithm{Operation::gather, "binomial", binomial::gather, uniform},
    Algorithm{Operation::scatter, "direct", direct::scatter, {}},
    Algorithm{Operation::scatter, "binomial", binomial::scatter, uniform},

    Algorithm{Operation::all_to_all, "direct", direct::all_to_all, {}},
    Algorithm{Operation::all_to_all, "bruck", bruck::all_to_all, uniform},

    Algorithm{Operation::barrier, "doubling", doubling::barrier, {}},

    Algorithm{Operation::scan, "direct", direct::scan, canonical},
    Algorithm{Operation::scan, "chain", chain::scan, ordered},
    Algorithm{Operation::scan, "doubling", doubling::scan, ordered},
    Algorithm{Operation::exclusive_scan, "direct", direct::exclusive_scan, canonical},
    Algorithm{Operation::exclusive_scan, "chain", chain::exclusive_scan, ordered},
    Algorithm{Operation::exclusive_scan, "doubling", doubling::exclusive_scan, ordered},
};

}  // namespace

std::span<const Algorithm> algorithms() noexcept { return table; }

const Algorithm* find_algorithm(Operation operation, std::string_view name) noexcept {
  for (const Algorithm& algorithm : table) {
    if (algorithm.operation == operation && algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

Schedule make_schedule(const Algorithm& algorithm, const Problem& problem) {
  ScheduleBuilder builder(problem);
  algorithm.write(problem, builder);
  return builder.finish();
}

}  // namespace psyne::inline v0
