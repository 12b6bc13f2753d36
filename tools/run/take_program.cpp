#include "tools/run/take_program.hpp"

#include <string_view>

namespace psyne_tool {

std::vector<std::string> take_program(int& argument_count, char** arguments) {
  if (argument_count < 2 || std::string_view(arguments[1]) != "run") return {};
  for (int i = 2; i < argument_count; ++i) {
    const std::string_view word(arguments[i]);
    if (word == "-n" || word == "--ranks") {
      ++i;
      continue;
    }
    if (word != "--" && word.starts_with('-')) continue;
    std::vector<std::string> program(arguments + i + (word == "--" ? 1 : 0), arguments + argument_count);
    argument_count = i;
    return program;
  }
  return {};
}

}  // namespace psyne_tool
