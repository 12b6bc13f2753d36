#include <psyne/collectives/bootstrap/launcher/launchers.hpp>
#include <psyne/collectives/bootstrap/launcher/variables.hpp>
#include <psyne/core/uri/endpoint.hpp>

namespace psyne::inline v0 {

bool torchrun_speaks(const Environment& environment) {
  return environment.find("RANK").has_value() || environment.find("WORLD_SIZE").has_value();
}

Result<Launched> read_torchrun(const Environment& environment) {
  const Variables variables(environment, "torchrun");
  auto job = variables.ranks({"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"});
  if (!job) return job.error();
  const auto host = variables.text("MASTER_ADDR");
  if (!host) return host.error();
  const auto port = variables.number("MASTER_PORT", 1, 65534);  // ours is the next
  if (!port) return port.error();
  // The run's id is "none" unless somebody chose one, so the port belongs to it: no two agents of a host have the same.
  job->id = environment.find("TORCHELASTIC_RUN_ID").value_or("none") + "-" + std::to_string(*port);
  const Endpoint meeting{.host = *host, .port = static_cast<std::uint16_t>(*port + 1)};
  // Ranks that were started again must not meet those of the try before, which may not have gone yet.
  return Launched{.job = *std::move(job),
                  .meeting = meeting.text(),
                  .ipc_part = environment.find("TORCHELASTIC_RESTART_COUNT").value_or("0")};
}

}  // namespace psyne::inline v0
