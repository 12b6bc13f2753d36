#pragma once

#include <psyne/collectives/bootstrap/job_rank.hpp>

#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// What a launcher told.
struct Launched {
  JobRank job;             ///< but for its store; with its id
  std::string meeting{};   ///< host:port at which ranks of several hosts can meet; empty where it tells none
  std::string ipc_part{};  ///< what tells apart two stores of one job on one host, such as its restarts
};

/// One way to be started.
struct Launcher {
  std::string_view name;
  bool (*speaks)(const Environment&);  ///< whether it started this process; then
  Result<Launched> (*read)(const Environment&);
};

/// All of them, the first that speaks is believed: one that was started inside of another is nearer to the program.
std::span<const Launcher> launchers();

bool psyne_run_speaks(const Environment& environment);
Result<Launched> read_psyne_run(const Environment& environment);
bool torchrun_speaks(const Environment& environment);
Result<Launched> read_torchrun(const Environment& environment);
bool open_mpi_speaks(const Environment& environment);
Result<Launched> read_open_mpi(const Environment& environment);
bool mpich_speaks(const Environment& environment);
Result<Launched> read_mpich(const Environment& environment);
bool slurm_speaks(const Environment& environment);
Result<Launched> read_slurm(const Environment& environment);

}  // namespace psyne::inline v0
