// psyne: a Communicator, its ranks processes that were forked.
#include <psyne/collectives/communicator/communicator.hpp>

#include "collectives/rank.hpp"
#include "pair/pin.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

namespace {

using collectives_bench::Operation;
using collectives_bench::Question;
using psyne::Op;

constexpr int most_ranks = 4;

/// Memory of all ranks, by which they find each other.
struct Board {
  std::atomic<int> there;
  std::array<std::array<char, 2048>, most_ranks> texts;
};

class Psyne {
 public:
  Psyne(int rank, const Question& question, Board& board, const std::string& job)
      : world_(psyne::Communicator::open(options(rank, question, board, job)).value()) {}

  int rank() const noexcept { return world_.rank(); }
  void barrier() { world_.barrier().value(); }
  void run(Operation operation, const float* in, float* out, std::size_t count, int root) {
    const auto blocks = static_cast<std::size_t>(world_.size()) * count;
    switch (operation) {
      case Operation::all_reduce:
        return world_.all_reduce(std::span(in, count), std::span(out, count), Op::sum).value();
      case Operation::all_gather: return world_.all_gather(std::span(in, count), std::span(out, blocks)).value();
      case Operation::reduce_scatter:
        return world_.reduce_scatter(std::span(in, blocks), std::span(out, count), Op::sum).value();
      case Operation::broadcast: return world_.broadcast(std::span(out, count), root).value();
      case Operation::all_to_all: return world_.all_to_all(std::span(in, blocks), std::span(out, blocks)).value();
      case Operation::barrier: return barrier();
    }
  }

 private:
  static psyne::CommunicatorOptions options(int rank, const Question& question, Board& board, const std::string& job) {
    psyne::CommunicatorOptions options{.rank = rank, .size = question.ranks, .job = job, .token = job};
    options.transports = {question.tcp ? "tcp" : "ipc"};
    options.exchange = [&board, rank, ranks = question.ranks](const std::string& mine, const psyne::Wait&) {
      auto& text = board.texts[static_cast<std::size_t>(rank)];
      std::ranges::copy(mine.substr(0, text.size() - 1), text.begin());
      for (++board.there; board.there < ranks;) std::this_thread::sleep_for(std::chrono::microseconds(100));
      std::vector<std::string> all;
      for (int other = 0; other < ranks; ++other) all.emplace_back(board.texts[static_cast<std::size_t>(other)].data());
      return psyne::Result<std::vector<std::string>>(std::move(all));
    };
    return options;
  }

  psyne::Communicator world_;
};

double rank(int number, const Question& question, Board& board, const std::string& job) {
  psyne::bench::pin(number % 2);
  Psyne psyne(number, question, board, job);
  return collectives_bench::RankOf(psyne, question).measure();
}

/// This process is rank 0.
std::optional<double> ask(const Question& question) {
  void* const memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory for the ranks to meet in");
  auto& board = *new (memory) Board;
  const std::string job = "bench-" + std::to_string(::getpid());
  std::array<pid_t, most_ranks> others{};
  for (int other = 1; other < question.ranks; ++other) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("no process for a rank");
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      try {
        rank(other, question, board, job);
      } catch (const std::exception& failure) {
        std::fprintf(stderr, "rank %d: %s\n", other, failure.what());
        ::_exit(1);
      }
      ::_exit(0);
    }
    others[static_cast<std::size_t>(other)] = child;
  }
  const double value = rank(0, question, board, job);
  for (int other = 1; other < question.ranks; ++other) ::waitpid(others[static_cast<std::size_t>(other)], nullptr, 0);
  return value;
}

}  // namespace

int main(int argc, char** argv) { return pool_bench::serve(argc, argv, collectives_bench::works(ask)); }
