#pragma once

#include <psyne/pool/pool/pool.hpp>

#include "verdict.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace psyne_soak {

/// The pools of one part of the soak, beside the default one.
struct Ground {
  struct Field {
    psyne::Pool pool;
    std::atomic<std::uint64_t> thrown{0};  // what posted jobs have thrown: close() has to tell the same number
  };

  std::array<Field, 2> fields{Field{psyne::Pool::open({.workers = 1, .name = "soak-1"}).value()},
                              Field{psyne::Pool::open({.workers = 3, .name = "soak-3"}).value()}};

  /// When nobody works here any more.
  void close() {
    for (auto& field : fields) {
      const auto report = field.pool.close().value();
      if (!report.complete || report.dropped != 0) wrong("pools", 0, "a pool that drains drops nothing");
      if (report.threw != field.thrown) wrong("pools", 0, "close() tells how many posted jobs threw");
    }
  }
};

}  // namespace psyne_soak
