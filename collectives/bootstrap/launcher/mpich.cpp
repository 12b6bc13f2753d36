#include <psyne/collectives/bootstrap/launcher/launchers.hpp>
#include <psyne/collectives/bootstrap/launcher/variables.hpp>

namespace psyne::inline v0 {

namespace {

// The process of Hydra on each host that starts the ranks of that host.
constexpr std::string_view hydra_proxy = "hydra_pmi_proxy";

}  // namespace

// Slurm sets PMI_RANK and PMI_SIZE as well (srun --mpi=pmi2), but tells what is local by its own names.
bool mpich_speaks(const Environment& environment) {
  for (const auto* name : {"MPI_LOCALRANKID", "MPI_LOCALNRANKS"}) {
    if (environment.find(name)) return true;
  }
  return environment.find("PMI_RANK").has_value() && !environment.find("SLURM_STEP_ID").has_value();
}

// Hydra tells the ranks of a job nothing that names it but through its own protocol, over a socket that is MPI's.
Result<Launched> read_mpich(const Environment& environment) {
  const Variables variables(environment, "mpirun of MPICH");
  auto job = variables.ranks({"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"});
  if (!job) return job.error();
  if (const auto chosen = environment.find("PSYNE_JOB")) {
    job->id = *chosen;
  } else if (!job->one_host()) {
    job->id = "mpich";  // there is a proxy on each host; PSYNE_STORE, which has to be set, tells jobs apart
  } else if (const auto proxy = environment.ancestor(hydra_proxy)) {
    job->id = *proxy;
  } else {
    return Error(Code::invalid_argument, "cannot tell which job this process belongs to")
        .because("MPICH's mpirun tells no name of it, and no " + std::string(hydra_proxy) +
                 " is seen above this process")
        .mend("Set PSYNE_JOB to a name that is new for each run, the same for all ranks.");
  }
  return Launched{.job = *std::move(job)};
}

}  // namespace psyne::inline v0
