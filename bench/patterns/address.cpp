#include "patterns/address.hpp"

#include <unistd.h>

namespace patterns_bench {

std::string fresh_name() {
  static unsigned names = 0;
  return "psyne-bench-patterns-" + std::to_string(::getpid()) + "-" + std::to_string(++names);
}

}  // namespace patterns_bench
