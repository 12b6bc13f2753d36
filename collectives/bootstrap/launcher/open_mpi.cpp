#include <psyne/collectives/bootstrap/launcher/launchers.hpp>
#include <psyne/collectives/bootstrap/launcher/variables.hpp>

namespace psyne::inline v0 {

bool open_mpi_speaks(const Environment& environment) {
  return environment.find("OMPI_COMM_WORLD_RANK").has_value() || environment.find("OMPI_COMM_WORLD_SIZE").has_value();
}

Result<Launched> read_open_mpi(const Environment& environment) {
  const Variables variables(environment, "mpirun");
  auto job = variables.ranks(
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"});
  if (!job) return job.error();
  auto id = environment.find("PMIX_NAMESPACE");  // "514785281" of version 4, "prterun-host-812@1" of version 5
  if (!id) id = environment.find("OMPI_MCA_ess_base_jobid");
  if (!id) id = environment.find("PSYNE_JOB");
  if (!id) return variables.wrong("PMIX_NAMESPACE", "nor is OMPI_MCA_ess_base_jobid, so nothing names the job");
  job->id = *std::move(id);
  return Launched{.job = *std::move(job)};
}

}  // namespace psyne::inline v0
