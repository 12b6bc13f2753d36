#include <psyne/collectives/bootstrap/launcher/launchers.hpp>
#include <psyne/collectives/bootstrap/launcher/variables.hpp>

namespace psyne::inline v0 {

bool psyne_run_speaks(const Environment& environment) {
  for (const auto* name : {"PSYNE_RANK", "PSYNE_SIZE", "PSYNE_LOCAL_RANK", "PSYNE_LOCAL_SIZE"}) {
    if (environment.find(name)) return true;
  }
  return false;
}

Result<Launched> read_psyne_run(const Environment& environment) {
  const Variables variables(environment, "psyne run");
  auto job = variables.ranks({"PSYNE_RANK", "PSYNE_SIZE", "PSYNE_LOCAL_RANK", "PSYNE_LOCAL_SIZE"});
  if (!job) return job.error();
  if (job->size > 1) {
    auto id = variables.text("PSYNE_JOB");
    if (!id) return id.error();
    job->id = *std::move(id);
  }
  return Launched{.job = *std::move(job)};
}

}  // namespace psyne::inline v0
