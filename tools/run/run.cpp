#include "tools/run/run.hpp"

#include "tools/run/rank_environment.hpp"
#include "tools/run/rank_group.hpp"
#include "tools/run/rank_process.hpp"

#include <unistd.h>

#include <cstdio>

namespace psyne_tool {

namespace {

std::string label_of(int rank, int size) {
  const std::string own = std::to_string(rank);
  const std::size_t width = std::to_string(size - 1).size();
  return "[" + std::string(width - own.size(), ' ') + own + "] ";
}

int failed(const psyne::Error& error) {
  std::fprintf(stderr, "psyne run: %s\n", error.text().c_str());
  return error == psyne::Code::refused ? 126 : 127;  // as shells say
}

}  // namespace

int run(const RunOptions& options) {
  if (options.command.empty()) {
    std::fprintf(stderr, "psyne run: the program is missing. Name it behind the options: psyne run -n 4 -- ./train\n");
    return 127;
  }
  const auto names = JobNames::fresh();
  if (!names) return failed(names.error());
  const bool label = options.label.value_or(options.ranks > 1 && isatty(STDOUT_FILENO) == 1);
  RankGroup::block_signals();
  std::vector<RankProcess> ranks;
  std::vector<LabelledStream> streams;
  for (int rank = 0; rank < options.ranks; ++rank) {
    const auto environment = rank_environment(*names, rank, options.ranks);
    auto started = RankProcess::start(
        {.rank = rank, .read_output = label, .command = options.command, .environment = environment});
    if (!started) {
      RankGroup(std::move(ranks), {}).kill();
      return failed(started.error());
    }
    if (label) {
      streams.emplace_back(started->output.get(), STDOUT_FILENO, label_of(rank, options.ranks));
      streams.emplace_back(started->errors.get(), STDERR_FILENO, label_of(rank, options.ranks));
    }
    ranks.push_back(*std::move(started));
  }
  return RankGroup(std::move(ranks), std::move(streams)).wait();
}

}  // namespace psyne_tool
