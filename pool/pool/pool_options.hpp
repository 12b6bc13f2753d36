#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace psyne::inline v0 {

struct PoolOptions {
  std::size_t workers = 0;      ///< how many run at once; 0: one per CPU that this process may use
  std::string name = "pool";    ///< of its threads in debuggers (cut to 15 characters), in errors and in psyne info
  std::size_t max_threads = 0;  ///< with those that wait inside jobs, and guests; 0: workers + 256; 4095 at most
  Clock::duration retire_after = std::chrono::seconds(10);  ///< how long a thread beyond `workers` stays with no work
};

/// What becomes of jobs that wait when a pool closes.
enum class Closing : std::uint8_t {
  drain,   ///< all are run
  cancel,  ///< those that have not begun are cancelled with reason shutdown, running ones are told to stop
};

}  // namespace psyne::inline v0
