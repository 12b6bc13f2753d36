#include <psyne/collectives/bootstrap/launcher/launchers.hpp>
#include <psyne/collectives/bootstrap/launcher/slurm_lists.hpp>
#include <psyne/collectives/bootstrap/launcher/variables.hpp>
#include <psyne/core/uri/endpoint.hpp>
#include <psyne/core/uri/quantity.hpp>

#include <cstdint>
#include <limits>

namespace psyne::inline v0 {

namespace {

// Numbers of steps from here on are no steps of srun: the batch script's own, an interactive shell's (slurm.h).
constexpr std::int64_t first_special_step = 0xffff'fff0;

std::string_view first_set(const Environment& environment, std::string_view one, std::string_view other) {
  return environment.find(one) ? one : other;
}

Result<int> tasks_of_this_host(const Environment& environment, const Variables& variables) {
  const auto node = variables.number("SLURM_NODEID", 0, JobRank::most_ranks);
  if (!node) return node.error();
  const auto name = first_set(environment, "SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE");
  const auto list = variables.text(name);
  if (!list) return list.error();
  const auto tasks = slurm::tasks_of(*list, *node);
  if (!tasks) {
    return variables.wrong(
        name, "which tells no tasks of host " + std::to_string(*node) + ": " + std::string(tasks.error().reason()));
  }
  return *tasks;
}

// Below the ports that the kernel gives to who connects, and the same for all ranks of a step; two steps that share
// their first host mostly have another.
std::uint16_t port_of(std::int64_t job, std::int64_t step) {
  constexpr std::int64_t first = 20'000, count = 10'000, stride = 7;
  return static_cast<std::uint16_t>(first + (job + stride * step) % count);
}

}  // namespace

// In a batch script the variables tell of the allocation, and the script is one process: only a step has ranks.
bool slurm_speaks(const Environment& environment) {
  const auto step = environment.find("SLURM_STEP_ID");
  if (!step) return false;
  const auto number = parse_integer(*step);
  return !number || *number < first_special_step;
}

Result<Launched> read_slurm(const Environment& environment) {
  const Variables variables(environment, "srun");
  const auto size_name = first_set(environment, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS");
  const auto size = variables.number(size_name, 1, JobRank::most_ranks);
  if (!size) return size.error();
  const auto rank = variables.number("SLURM_PROCID", 0, *size - 1);
  if (!rank) return rank.error();
  const auto local_size = tasks_of_this_host(environment, variables);
  if (!local_size) return local_size.error();
  if (*local_size > *size) return variables.wrong(size_name, "but this host alone has " + std::to_string(*local_size));
  const auto local_rank = variables.number("SLURM_LOCALID", 0, *local_size - 1);
  if (!local_rank) return local_rank.error();
  constexpr int most = std::numeric_limits<int>::max();
  const auto number = variables.number("SLURM_JOB_ID", 0, most);
  if (!number) return number.error();
  const auto step = variables.number("SLURM_STEP_ID", 0, most);
  if (!step) return step.error();
  const auto list_name = first_set(environment, "SLURM_STEP_NODELIST", "SLURM_NODELIST");
  const auto list = variables.text(list_name);
  if (!list) return list.error();
  const auto host = slurm::first_host(*list);
  if (!host) return variables.wrong(list_name, "which names no first host: " + std::string(host.error().reason()));
  const Endpoint meeting{.host = *host, .port = port_of(*number, *step)};
  return Launched{.job = {.rank = *rank,
                          .size = *size,
                          .local_rank = *local_rank,
                          .local_size = *local_size,
                          .id = std::to_string(*number) + "." + std::to_string(*step)},
                  .meeting = meeting.text()};
}

}  // namespace psyne::inline v0
