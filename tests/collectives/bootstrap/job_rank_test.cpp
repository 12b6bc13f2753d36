// What each launcher tells its ranks, and what is told where it makes no sense.
#include <psyne/collectives/bootstrap/job_rank.hpp>
#include <psyne/core/uri/uri.hpp>

#include "surroundings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using psyne::job_rank_from;
using psyne::JobRank;
using psyne_test::changed;
using psyne_test::surroundings;
using psyne_test::VariablesSet;
using testing::HasSubstr;

const VariablesSet psyne_run{{"PSYNE_RANK", "2"},
                             {"PSYNE_SIZE", "4"},
                             {"PSYNE_LOCAL_RANK", "2"},
                             {"PSYNE_LOCAL_SIZE", "4"},
                             {"PSYNE_JOB", "ab12"}};
const VariablesSet torchrun{{"RANK", "5"},
                            {"WORLD_SIZE", "8"},
                            {"LOCAL_RANK", "1"},
                            {"LOCAL_WORLD_SIZE", "4"},
                            {"MASTER_ADDR", "node1"},
                            {"MASTER_PORT", "29500"},
                            {"TORCHELASTIC_RUN_ID", "none"},
                            {"TORCHELASTIC_RESTART_COUNT", "0"}};
const VariablesSet open_mpi{{"OMPI_COMM_WORLD_RANK", "1"},       {"OMPI_COMM_WORLD_SIZE", "2"},
                            {"OMPI_COMM_WORLD_LOCAL_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                            {"PMIX_NAMESPACE", "514785281"},     {"OMPI_MCA_ess_base_jobid", "514785281"}};
const VariablesSet mpich{{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}, {"MPI_LOCALRANKID", "1"}, {"MPI_LOCALNRANKS", "2"}};
const VariablesSet hydra{{"hydra_pmi_proxy", "812-99123"}};
const VariablesSet slurm{{"SLURM_PROCID", "4"},
                         {"SLURM_NTASKS", "7"},
                         {"SLURM_STEP_NUM_TASKS", "7"},
                         {"SLURM_LOCALID", "0"},
                         {"SLURM_NODEID", "2"},
                         {"SLURM_STEP_TASKS_PER_NODE", "2(x3),1"},
                         {"SLURM_JOB_ID", "200505"},
                         {"SLURM_STEP_ID", "3"},
                         {"SLURM_STEP_NODELIST", "node[003-005,9]"},
                         {"SLURM_NODELIST", "node[001-100]"}};

void expect_ranks(const psyne::Result<JobRank>& job, int rank, int size, int local_rank, int local_size) {
  ASSERT_TRUE(job) << job.error().text();
  EXPECT_EQ(job->rank, rank);
  EXPECT_EQ(job->size, size);
  EXPECT_EQ(job->local_rank, local_rank);
  EXPECT_EQ(job->local_size, local_size);
  if (!job->store.empty()) {
    EXPECT_TRUE(psyne::Uri::parse(job->store)) << job->store;
  }
}

TEST(JobOfNobody, IsOneRankAlone) {
  const auto job = job_rank_from(surroundings({{"HOME", "/root"}, {"PSYNE_LOG", "info"}}));
  expect_ranks(job, 0, 1, 0, 1);
  EXPECT_EQ(job->launcher, "alone");
  EXPECT_EQ(job->store, "");
}

TEST(JobOfPsyneRun, MeetsOnThisHost) {
  const auto job = job_rank_from(surroundings(psyne_run));
  expect_ranks(job, 2, 4, 2, 4);
  EXPECT_EQ(job->launcher, "psyne run");
  EXPECT_EQ(job->id, "ab12");
  EXPECT_EQ(job->store, "ipc://psyne-psyne-run-ab12");
}

TEST(JobOfPsyneRun, IsBelievedBeforeAllOthers) {
  VariablesSet all = psyne_run;
  for (const auto& other : {torchrun, open_mpi, mpich, slurm}) all.insert(other.begin(), other.end());
  EXPECT_EQ(job_rank_from(surroundings(all))->launcher, "psyne run");
}

TEST(JobOfPsyneRun, OverSeveralHostsNeedsAPlaceToMeet) {
  const auto set = changed(psyne_run, {{"PSYNE_LOCAL_SIZE", "3"}});
  const auto job = job_rank_from(surroundings(set));
  ASSERT_FALSE(job);
  EXPECT_THAT(job.error().text(), HasSubstr("PSYNE_STORE=tcp://HOST:PORT"));
  EXPECT_EQ(job_rank_from(surroundings(changed(set, {{"PSYNE_STORE", "tcp://node1:5000"}})))->store,
            "tcp://node1:5000");
}

TEST(JobOfTorchrun, MeetsAtThePortAfterItsOwn) {
  const auto job = job_rank_from(surroundings(torchrun));
  expect_ranks(job, 5, 8, 1, 4);
  EXPECT_EQ(job->launcher, "torchrun");
  EXPECT_EQ(job->id, "none-29500");
  EXPECT_EQ(job->store, "tcp://node1:29501/psyne-torchrun-none-29500");
}

TEST(JobOfTorchrun, OnOneHostMeetsWithoutAPortAndWithoutThoseOfTheTryBefore) {
  const auto one_host = changed(torchrun, {{"LOCAL_WORLD_SIZE", "8"}, {"LOCAL_RANK", "5"}});
  const auto first = job_rank_from(surroundings(one_host));
  const auto second = job_rank_from(surroundings(changed(one_host, {{"TORCHELASTIC_RESTART_COUNT", "1"}})));
  const auto other = job_rank_from(surroundings(changed(one_host, {{"MASTER_PORT", "29600"}})));
  expect_ranks(first, 5, 8, 5, 8);
  EXPECT_THAT(first->store, HasSubstr("ipc://"));
  EXPECT_NE(first->store, second->store);
  EXPECT_NE(first->store, other->store);
}

TEST(JobOfTorchrun, MeetsAtAnAddressOfIpv6) {
  const auto job = job_rank_from(surroundings(changed(torchrun, {{"MASTER_ADDR", "fd00::2"}})));
  expect_ranks(job, 5, 8, 1, 4);
  EXPECT_THAT(job->store, HasSubstr("tcp://[fd00::2]:29501/"));
}

TEST(JobOfOpenMpi, IsNamedByItsNamespace) {
  const auto job = job_rank_from(surroundings(open_mpi));
  expect_ranks(job, 1, 2, 1, 2);
  EXPECT_EQ(job->launcher, "Open MPI");
  EXPECT_EQ(job->store, "ipc://psyne-Open-MPI-514785281");
  const auto later = job_rank_from(surroundings(changed(open_mpi, {{"PMIX_NAMESPACE", "prterun-vm-812@1"}})));
  expect_ranks(later, 1, 2, 1, 2);
  EXPECT_EQ(later->id, "prterun-vm-812@1");
  const auto other = job_rank_from(surroundings(changed(open_mpi, {{"PMIX_NAMESPACE", "prterun-vm-812-1"}})));
  EXPECT_NE(later->store, other->store) << "though a name of a channel has no @";
}

TEST(JobOfOpenMpi, OverSeveralHostsSaysWhatToSet) {
  const auto set = changed(open_mpi, {{"OMPI_COMM_WORLD_SIZE", "4"}});
  const auto job = job_rank_from(surroundings(set));
  ASSERT_FALSE(job);
  EXPECT_THAT(job.error().text(), HasSubstr("Open MPI"));
  EXPECT_THAT(job.error().text(), HasSubstr("Set PSYNE_STORE=tcp://HOST:PORT"));
  EXPECT_TRUE(job_rank_from(surroundings(changed(set, {{"PSYNE_STORE", "tcp://10.0.0.1:5000"}}))));
}

TEST(JobOfMpich, IsNamedByTheProxyAboveIt) {
  const auto job = job_rank_from(surroundings(mpich, hydra));
  expect_ranks(job, 1, 2, 1, 2);
  EXPECT_EQ(job->launcher, "MPICH");
  EXPECT_EQ(job->id, "812-99123");
  const auto hidden = job_rank_from(surroundings(mpich));
  ASSERT_FALSE(hidden);
  EXPECT_THAT(hidden.error().text(), HasSubstr("Set PSYNE_JOB"));
  EXPECT_EQ(job_rank_from(surroundings(changed(mpich, {{"PSYNE_JOB", "mine"}})))->store, "ipc://psyne-MPICH-mine");
}

TEST(JobOfMpich, OverSeveralHostsNeedsAPlaceToMeet) {
  const auto set = changed(mpich, {{"PMI_SIZE", "4"}});
  EXPECT_THAT(job_rank_from(surroundings(set, hydra)).error().text(), HasSubstr("PSYNE_STORE"));
  const auto placed = changed(set, {{"PSYNE_STORE", "tcp://10.0.0.1:5000"}});
  const auto one = job_rank_from(surroundings(placed, hydra));
  const auto other = job_rank_from(surroundings(changed(placed, {{"PMI_RANK", "2"}}), {{"hydra_pmi_proxy", "7-1"}}));
  EXPECT_EQ(one.value().id, other.value().id) << "each host has a proxy of its own";
}

TEST(JobOfSlurm, MeetsAtTheFirstHostOfItsStep) {
  const auto job = job_rank_from(surroundings(slurm));
  expect_ranks(job, 4, 7, 0, 2);
  EXPECT_EQ(job->launcher, "Slurm");
  EXPECT_EQ(job->id, "200505.3");
  EXPECT_THAT(job->store, testing::MatchesRegex("tcp://node003:2[0-9][0-9][0-9][0-9]/psyne-Slurm-200505-3-.*"));
  const auto last = job_rank_from(
      surroundings(changed(slurm, {{"SLURM_NODEID", "3"}, {"SLURM_PROCID", "6"}, {"SLURM_LOCALID", "0"}})));
  expect_ranks(last, 6, 7, 0, 1);
  EXPECT_EQ(last->store, job->store);
}

TEST(JobOfSlurm, IsOnlyInsideOfAStep) {
  EXPECT_EQ(job_rank_from(surroundings(changed(slurm, {{"SLURM_STEP_ID", ""}})))->launcher, "alone")
      << "a batch script";
  EXPECT_EQ(job_rank_from(surroundings(changed(slurm, {{"SLURM_STEP_ID", "4294967290"}})))->launcher, "alone")
      << "an interactive shell";
}

TEST(JobOfSlurm, IsSlurmsThoughItSpeaksPmi) {
  const auto set = changed(slurm, {{"PMI_RANK", "4"}, {"PMI_SIZE", "7"}, {"PMI_JOBID", "200505.3"}});
  EXPECT_EQ(job_rank_from(surroundings(set))->launcher, "Slurm");
}

TEST(JobOfSlurm, OnOneHostMeetsWithoutAPort) {
  const auto job = job_rank_from(surroundings(
      changed(slurm, {{"SLURM_NODEID", "0"}, {"SLURM_STEP_TASKS_PER_NODE", "7"}, {"SLURM_LOCALID", "4"}})));
  expect_ranks(job, 4, 7, 4, 7);
  EXPECT_THAT(job->store, HasSubstr("ipc://psyne-Slurm-200505-3"));
}

struct Wrong {
  const char* name;
  VariablesSet of;
  VariablesSet changes;
  std::vector<const char*> told;  // the variable, its value, what to do
};

class JobThatMakesNoSense : public testing::TestWithParam<Wrong> {};

TEST_P(JobThatMakesNoSense, IsToldWithTheVariableItsValueAndWhatToDo) {
  const auto job = job_rank_from(surroundings(changed(GetParam().of, GetParam().changes), hydra));
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error(), psyne::Code::invalid_argument);
  for (const char* part : GetParam().told) EXPECT_THAT(job.error().text(), HasSubstr(part));
  EXPECT_FALSE(job.error().advice().empty()) << job.error().text();
}

INSTANTIATE_TEST_SUITE_P(
    Tables, JobThatMakesNoSense,
    testing::Values(
        Wrong{"NoNumber", psyne_run, {{"PSYNE_RANK", "two"}}, {"PSYNE_RANK", "\"two\"", "psyne run"}},
        Wrong{"TrailingLetters", psyne_run, {{"PSYNE_SIZE", "4x"}}, {"PSYNE_SIZE", "\"4x\""}},
        Wrong{"NegativeRank", psyne_run, {{"PSYNE_RANK", "-1"}}, {"PSYNE_RANK", "\"-1\"", "from 0 to 3"}},
        Wrong{"RankNotBelowSize", psyne_run, {{"PSYNE_RANK", "4"}}, {"PSYNE_RANK", "\"4\"", "from 0 to 3"}},
        Wrong{"NoRanks", psyne_run, {{"PSYNE_SIZE", "0"}}, {"PSYNE_SIZE", "\"0\""}},
        Wrong{"TooManyRanks", psyne_run, {{"PSYNE_SIZE", "99999999999999999999"}}, {"PSYNE_SIZE", "99999999"}},
        Wrong{"MoreHereThanThereAre", psyne_run, {{"PSYNE_LOCAL_SIZE", "5"}}, {"PSYNE_LOCAL_SIZE", "\"5\"", "1 to 4"}},
        Wrong{"LocalRankTooLarge", psyne_run, {{"PSYNE_LOCAL_RANK", "4"}}, {"PSYNE_LOCAL_RANK", "\"4\""}},
        Wrong{"HalfOfPsyne", psyne_run, {{"PSYNE_SIZE", ""}}, {"PSYNE_SIZE", "not set"}},
        Wrong{"NoJob", psyne_run, {{"PSYNE_JOB", ""}}, {"PSYNE_JOB", "not set"}},
        Wrong{"HalfOfTorchrun", torchrun, {{"RANK", ""}}, {"RANK", "not set", "torchrun"}},
        Wrong{"TorchrunWithoutLocal", torchrun, {{"LOCAL_WORLD_SIZE", ""}}, {"LOCAL_WORLD_SIZE", "not set"}},
        Wrong{"TorchrunWithoutMaster", torchrun, {{"MASTER_ADDR", ""}}, {"MASTER_ADDR", "not set"}},
        Wrong{"TorchrunWithoutPort", torchrun, {{"MASTER_PORT", "http"}}, {"MASTER_PORT", "\"http\""}},
        Wrong{"TorchrunPortTooLarge", torchrun, {{"MASTER_PORT", "65535"}}, {"MASTER_PORT", "65534"}},
        Wrong{"HalfOfOpenMpi", open_mpi, {{"OMPI_COMM_WORLD_RANK", ""}}, {"OMPI_COMM_WORLD_RANK", "mpirun"}},
        Wrong{"OpenMpiWithoutName",
              open_mpi,
              {{"PMIX_NAMESPACE", ""}, {"OMPI_MCA_ess_base_jobid", ""}},
              {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"}},
        Wrong{"HalfOfMpich", mpich, {{"MPI_LOCALNRANKS", ""}}, {"MPI_LOCALNRANKS", "not set"}},
        Wrong{"SlurmWithoutRank", slurm, {{"SLURM_PROCID", ""}}, {"SLURM_PROCID", "srun"}},
        Wrong{"SlurmListOfTasks", slurm, {{"SLURM_STEP_TASKS_PER_NODE", "2(x"}}, {"SLURM_STEP_TASKS_PER_NODE", "2(x"}},
        Wrong{"SlurmTooFewHosts", slurm, {{"SLURM_NODEID", "4"}}, {"SLURM_STEP_TASKS_PER_NODE", "host 4"}},
        Wrong{"SlurmListOfHosts", slurm, {{"SLURM_STEP_NODELIST", "node[1"}}, {"SLURM_STEP_NODELIST", "not closed"}},
        Wrong{"StoreIsNoUri", psyne_run, {{"PSYNE_STORE", "node1:5000"}}, {"PSYNE_STORE", "node1:5000"}},
        Wrong{"StoreWithoutPort", psyne_run, {{"PSYNE_STORE", "tcp://node1"}}, {"PSYNE_STORE", "port"}},
        Wrong{"StoreAnywhere", psyne_run, {{"PSYNE_STORE", "tcp://*:5000"}}, {"PSYNE_STORE", "no host"}},
        Wrong{"StoreOfAnotherScheme", psyne_run, {{"PSYNE_STORE", "sim://x"}}, {"PSYNE_STORE", "tcp://HOST:PORT"}}),
    [](const auto& wrong) { return std::string(wrong.param.name); });

}  // namespace
