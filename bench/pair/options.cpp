#include "pair/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace psyne::bench {
namespace {

[[noreturn]] void refuse(const char* program) {
  std::fprintf(stderr,
               "usage: %s [--cpus A,B] [--over ipc|tcp] --work WORK --size BYTES [--milliseconds N]\n"
               "       %s [--cpus A,B] [--over ipc|tcp] --serve    reads lines WORK BYTES MILLISECONDS\n",
               program, program);
  std::exit(2);
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  std::string work;
  std::string size;
  std::string milliseconds = "200";
  bool serve = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--serve") {
      serve = true;
      continue;
    }
    if (i + 1 == argc) refuse(argv[0]);
    const std::string value = argv[++i];
    if (option == "--cpus") {
      if (std::sscanf(value.c_str(), "%d,%d", &options.cpus[0], &options.cpus[1]) != 2) refuse(argv[0]);
    } else if (option == "--over" && (value == "ipc" || value == "tcp")) {
      options.over = value == "tcp" ? Over::tcp : Over::ipc;
    } else if (option == "--work") {
      work = value;
    } else if (option == "--size") {
      size = value;
    } else if (option == "--milliseconds") {
      milliseconds = value;
    } else {
      refuse(argv[0]);
    }
  }
  if (serve) return options;
  options.cell = parse_cell(work + " " + size + " " + milliseconds);
  if (!options.cell) refuse(argv[0]);
  return options;
}

}  // namespace psyne::bench
