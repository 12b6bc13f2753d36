#include "pool/serving.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>
#include <system_error>

namespace pool_bench {
namespace {

constexpr unsigned seconds_for_a_measurement = 60;

struct Question {
  const Work* work = nullptr;
  Load load;
};

/// "parallel sort 2 200"; nothing when a word is unknown.
std::optional<Question> parse(const std::string& line, const std::vector<Work>& works) {
  const std::size_t last = line.rfind(' ');
  const std::size_t middle = last == 0 || last == std::string::npos ? last : line.rfind(' ', last - 1);
  if (middle == std::string::npos) return std::nullopt;
  const auto known = std::ranges::find(works, std::string_view(line).substr(0, middle), &Work::name);
  unsigned threads = 0;
  unsigned milliseconds = 0;
  if (known == works.end() || std::sscanf(line.c_str() + middle, "%u %u", &threads, &milliseconds) != 2 ||
      threads == 0) {
    return std::nullopt;
  }
  return Question{&*known, {.threads = threads, .duration = std::chrono::milliseconds(milliseconds)}};
}

void print(const Question& question, std::optional<double> value) {
  std::printf(R"({"work": "%s", "size": %u, "unit": "%s", "value": )", question.work->name.c_str(),
              question.load.threads, question.work->unit.c_str());
  if (value) {
    std::printf("%.9g}\n", *value);
  } else {
    std::printf("null}\n");
  }
  std::fflush(stdout);
}

[[noreturn]] void answer(const Question& question) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::alarm(seconds_for_a_measurement);
  try {
    print(question, question.work->measure(question.load));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    std::_Exit(1);
  }
  std::_Exit(0);
}

/// False when it has failed and said why.
bool answer_in_a_process(const Question& question) {
  std::fflush(nullptr);  // or the child would print it once more
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) answer(question);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    throw std::runtime_error(question.work->name + " was killed by signal " + std::to_string(WTERMSIG(status)));
  }
  return status == 0;
}

void run_on(int first, int second) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(first), &set);
  CPU_SET(static_cast<std::size_t>(second), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot run on these CPUs");
  }
}

struct Options {
  bool serve = false;
  std::string work;
  std::string threads = "1";
  std::string milliseconds = "200";
};

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--serve") {
      options.serve = true;
      continue;
    }
    if (++i == argc) return std::nullopt;
    if (option == "--cpus") {
      int first = 0;
      int second = 0;
      if (std::sscanf(argv[i], "%d,%d", &first, &second) != 2) return std::nullopt;
      run_on(first, second);
    } else if (option == "--work") {
      options.work = argv[i];
    } else if (option == "--size") {
      options.threads = argv[i];
    } else if (option == "--milliseconds") {
      options.milliseconds = argv[i];
    } else {
      return std::nullopt;
    }
  }
  return options;
}

int refuse(const char* program, const std::vector<Work>& works) {
  std::fprintf(stderr,
               "usage: %s [--cpus A,B] --work WORK --size THREADS [--milliseconds N]\n"
               "       %s [--cpus A,B] --serve    reads lines WORK THREADS MILLISECONDS\n"
               "works:",
               program, program);
  for (const Work& work : works) std::fprintf(stderr, " %s%s", work.name.c_str(), &work == &works.back() ? "\n" : ",");
  return 2;
}

}  // namespace

int serve(int argc, char** argv, const std::vector<Work>& works) try {
  const auto options = parse(argc, argv);
  if (!options) return refuse(argv[0], works);
  if (!options->serve) {
    const auto question = parse(options->work + " " + options->threads + " " + options->milliseconds, works);
    if (!question) return refuse(argv[0], works);
    return answer_in_a_process(*question) ? 0 : 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto question = parse(line, works);
    if (!question) throw std::runtime_error("no such measurement: " + line);
    if (!answer_in_a_process(*question)) return 1;
  }
  return 0;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  return 1;
}

}  // namespace pool_bench
