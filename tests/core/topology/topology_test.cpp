#include <psyne/core/topology/cpu_list.hpp>
#include <psyne/core/topology/topology.hpp>

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <thread>

namespace {

using psyne::Code;
using psyne::CpuList;
using psyne::Nearness;
using psyne::Topology;

TEST(CpuList, IsWrittenAsTheKernelDoes) {
  EXPECT_EQ(psyne::cpu_list_text({}), "");
  EXPECT_EQ(psyne::cpu_list_text(CpuList{3}), "3");
  EXPECT_EQ(psyne::cpu_list_text(CpuList{0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(psyne::cpu_list_text(CpuList{0, 2, 4, 5}), "0,2,4-5");
}

TEST(AllowedCpus, AreThoseOfTheThread) {
  const CpuList allowed = psyne::allowed_cpus();
  ASSERT_FALSE(allowed.empty());
  EXPECT_TRUE(std::ranges::is_sorted(allowed));
  EXPECT_TRUE(std::ranges::binary_search(allowed, static_cast<unsigned>(sched_getcpu())));
  EXPECT_GE(psyne::usable_cpus(), 1u);
  EXPECT_LE(psyne::usable_cpus(), allowed.size());
}

TEST(PinThisThread, LeavesOneCpuToItAndAllToOthers) {
  const CpuList before = psyne::allowed_cpus();
  std::thread([&] {
    for (const unsigned cpu : before) {
      ASSERT_TRUE(psyne::pin_this_thread(cpu));
      EXPECT_EQ(psyne::allowed_cpus(), CpuList{cpu});
      EXPECT_EQ(sched_getcpu(), static_cast<int>(cpu));
      EXPECT_EQ(psyne::usable_cpus(), 1u);
    }
  }).join();
  EXPECT_EQ(psyne::allowed_cpus(), before);
}

TEST(PinThisThread, ToACpuThatIsNotThereSaysWhichAre) {
  const auto pinned = psyne::pin_this_thread(99'999);
  ASSERT_FALSE(pinned);
  EXPECT_EQ(pinned.error().code(), Code::invalid_argument);
  EXPECT_NE(pinned.error().text().find("Allowed are " + psyne::cpu_list_text(psyne::allowed_cpus())),
            std::string::npos);
}

TEST(Topology, OfThisMachineHoldsEveryAllowedCpu) {
  const Topology& topology = Topology::current();
  EXPECT_EQ(&topology, &Topology::current());
  for (const unsigned cpu : psyne::allowed_cpus()) {
    ASSERT_NE(topology.find(cpu), nullptr) << cpu;
    const auto node = std::ranges::find(topology.numa_nodes(), topology.find(cpu)->node, &psyne::NumaNode::number);
    EXPECT_NE(node, topology.numa_nodes().end()) << cpu;
  }
  EXPECT_GE(topology.cores(), 1u);
  EXPECT_FALSE(topology.text().empty());
}

Topology two_packages() {
  return Topology::synthetic("package:2 [numa(memory=1GB)] l3:2(size=16MB) core:2 l1d:1(size=32KB) pu:2").value();
}

TEST(Topology, OfASyntheticMachineIsReadWhole) {
  const Topology topology = two_packages();
  EXPECT_EQ(topology.text(), "2 packages, 8 cores, 16 CPUs, 2 NUMA nodes");
  ASSERT_EQ(topology.cpus().size(), 16u);
  for (unsigned i = 0; i < 16; ++i) {
    EXPECT_EQ(topology.cpus()[i].number, i);
    EXPECT_EQ(topology.cpus()[i].core, i / 2);
    EXPECT_EQ(topology.cpus()[i].package, i / 8);
    EXPECT_EQ(topology.cpus()[i].node, i / 8);
  }
  ASSERT_EQ(topology.numa_nodes().size(), 2u);
  EXPECT_EQ(topology.numa_nodes()[1].cpus, (CpuList{8, 9, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(topology.numa_nodes()[0].bytes, 1'000'000'000u);
  ASSERT_EQ(topology.caches().size(), 8u + 4u);
  EXPECT_EQ(topology.caches()[0].level, 1u);
  EXPECT_EQ(topology.caches()[8].level, 3u);
  EXPECT_EQ(topology.caches()[8].cpus, (CpuList{0, 1, 2, 3}));
  EXPECT_EQ(topology.caches()[11].bytes, 16'000'000u);
}

TEST(Topology, TellsWhatTwoCpusShare) {
  const Topology topology = two_packages();
  EXPECT_EQ(topology.nearness(0, 0), Nearness::same_cpu);
  EXPECT_EQ(topology.nearness(0, 1), Nearness::same_core);
  EXPECT_EQ(topology.nearness(0, 3), Nearness::same_cache);
  EXPECT_EQ(topology.nearness(3, 0), Nearness::same_cache);
  EXPECT_EQ(topology.nearness(0, 4), Nearness::same_node);
  EXPECT_EQ(topology.nearness(0, 8), Nearness::same_machine);
  EXPECT_EQ(topology.nearness(0, 99), Nearness::same_machine);
  const Topology nodes = Topology::synthetic("package:1 group:2 [numa] core:2 pu:1").value();
  EXPECT_EQ(nodes.nearness(0, 1), Nearness::same_node);
  EXPECT_EQ(nodes.nearness(0, 2), Nearness::same_package);
  EXPECT_EQ(name(Nearness::same_cache), "same cache");
}

TEST(Topology, CpusMayBeNumberedAcrossCores) {
  const Topology topology = Topology::synthetic("package:1 core:2 pu:2(indexes=0,2,1,3)").value();
  EXPECT_EQ(topology.nearness(0, 2), Nearness::same_core);
  EXPECT_NE(topology.nearness(0, 1), Nearness::same_core);
  EXPECT_EQ(topology.find(2)->core, topology.find(0)->core);
}

TEST(Topology, RefusesWhatHwlocDoesNotUnderstand) {
  const auto topology = Topology::synthetic("four cores, please");
  ASSERT_FALSE(topology);
  EXPECT_EQ(topology.error().code(), Code::invalid_argument);
  EXPECT_NE(topology.error().text().find("Write it like"), std::string::npos);
}

TEST(Topology, WhereNothingIsKnownIsFlat) {
  const CpuList cpus{2, 5, 7};
  const Topology topology = Topology::flat(cpus);
  EXPECT_EQ(topology.text(), "1 package, 3 cores, 3 CPUs, 1 NUMA node");
  EXPECT_EQ(topology.nearness(2, 5), Nearness::same_node);
  EXPECT_EQ(topology.find(3), nullptr);
  EXPECT_EQ(topology.numa_nodes()[0].cpus, cpus);
  EXPECT_TRUE(topology.caches().empty());
}

}  // namespace
