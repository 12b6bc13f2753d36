#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/topology/cpu_list.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// A CPU as the kernel counts it: one hardware thread.
struct Cpu {
  unsigned number = 0;
  unsigned core = 0;     ///< counted from 0 over the machine; hardware threads of one core share it
  unsigned package = 0;  ///< counted from 0
  unsigned node = 0;     ///< the number of its NUMA node
};

struct NumaNode {
  unsigned number = 0;    ///< as the kernel counts them
  std::size_t bytes = 0;  ///< its memory; 0 where unknown
  CpuList cpus;           ///< may be empty: memory alone
};

struct Cache {
  unsigned level = 0;  ///< 1 (of data), 2, 3, 4
  std::size_t bytes = 0;
  CpuList cpus;  ///< that share it
};

/// What two CPUs have in common, nearest first: the fewer, the longer a cache line travels between them.
enum class Nearness : std::uint8_t { same_cpu, same_core, same_cache, same_node, same_package, same_machine };

/// The CPUs, caches and NUMA nodes of a machine, read by hwloc. Includes CPUs that this process may not use, as far as
/// the system shows them: see allowed_cpus(). Where it shows nothing (no /sys in a sandbox), a flat machine: each
/// allowed CPU a core of its own, one package, one node, no caches. An immutable value; thread safe.
class Topology {
 public:
  /// This machine; read on first use (some milliseconds), the same for the life of the process.
  static const Topology& current();

  /// A machine that is not there, for tests and plans, in hwloc's words: "package:2 l3:2(size=16MB) core:4 pu:2".
  static Result<Topology> synthetic(const std::string& description);
  /// `cpus` with nothing known of them.
  static Topology flat(std::span<const unsigned> cpus);

  std::span<const Cpu> cpus() const noexcept { return cpus_; }              ///< by number
  std::span<const NumaNode> numa_nodes() const noexcept { return nodes_; }  ///< by number, at least one
  std::span<const Cache> caches() const noexcept { return caches_; }        ///< by level, then by first CPU

  /// The CPU of that number, or nullptr.
  const Cpu* find(unsigned number) const noexcept;
  /// What two CPUs share; same_machine where one is unknown. `same_cache` is any cache of the second level or above.
  Nearness nearness(unsigned one, unsigned other) const noexcept;
  unsigned cores() const noexcept;
  unsigned packages() const noexcept;

  /// "2 packages, 16 cores, 32 CPUs, 2 NUMA nodes".
  std::string text() const;

 private:
  friend class HwlocReader;
  std::vector<Cpu> cpus_;
  std::vector<NumaNode> nodes_;
  std::vector<Cache> caches_;
};

/// "same core".
std::string_view name(Nearness nearness) noexcept;

}  // namespace psyne::inline v0
