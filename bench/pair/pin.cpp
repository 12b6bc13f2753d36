#include "pair/pin.hpp"

#include <sched.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace psyne::bench {

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot run on CPU " + std::to_string(cpu));
  }
}

}  // namespace psyne::bench
