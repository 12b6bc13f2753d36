#include <psyne/collectives/bootstrap/environment.hpp>

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace psyne::inline v0 {

namespace {

struct Lineage {
  std::string command, start;
  pid_t parent = 0;
};

std::optional<Lineage> lineage_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  const auto begin = line.find('('), end = line.rfind(')');  // a command may hold both
  if (begin == std::string::npos || end == std::string::npos || end < begin) return std::nullopt;
  Lineage found;
  found.command = line.substr(begin + 1, end - begin - 1);
  std::istringstream fields(line.substr(end + 1));
  std::string state, skipped;
  fields >> state >> found.parent;
  constexpr int parent_field = 4, start_field = 22;  // proc(5)
  for (int field = parent_field + 1; field < start_field; ++field) fields >> skipped;
  if (!(fields >> found.start)) return std::nullopt;
  return found;
}

std::optional<std::string> nearest_ancestor(std::string_view command) {
  for (pid_t process = getppid(); process > 0;) {
    const auto lineage = lineage_of(process);
    if (!lineage) return std::nullopt;
    if (lineage->command == command) return std::to_string(process) + "-" + lineage->start;
    process = lineage->parent;
  }
  return std::nullopt;
}

}  // namespace

Environment Environment::of_process() {
  return {.variable = [](std::string_view variable) -> std::optional<std::string> {
            const char* value = std::getenv(std::string(variable).c_str());  // NOLINT(concurrency-mt-unsafe)
            if (value == nullptr) return std::nullopt;
            return std::string(value);
          },
          .ancestor = nearest_ancestor};
}

}  // namespace psyne::inline v0
