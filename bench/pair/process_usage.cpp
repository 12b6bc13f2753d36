#include "pair/process_usage.hpp"

#include <time.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace psyne::bench {
namespace {

/// The number after `name` at the start of a line.
std::uint64_t number_in(const std::filesystem::path& file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size()));
  }
  throw std::runtime_error(file.string() + " has no " + name);
}

}  // namespace

ProcessUsage usage_of(pid_t process, pid_t left_out) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
    throw std::runtime_error("the other process has gone");
  }
  ProcessUsage usage{.cpu_seconds = static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec)};
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    if (thread.path().filename() == std::to_string(left_out)) continue;
    usage.sleeps += number_in(thread.path() / "status", "voluntary_ctxt_switches:");
    usage.preemptions += number_in(thread.path() / "status", "nonvoluntary_ctxt_switches:");
  }
  return usage;
}

std::uint64_t proportional_memory() { return 1024 * number_in("/proc/self/smaps_rollup", "Pss:"); }
std::uint64_t resident_memory() { return 1024 * number_in("/proc/self/status", "VmRSS:"); }
std::uint64_t peak_resident_memory() { return 1024 * number_in("/proc/self/status", "VmHWM:"); }

}  // namespace psyne::bench
