#pragma once

#include "patterns/asking.hpp"
#include "patterns/fan_out.hpp"

namespace patterns_bench {

/// All works of the suite, as one library does them.
inline std::vector<pool_bench::Work> works(Library local, Library tcp, const Bureau& bureau) {
  std::vector<pool_bench::Work> all = fan_out_works(std::move(local), std::move(tcp));
  for (pool_bench::Work& work : asking_works(bureau)) all.push_back(std::move(work));
  return all;
}

}  // namespace patterns_bench
