#include <psyne/core/topology/topology.hpp>

#include <algorithm>
#include <set>

namespace psyne::inline v0 {

namespace {

bool holds(const CpuList& cpus, unsigned number) { return std::ranges::binary_search(cpus, number); }

std::string counted(std::size_t number, const char* one, const char* many) {
  return std::to_string(number) + ' ' + (number == 1 ? one : many);
}

}  // namespace

Topology Topology::flat(std::span<const unsigned> cpus) {
  Topology topology;
  for (unsigned i = 0; i < cpus.size(); ++i) topology.cpus_.push_back({.number = cpus[i], .core = i});
  topology.nodes_.push_back({.number = 0, .bytes = 0, .cpus = CpuList(cpus.begin(), cpus.end())});
  return topology;
}

const Cpu* Topology::find(unsigned number) const noexcept {
  const auto found = std::ranges::lower_bound(cpus_, number, {}, &Cpu::number);
  return found != cpus_.end() && found->number == number ? &*found : nullptr;
}

Nearness Topology::nearness(unsigned one, unsigned other) const noexcept {
  const Cpu* first = find(one);
  const Cpu* second = find(other);
  if (!first || !second) return Nearness::same_machine;
  if (first == second) return Nearness::same_cpu;
  if (first->core == second->core) return Nearness::same_core;
  const bool cache = std::ranges::any_of(caches_, [=](const Cache& shared) {
    return shared.level >= 2 && holds(shared.cpus, one) && holds(shared.cpus, other);
  });
  if (cache) return Nearness::same_cache;
  if (first->node == second->node) return Nearness::same_node;
  return first->package == second->package ? Nearness::same_package : Nearness::same_machine;
}

unsigned Topology::cores() const noexcept {
  std::set<unsigned> seen;
  for (const Cpu& cpu : cpus_) seen.insert(cpu.core);
  return static_cast<unsigned>(seen.size());
}

unsigned Topology::packages() const noexcept {
  std::set<unsigned> seen;
  for (const Cpu& cpu : cpus_) seen.insert(cpu.package);
  return static_cast<unsigned>(seen.size());
}

std::string Topology::text() const {
  return counted(packages(), "package", "packages") + ", " + counted(cores(), "core", "cores") + ", " +
         counted(cpus_.size(), "CPU", "CPUs") + ", " + counted(nodes_.size(), "NUMA node", "NUMA nodes");
}

std::string_view name(Nearness nearness) noexcept {
  switch (nearness) {
    case Nearness::same_cpu: return "same CPU";
    case Nearness::same_core: return "same core";
    case Nearness::same_cache: return "same cache";
    case Nearness::same_node: return "same NUMA node";
    case Nearness::same_package: return "same package";
    case Nearness::same_machine: return "same machine";
  }
  return "unknown";
}

}  // namespace psyne::inline v0
