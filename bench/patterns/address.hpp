#pragma once

#include <array>
#include <string>

namespace patterns_bench {

/// Where one process is, as another has to know it.
using Address = std::array<char, 256>;

/// A name that nobody else has.
std::string fresh_name();

}  // namespace patterns_bench
