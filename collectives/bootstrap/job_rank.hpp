#pragma once

#include <psyne/collectives/bootstrap/environment.hpp>
#include <psyne/core/result/result.hpp>

#include <string>

namespace psyne::inline v0 {

/// Which rank of which job a process is, and where the ranks find each other. A plain value.
///
/// The first of these that the environment speaks of:
///
///   psyne run   PSYNE_RANK, PSYNE_SIZE, PSYNE_LOCAL_RANK, PSYNE_LOCAL_SIZE, PSYNE_JOB (by hand as well)
///   torchrun    RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT, TORCHELASTIC_RUN_ID
///   Open MPI    OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE; PMIX_NAMESPACE or OMPI_MCA_ess_base_jobid
///   MPICH       PMI_RANK, PMI_SIZE, MPI_LOCALRANKID, MPI_LOCALNRANKS (Hydra); the job is the Hydra proxy above
///   Slurm       inside of a step: SLURM_PROCID, SLURM_STEP_NUM_TASKS or SLURM_NTASKS, SLURM_LOCALID, SLURM_NODEID,
///               SLURM_STEP_TASKS_PER_NODE, SLURM_JOB_ID, SLURM_STEP_ID, SLURM_STEP_NODELIST
///   none        one rank alone
///
/// PSYNE_JOB and PSYNE_STORE are stronger than what any of them tells. docs/jobs.md says how to start each.
struct JobRank {
  int rank = 0;                    ///< 0 to size - 1
  int size = 1;                    ///< ranks of the job, at most `most_ranks`
  int local_rank = 0;              ///< among the ranks of this host, from 0
  int local_size = 1;              ///< ranks of this host
  std::string id = "alone";        ///< the same for all ranks of the job, another for other jobs of these hosts
  std::string store = {};          ///< the URI at which rank 0 serves the job's store; empty for one rank alone
  std::string launcher = "alone";  ///< who told, for people: "torchrun"

  static constexpr int most_ranks = 1 << 20;

  bool one_host() const noexcept { return local_size == size; }
};

/// The job that `environment` speaks of. Where all ranks are on one host they meet at an ipc:// name made of launcher
/// and id; else at tcp://, at the host that the launcher calls the first and a port that all ranks derive alike:
/// torchrun's MASTER_PORT + 1, since its agent listens at MASTER_PORT; with Slurm one made of the job's and step's
/// number. Open MPI and MPICH tell no host, so over several hosts PSYNE_STORE has to.
///
/// Errors: invalid_argument, with the variable, its value and what to do: what is no number or out of range, half of a
/// family of variables, a rank not below its size, a PSYNE_STORE that is no place to meet.
Result<JobRank> job_rank_from(const Environment& environment);

/// The job of this process. Reads the environment, which no other thread may change meanwhile.
Result<JobRank> job_rank_of_process();

}  // namespace psyne::inline v0
