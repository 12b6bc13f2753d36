#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace psyne_test {

/// Whether all other threads of this process sleep.
inline bool others_are_at_rest() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(gettid())) continue;
    std::ifstream file(task.path() / "stat");
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    const auto name_end = line.rfind(')');
    if (name_end != std::string::npos && line.substr(name_end, 3) != ") S") return false;
  }
  return true;
}

/// fork(), for tests. The sanitizers of GCC 12 do not take their own locks for it: a child whose parent's service
/// thread was just allocating waits for ever in its first malloc (seen once in 300 forks). So here the others are at
/// rest.
inline pid_t fork_at_rest() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  for (int i = 0; i < 20'000 && !others_are_at_rest(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
#endif
  return fork();
}

}  // namespace psyne_test
