#pragma once

#include "pair/control.hpp"

#include <array>
#include <string>

namespace patterns_bench {

/// Where one process is, as another has to know it.
using Address = std::array<char, 256>;

/// "tcp://10.77.1.1:", behind which the port of somebody on that side goes.
std::string tcp_address(psyne::bench::Side side);

/// A name that nobody else has.
std::string fresh_name();

}  // namespace patterns_bench
