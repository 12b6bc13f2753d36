#pragma once

#include <psyne/core/atomics/atomics.hpp>

namespace park_test {

inline psyne::Deadline within(psyne::Clock::duration time) { return psyne::Clock::now() + time; }

}  // namespace park_test
