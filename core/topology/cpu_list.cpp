#include <psyne/core/topology/cgroup.hpp>
#include <psyne/core/topology/cpu_list.hpp>

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>

namespace psyne::inline v0 {

namespace {

struct FreeSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};
using Set = std::unique_ptr<cpu_set_t, FreeSet>;

}  // namespace

std::string cpu_list_text(std::span<const unsigned> cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[i]);
    if (last > i) text += '-' + std::to_string(cpus[last]);
    i = last + 1;
  }
  return text;
}

CpuList allowed_cpus() {
  // The kernel refuses a set that is smaller than its own, which a fixed cpu_set_t (1024) may be.
  for (std::size_t count = 1024; count <= 1024 * 1024; count *= 2) {
    const Set set(CPU_ALLOC(count));
    const std::size_t bytes = CPU_ALLOC_SIZE(count);
    if (!set) break;
    if (sched_getaffinity(0, bytes, set.get()) != 0) {
      if (errno == EINVAL) continue;
      break;
    }
    CpuList cpus;
    for (std::size_t cpu = 0; cpu < count; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, set.get())) cpus.push_back(static_cast<unsigned>(cpu));
    }
    return cpus;
  }
  return {0};  // a sandbox that does not say: one there must be
}

unsigned usable_cpus() {
  const auto allowed = static_cast<unsigned>(allowed_cpus().size());
  const auto quota = cpu_quota();
  if (!quota || *quota >= allowed) return allowed;
  return std::max(1u, static_cast<unsigned>(std::ceil(*quota)));
}

Result<void> pin_this_thread(unsigned cpu) {
  const std::size_t count = std::size_t{cpu} + 1;
  const Set set(CPU_ALLOC(count));
  const std::size_t bytes = CPU_ALLOC_SIZE(count);
  const std::string what = "cannot pin this thread to CPU " + std::to_string(cpu);
  if (!set) return system_error(ENOMEM, what);
  CPU_ZERO_S(bytes, set.get());
  CPU_SET_S(cpu, bytes, set.get());
  if (sched_setaffinity(0, bytes, set.get()) == 0) return {};
  return system_error(errno, what).mend("Allowed are " + cpu_list_text(allowed_cpus()) + ".");
}

}  // namespace psyne::inline v0
