#pragma once

#include "pool/serving.hpp"
#include "pool/works/footprint.hpp"
#include "pool/works/fork_join.hpp"
#include "pool/works/loops.hpp"
#include "pool/works/matrix.hpp"
#include "pool/works/posting.hpp"
#include "pool/works/waking.hpp"

#include <vector>

namespace pool_bench {

/// All works of the suite, done by one library: a class that is made with the number of its threads and brings what the
/// concepts beside the works ask for, as far as the library has it.
template <class Peer>
std::vector<Work> all_works() {
  return {{"fib", "ns/task", measure_fib<Peer>},
          {"skynet", "ns/task", measure_skynet<Peer>},
          {"nqueens", "ns/task", measure_queens<Peer>},
          {"matrix multiply", "ms", measure_matrix<Peer>},
          {"tiny items", "us", measure_tiny_items<Peer>},
          {"uneven items", "us", measure_uneven_items<Peer>},
          {"reduce", "ms", measure_sum<Peer>},
          {"sort", "ms", measure_sort<Peer>},
          {"post", "ns/job", measure_post<Peer>},
          {"submit", "ns/job", measure_submit<Peer>},
          {"burst after idle", "us", measure_burst<Peer>},
          {"high-priority start", "us", measure_overtaking<Peer>},
          {"idle cpu", "%", measure_idle_cpu<Peer>},
          {"idle wakes", "wakes/s", measure_idle_wakes<Peer>},
          {"memory", "MiB", measure_memory<Peer>}};
}

}  // namespace pool_bench
