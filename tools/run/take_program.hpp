#pragma once

#include <string>
#include <vector>

namespace psyne_tool {

/// Takes the program and its arguments off a command line `psyne run [OPTIONS] [--] PROGRAM ARGS...`: what follows the
/// first -- or begins with the first word that is neither an option nor the value of one. From there on all options are
/// the program's own, which CLI11 cannot be told together with --. Of another command line it takes nothing.
std::vector<std::string> take_program(int& argument_count, char** arguments);

}  // namespace psyne_tool
