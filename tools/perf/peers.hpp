#pragma once

#include <psyne.hpp>

#include <functional>
#include <memory>

namespace psyne_tool {

/// The other half of a measurement: a forked process, or a thread where the transport stays in one process.
class Peer {
 public:
  /// Runs `body` pinned to `cpu`; it returns what is wrong, or nothing.
  static psyne::Result<std::unique_ptr<Peer>> start(bool thread, int cpu, std::function<psyne::Result<void>()> body);
  virtual ~Peer() = default;
  /// Waits for its end, and says whether it went well.
  virtual psyne::Result<void> finish() = 0;
};

/// Two CPUs that this process might use when it started, or one twice.
struct CpuPair {
  int ours = 0, theirs = 0;
  static CpuPair allowed();
  bool apart() const { return ours != theirs; }
};
void pin_this_thread_to(int cpu);

}  // namespace psyne_tool
