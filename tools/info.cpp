#include "tools/info.hpp"

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/config/config.hpp>
#include <psyne/core/metrics/reader.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/core/uri/uri.hpp>

#include "tools/counters.hpp"
#include "tools/table.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace psyne_tool {

namespace {

struct Fact {
  std::string name, value;
};

std::string limit_text(decltype(RLIMIT_NOFILE) resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return "unknown";
  return limit.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(limit.rlim_cur);
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line.empty() ? "unknown" : line;
}

std::vector<Fact> build_facts() {
  return {{"version", PSYNE_VERSION},
          {"build", std::string(PSYNE_BUILD_TYPE) + ", " + PSYNE_COMPILER},
          {"kernel", first_line("/proc/sys/kernel/osrelease")}};
}

std::vector<Fact> machine_facts() {
  return {{"CPUs", std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " online"},
          {"open files", limit_text(RLIMIT_NOFILE) + " (each lane takes about 4 on each side)"},
          {"locked memory", limit_text(RLIMIT_MEMLOCK) + " bytes"},
          {"asymmetric barriers", psyne::StandardAtomics::asymmetric_barriers()
                                      ? "yes: whoever sleeps pays for the barrier"
                                      : "no (membarrier is missing or forbidden): every send pays about 10 ns more"}};
}

struct TransportLine {
  std::string scheme, works, reason;
};

std::vector<TransportLine> transport_lines() {
  std::vector<TransportLine> lines;
  for (const psyne::Transport* transport : psyne::transports()) {
    const auto available = transport->available();
    lines.push_back({std::string(transport->scheme()) + "://", available ? "yes" : "no",
                     available ? *available : available.error().text()});
  }
  const auto automatic = psyne::choose_automatically();
  lines.push_back({"auto://", automatic ? "yes" : "no",
                   automatic ? "is " + std::string(automatic->transport->scheme()) + "://: " + automatic->reason
                             : automatic.error().text()});
  return lines;
}

void print_facts(const char* title, const std::vector<Fact>& facts) {
  std::printf("%s\n", title);
  std::size_t width = 0;
  for (const Fact& fact : facts) width = std::max(width, fact.name.size());
  for (const Fact& fact : facts)
    std::printf("  %-*s   %s\n", static_cast<int>(width), fact.name.c_str(), fact.value.c_str());
  std::printf("\n");
}

int print_json(const psyne::Config& config) {
  nlohmann::json json;
  for (const Fact& fact : build_facts()) json["build"][fact.name] = fact.value;
  for (const Fact& fact : machine_facts()) json["machine"][fact.name] = fact.value;
  for (const TransportLine& line : transport_lines()) {
    json["transports"][line.scheme] = {{"works", line.works == "yes"}, {"reason", line.reason}};
  }
  for (const psyne::Setting& setting : config.settings()) {
    json["config"][std::string(setting.option.name)] = {{"value", setting.shown()}, {"from", setting.where}};
  }
  json["problems"] = nlohmann::json::array();
  for (const psyne::Error& problem : config.problems()) json["problems"].push_back(problem.text());
  json["processes"] = nlohmann::json::array();
  for (const auto& process : counters_of_running()) json["processes"].push_back(json_of(process));
  std::printf("%s\n", json.dump(2).c_str());
  return 0;
}

void print_running() {
  const auto running = counters_of_running();
  std::printf("\nRunning processes that use psyne%s\n", running.empty() ? ": none" : "; what is 0 for all is left out");
  for (const auto& process : running) std::printf("%s", text_of(process).c_str());
}

}  // namespace

int info(bool json) {
  const psyne::Config config = psyne::Config::process();
  if (json) return print_json(config);
  print_facts("psyne", build_facts());
  print_facts("This machine", machine_facts());

  std::printf("Transports\n");
  Table transports({"scheme", "works", "why"});
  for (const TransportLine& line : transport_lines()) transports.add({line.scheme, line.works, line.reason});
  std::printf("%s\n", transports.text(9).c_str());

  std::printf("Configuration%s\n", config.path().empty() ? " (no file)" : (" (" + config.path() + ")").c_str());
  Table settings({"option", "value", "from", "what it is"});
  for (const psyne::Setting& setting : config.settings()) {
    settings.add({std::string(setting.option.name), setting.text.empty() ? "\"\"" : setting.shown(), setting.where,
                  std::string(setting.option.about)});
  }
  std::printf("%s", settings.text(9).c_str());
  print_running();
  for (const psyne::Error& problem : config.problems()) std::printf("\nProblem: %s\n", problem.text().c_str());
  for (const psyne::Entry& variable : config.unknown_variables()) {
    std::printf("\nUnknown variable %s: nothing in this build reads it.\n", variable.key.c_str());
  }
  return config.problems().empty() ? 0 : 1;
}

int info_of(std::int64_t process, bool json) {
  const auto page = psyne::metrics::Reader::open(static_cast<pid_t>(process));
  const auto counters = page ? page->read() : psyne::Result<psyne::metrics::Snapshot>(page.error());
  if (!counters) {
    std::fprintf(stderr, "psyne info: %s\n", counters.error().text().c_str());
    return 1;
  }
  const std::string text = json ? json_of(*counters).dump(2) + "\n" : text_of(*counters);
  std::printf("%s", text.c_str());
  return 0;
}

}  // namespace psyne_tool
