#include "tools/info.hpp"
#include "tools/perf/perf.hpp"
#include "tools/run/run.hpp"
#include "tools/run/take_program.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"psyne: typed messages and collectives over lock-free rings"};
  app.require_subcommand(1);
  app.set_version_flag("--version", PSYNE_VERSION);

  bool info_json = false;
  CLI::App* info = app.add_subcommand(
      "info", "What works here, why not, limits, where each setting came from, what processes count");
  info->add_flag("--json", info_json, "Print JSON");
  std::int64_t process = 0;
  info->add_option("pid", process, "Only what this process counts on its channels")->check(CLI::PositiveNumber);
  info->footer("Example: psyne info");

  psyne_tool::PerfOptions options;
  bool no_histogram = false;
  CLI::App* perf = app.add_subcommand("perf", "Latency and throughput between two processes that it starts and pins");
  perf->add_option("uri", options.uri, "Where: ipc://, memory://, or with a name and options")->required();
  perf->add_option("--sizes", options.sizes, "Payload bytes, comma separated")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  perf->add_option("--seconds", options.seconds_per_size, "How long to measure each size")->check(CLI::PositiveNumber);
  perf->add_flag("--json", options.json, "Print JSON");
  perf->add_flag("--no-histogram", no_histogram, "Only the table");
  perf->footer("Example: psyne perf ipc:// --sizes 8,4096,1048576");

  psyne_tool::RunOptions job{.command = psyne_tool::take_program(argc, argv)};
  CLI::App* run = app.add_subcommand("run", "Starts the ranks of a job on this host, and ends all when one fails");
  run->add_option("-n,--ranks", job.ranks, "How many")->required()->check(CLI::Range(1, 4096));
  run->add_flag("--label,!--no-label", job.label,
                "Whether each line of output begins with its rank; else: on a terminal, where there are several");
  run->footer(
      "Behind the options: the program and its arguments.\n"
      "Example: psyne run -n 4 -- ./train --epochs 3\n"
      "Exit status: that of the first rank that failed.\n");

  CLI11_PARSE(app, argc, argv);
  options.histogram = !no_histogram;
  if (info->parsed()) return process > 0 ? psyne_tool::info_of(process, info_json) : psyne_tool::info(info_json);
  if (run->parsed()) return psyne_tool::run(job);
  return psyne_tool::perf(options);
}
