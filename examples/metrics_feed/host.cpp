#include "metrics_feed/host.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace {

// Lines "NAME NUMBER ...", of which the first number counts; a colon behind the name is left out.
std::map<std::string, double> numbers(const char* path) {
  std::map<std::string, double> found;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    if (!(words >> name >> value)) continue;
    if (name.back() == ':') name.pop_back();
    found[name] = value;
  }
  return found;
}

double first_number(const char* path) {
  double value = 0;
  std::ifstream(path) >> value;
  return value;
}

}  // namespace

Host::Host() : before_(count()) {}

Host::Counts Host::count() {
  const auto stat = numbers("/proc/stat");
  const auto of = [&](const char* name) { return stat.contains(name) ? stat.at(name) : 0.0; };
  Counts counts{{"uptime", first_number("/proc/uptime")}, {"switches", of("ctxt")}, {"forks", of("processes")}};
  std::ifstream file("/proc/stat");
  std::string cpu;
  file >> cpu;
  for (int column = 0; column < 8; ++column) {  // user nice system idle iowait irq softirq steal
    double ticks = 0;
    file >> ticks;
    counts["ticks"] += ticks;
    if (column != 3 && column != 4) counts["busy"] += ticks;
  }
  return counts;
}

std::map<std::string, double> Host::look() {
  Counts now = count();
  const auto more = [&](const char* name) { return std::max(now[name] - before_[name], 0.0); };
  const double seconds = std::max(more("uptime"), 0.01);  // its grain
  const auto memory = numbers("/proc/meminfo");
  const auto mebibytes = [&](const char* name) { return memory.contains(name) ? memory.at(name) / 1024 : 0.0; };
  std::map<std::string, double> values{
      {"cpu.busy", 100 * more("busy") / std::max(more("ticks"), 1.0)},
      {"cpu.context_switches", more("switches") / seconds},
      {"cpu.forks", more("forks") / seconds},
      {"cpu.load", first_number("/proc/loadavg")},
      {"memory.available", mebibytes("MemAvailable")},
      {"memory.cached", mebibytes("Cached")},
      {"memory.used", mebibytes("MemTotal") - mebibytes("MemAvailable")},
      {"host.uptime", now["uptime"]},
  };
  before_ = std::move(now);
  return values;
}
