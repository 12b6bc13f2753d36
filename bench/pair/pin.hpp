#pragma once

namespace psyne::bench {

/// Keeps the calling thread, and those that it starts from now on, on one CPU.
void pin(int cpu);

}  // namespace psyne::bench
