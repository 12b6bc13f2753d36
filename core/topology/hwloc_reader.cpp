#include <psyne/core/topology/topology.hpp>

#include <hwloc.h>

#include <algorithm>
#include <memory>

namespace psyne::inline v0 {

namespace {

struct DestroyTopology {
  void operator()(hwloc_topology* handle) const { hwloc_topology_destroy(handle); }
};
using Handle = std::unique_ptr<hwloc_topology, DestroyTopology>;

Handle make_handle() {
  hwloc_topology_t handle = nullptr;
  return Handle(hwloc_topology_init(&handle) == 0 ? handle : nullptr);
}

CpuList cpus_of(hwloc_const_cpuset_t set) {
  CpuList cpus;
  if (!set) return cpus;
  for (int cpu = hwloc_bitmap_first(set); cpu >= 0; cpu = hwloc_bitmap_next(set, cpu)) {
    cpus.push_back(static_cast<unsigned>(cpu));
  }
  return cpus;
}

unsigned logical_index(hwloc_obj_t object, unsigned otherwise) { return object ? object->logical_index : otherwise; }

}  // namespace

/// Copies what psyne wants to know out of a loaded hwloc topology.
class HwlocReader {
 public:
  explicit HwlocReader(hwloc_topology_t handle) : handle_(handle) {}

  Topology read() {
    read_nodes();
    read_cpus();
    read_caches();
    return std::move(topology_);
  }

 private:
  template <class Visit>
  void for_each(hwloc_obj_type_t type, Visit visit) {
    for (hwloc_obj_t object = nullptr; (object = hwloc_get_next_obj_by_type(handle_, type, object));) visit(object);
  }

  void read_nodes() {
    for_each(HWLOC_OBJ_NUMANODE, [this](hwloc_obj_t node) {
      topology_.nodes_.push_back({node->os_index, node->attr->numanode.local_memory, cpus_of(node->cpuset)});
    });
    if (topology_.nodes_.empty()) topology_.nodes_.emplace_back();
    std::ranges::sort(topology_.nodes_, {}, &NumaNode::number);
  }

  void read_cpus() {
    for_each(HWLOC_OBJ_PU, [this](hwloc_obj_t unit) {
      // A virtual machine may show no cores: then each CPU is one.
      const unsigned core =
          logical_index(hwloc_get_ancestor_obj_by_type(handle_, HWLOC_OBJ_CORE, unit), unit->logical_index);
      const unsigned package = logical_index(hwloc_get_ancestor_obj_by_type(handle_, HWLOC_OBJ_PACKAGE, unit), 0);
      topology_.cpus_.push_back({unit->os_index, core, package, node_of(unit->os_index)});
    });
    std::ranges::sort(topology_.cpus_, {}, &Cpu::number);
  }

  /// Where several nodes are local to a CPU (fast and slow memory), the first.
  unsigned node_of(unsigned cpu) const {
    for (const NumaNode& node : topology_.nodes_) {
      if (std::ranges::binary_search(node.cpus, cpu)) return node.number;
    }
    return topology_.nodes_.front().number;
  }

  void read_caches() {
    for (const auto type : {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE}) {
      for_each(type, [this](hwloc_obj_t cache) {
        topology_.caches_.push_back({cache->attr->cache.depth, cache->attr->cache.size, cpus_of(cache->cpuset)});
      });
    }
    std::ranges::sort(topology_.caches_, {}, [](const Cache& cache) {
      return std::pair(cache.level, cache.cpus.empty() ? 0 : cache.cpus.front());
    });
  }

  hwloc_topology_t handle_;
  Topology topology_;
};

const Topology& Topology::current() {
  static const Topology& topology = *[] {
    const Handle handle = make_handle();
    // Disallowed CPUs too: what we may use is asked of the kernel when it is needed, and may change.
    if (handle && hwloc_topology_set_flags(handle.get(), HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) == 0 &&
        hwloc_topology_load(handle.get()) == 0) {
      auto read = HwlocReader(handle.get()).read();
      if (!read.cpus().empty()) return new Topology(std::move(read));
    }
    return new Topology(flat(allowed_cpus()));
  }();
  return topology;
}

Result<Topology> Topology::synthetic(const std::string& description) {
  const Handle handle = make_handle();
  if (!handle) return Error(Code::exhausted, "cannot begin a synthetic topology");
  if (hwloc_topology_set_synthetic(handle.get(), description.c_str()) != 0 || hwloc_topology_load(handle.get()) != 0) {
    return Error(Code::invalid_argument, "cannot make the topology \"" + description + '"')
        .because("hwloc does not understand it")
        .mend("Write it like package:2 l3:2 core:4 pu:2.");
  }
  return HwlocReader(handle.get()).read();
}

}  // namespace psyne::inline v0
