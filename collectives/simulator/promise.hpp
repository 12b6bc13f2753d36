#pragma once

#include <psyne/collectives/schedule/problem.hpp>
#include <psyne/collectives/simulator/symbol.hpp>

#include <cstdint>
#include <vector>

/// What the operations promise: which bytes a rank gives and gets, and what each that it gets is made of. The
/// specification that schedules are checked against.
namespace psyne::inline v0::promise {

/// The stretches of the input that a rank gives.
std::vector<Stretch> input(const Problem& problem);
/// The stretches of the output that a rank gets.
std::vector<Stretch> output(const Problem& problem);
/// What the element at this byte of the output is made of.
Symbol element(const Problem& problem, std::uint32_t operation, std::uint64_t byte);

}  // namespace psyne::inline v0::promise
