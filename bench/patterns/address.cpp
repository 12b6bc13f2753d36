#include "patterns/address.hpp"

#include "pair/network.hpp"

#include <unistd.h>

namespace patterns_bench {

std::string tcp_address(psyne::bench::Side side) { return "tcp://" + psyne::bench::network_address(side) + ":"; }

std::string fresh_name() {
  static unsigned names = 0;
  return "psyne-bench-patterns-" + std::to_string(::getpid()) + "-" + std::to_string(++names);
}

}  // namespace patterns_bench
