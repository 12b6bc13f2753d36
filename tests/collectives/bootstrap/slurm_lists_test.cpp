// How Slurm abbreviates lists of hosts and of tasks.
#include <psyne/collectives/bootstrap/launcher/slurm_lists.hpp>

#include <gtest/gtest.h>

namespace {

using psyne::slurm::first_host;
using psyne::slurm::tasks_of;

TEST(SlurmHosts, TheFirstIsFoundInAnyForm) {
  for (const auto& [list, host] : {std::pair{"node1", "node1"},
                                   {"node1,node2", "node1"},
                                   {"node[003-007,9]", "node003"},
                                   {"node[9,003-007],login1", "node9"},
                                   {"rack[1-2]-[a,b]", "rack1-a"},
                                   {"gpu-a.cluster.org", "gpu-a.cluster.org"},
                                   {"node[5]x,y", "node5x"}}) {
    EXPECT_EQ(first_host(list).value(), host) << list;
  }
}

TEST(SlurmHosts, WhatIsNoListIsAnError) {
  for (const auto* list : {"", ",node1", "node[", "node[]", "node[,1]", "node]", "node[[1]]", "node[-3]"}) {
    EXPECT_EQ(first_host(list).error(), psyne::Code::invalid_argument) << list;
  }
}

TEST(SlurmTasks, OfEachHostAreFound) {
  const int expected[] = {2, 2, 2, 1, 16, 16};
  for (int node = 0; node < 6; ++node) EXPECT_EQ(tasks_of("2(x3),1,16(x2)", node).value(), expected[node]) << node;
  EXPECT_EQ(tasks_of("2(x3),1,16(x2)", 6).error(), psyne::Code::invalid_argument);
  EXPECT_EQ(tasks_of("8", 0).value(), 8);
}

TEST(SlurmTasks, WhatIsNoListIsAnError) {
  for (const auto* list : {"", "x", "2(x", "2(x)", "2(x0)", "2(x-1)", "2(x3", "(x3)", "0", "-1", "2,,3", "2(x3)4"}) {
    EXPECT_EQ(tasks_of(list, 1).error(), psyne::Code::invalid_argument) << list;
  }
}

}  // namespace
