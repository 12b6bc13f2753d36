#pragma once

#include <psyne/pool/pool/pool.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace psyne_test {

/// Calls `check(pool)` for pools of 1, 2 and 5 workers, from outside of the pool and from inside a job of it.
inline void at_all_widths(const std::function<void(psyne::Pool&)>& check) {
  for (const std::size_t width : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
    auto pool = psyne::Pool::open({.workers = width, .name = "width-" + std::to_string(width)}).value();
    check(pool);
    pool.submit([&] { check(pool); }).get();
  }
}

/// Counts and their neighbours at which splitting and grains change.
inline const std::vector<std::size_t> counts = {0,  1,  2,  3,   4,    7,    8,    9,    16,
                                                17, 31, 61, 127, 1000, 1021, 4096, 4099, 100'000};

}  // namespace psyne_test
