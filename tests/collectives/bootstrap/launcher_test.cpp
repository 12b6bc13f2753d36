// Jobs that real launchers start: their ranks meet, and each is who the launcher says. The ranks are this program.
#include <psyne/collectives/bootstrap/job_store.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct Ran {
  int status = -1;
  std::string output;
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> piece{};
  for (std::size_t got = 0; (got = fread(piece.data(), 1, piece.size(), pipe)) > 0;)
    ran.output.append(piece.data(), got);
  ran.status = pclose(pipe);
  return ran;
}

/// The first of these commands whose version mentions `word`.
std::optional<std::string> installed(std::initializer_list<const char*> commands, const std::string& word) {
  for (const std::string command : commands) {
    if (run("command -v " + command + " && " + command + " --version").output.find(word) != std::string::npos) {
      return command;
    }
  }
  return std::nullopt;
}

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

/// Has three ranks started by `launch`, and expects them to meet.
void expect_to_meet(const std::string& launch, const std::string& launcher) {
  const Ran ran = run("timeout 60 " + launch + " " + this_program() +
                      " --gtest_also_run_disabled_tests --gtest_filter=RankOfALauncher.DISABLED_MeetsTheOthers");
  EXPECT_EQ(ran.status, 0) << ran.output;
  for (int rank = 0; rank < 3; ++rank) {
    const std::string number = std::to_string(rank);
    EXPECT_THAT(ran.output, HasSubstr("<" + launcher + " rank " + number + " of 3, here " + number + " of 3>"));
  }
}

TEST(RankOfALauncher, DISABLED_MeetsTheOthers) {
  const auto job = psyne::job_rank_of_process();
  ASSERT_TRUE(job) << job.error().text();
  auto store = psyne::JobStore::open(*job);
  ASSERT_TRUE(store) << store.error().text();
  const std::string own = "<" + job->launcher + " rank " + std::to_string(job->rank) + " of " +
                          std::to_string(job->size) + ", here " + std::to_string(job->local_rank) + " of " +
                          std::to_string(job->local_size) + ">\n";
  EXPECT_EQ(write(STDOUT_FILENO, own.data(), own.size()), static_cast<ssize_t>(own.size()));
  const auto arrived = store->add("arrived", 1, 20s);
  ASSERT_TRUE(arrived) << arrived.error().text();
  if (*arrived == job->size) {
    EXPECT_TRUE(store->set("all", {}, 20s));
  }
  EXPECT_TRUE(store->get({"all", "the arrival of all ranks"}, 20s));
  if (job->rank != 0) {
    EXPECT_TRUE(store->set("left/" + std::to_string(job->rank), {}, 20s));
    return;
  }
  for (int rank = 1; rank < job->size; ++rank) EXPECT_TRUE(store->get("left/" + std::to_string(rank), 20s));
}

TEST(Launchers, OpenMpi) {
  const auto mpirun = installed({"mpirun.openmpi", "mpirun"}, "open-mpi.org");
  if (!mpirun) GTEST_SKIP() << "Open MPI is not installed (apt-get install openmpi-bin)";
  expect_to_meet(*mpirun + " --allow-run-as-root --oversubscribe -n 3", "Open MPI");
}

TEST(Launchers, Mpich) {
  const auto mpirun = installed({"mpirun.mpich", "mpiexec.hydra", "mpirun"}, "HYDRA");
  if (!mpirun) GTEST_SKIP() << "MPICH is not installed (apt-get install mpich)";
  expect_to_meet(*mpirun + " -n 3", "MPICH");
}

TEST(Launchers, PsyneRun) {
  const auto tool = std::filesystem::path(this_program()).parent_path().parent_path() / "tools" / "psyne";
  if (!std::filesystem::exists(tool)) GTEST_SKIP() << tool << " was not built";
  expect_to_meet(tool.string() + " run -n 3 --", "psyne run");
  const std::string place = "PSYNE_STORE=tcp://127.0.0.1:" + std::to_string(20'000 + getpid() % 10'000);
  expect_to_meet("env " + place + " " + tool.string() + " run -n 3 --", "psyne run");
}

/// What torchrun gives its workers: it is one process here and there that starts them by these variables.
TEST(Launchers, Torchrun) {
  const std::string port = std::to_string(21'000 + getpid() % 9'000);
  const std::string start =
      "for rank in 0 1 2; do RANK=$rank LOCAL_RANK=$rank WORLD_SIZE=3 LOCAL_WORLD_SIZE=3 MASTER_ADDR=127.0.0.1 "
      "MASTER_PORT=" +
      port + " TORCHELASTIC_RUN_ID=none \"$@\" & done; wait";
  expect_to_meet("sh -c '" + start + "' ranks", "torchrun");
}

}  // namespace
