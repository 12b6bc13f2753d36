// An MPI, started by its own mpirun for each measurement; MPI_LAUNCHER says which. Polled, for it has no other way to
// wait.
#define OMPI_SKIP_MPICXX 1  // the C interface alone
#define MPICH_SKIP_MPICXX 1
#include "collectives/rank.hpp"
#include "pair/pin.hpp"

#include <mpi.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace {

using collectives_bench::Operation;
using collectives_bench::Question;

constexpr const char* asked = "PSYNE_BENCH_QUESTION";

class Mpi {
 public:
  Mpi() { MPI_Comm_rank(MPI_COMM_WORLD, &rank_); }

  int rank() const noexcept { return rank_; }
  void barrier() { MPI_Barrier(MPI_COMM_WORLD); }
  void run(Operation operation, const float* in, float* out, std::size_t count, int root) {
    const int many = static_cast<int>(count);
    switch (operation) {
      case Operation::all_reduce: MPI_Allreduce(in, out, many, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD); break;
      case Operation::all_gather: MPI_Allgather(in, many, MPI_FLOAT, out, many, MPI_FLOAT, MPI_COMM_WORLD); break;
      case Operation::reduce_scatter:
        MPI_Reduce_scatter_block(in, out, many, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        break;
      case Operation::broadcast: MPI_Bcast(out, many, MPI_FLOAT, root, MPI_COMM_WORLD); break;
      case Operation::all_to_all: MPI_Alltoall(in, many, MPI_FLOAT, out, many, MPI_FLOAT, MPI_COMM_WORLD); break;
      case Operation::barrier: barrier(); break;
    }
  }

 private:
  int rank_ = 0;
};

std::string words(const Question& question) {
  return std::to_string(static_cast<int>(question.operation)) + " " + std::to_string(question.tcp) + " " +
         std::to_string(question.ranks) + " " + std::to_string(question.bytes) + " " +
         std::to_string(question.milliseconds);
}

Question question_of(const char* text) {
  Question question;
  unsigned operation = 0;
  unsigned tcp = 0;
  unsigned long bytes = 0;
  unsigned long milliseconds = 0;
  if (std::sscanf(text, "%u %u %d %lu %lu", &operation, &tcp, &question.ranks, &bytes, &milliseconds) != 5)
    std::abort();
  question.operation = static_cast<Operation>(operation);
  question.tcp = tcp != 0;
  question.bytes = bytes;
  question.milliseconds = milliseconds;
  return question;
}

/// What mpirun is told besides: which way messages go, and that there may be more ranks than cores.
std::string settings(const Question& question) {
#ifdef OPEN_MPI
  const char* const transport = question.tcp ? "tcp,self --mca btl_tcp_if_include lo" : "vader,self";
  return std::string("--oversubscribe --bind-to none --mca pml ob1 --mca btl ") + transport;
#else
  return question.tcp ? "-bind-to none -genv MPIR_CVAR_NOLOCAL 1 -genv UCX_TLS tcp,self" : "-bind-to none";
#endif
}

std::optional<double> ask(const Question& question) {
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  ::setenv(asked, words(question).c_str(), 1);
  std::array<char, 4096> self{};
  if (::readlink("/proc/self/exe", self.data(), self.size() - 1) < 0) throw std::runtime_error("no /proc/self/exe");
  const std::string command = std::string(MPI_LAUNCHER) + " " + settings(question) + " -n " +
                              std::to_string(question.ranks) + " '" + self.data() + "' 2> /dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> answer(::popen(command.c_str(), "r"), &::pclose);
  double value = 0;
  if (!answer || std::fscanf(answer.get(), "microseconds %lf", &value) != 1) {
    throw std::runtime_error(std::string(MPI_LAUNCHER) + " gave no answer to " + question.name());
  }
  return value;
}

int run_rank(const Question& question) try {
  Mpi mpi;
  psyne::bench::pin(mpi.rank() % 2);
  const double value = collectives_bench::RankOf(mpi, question).measure();
  if (mpi.rank() == 0) std::printf("microseconds %.9g\n", value);
  return 0;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  MPI_Abort(MPI_COMM_WORLD, 1);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const char* const question = std::getenv(asked);
  if (question == nullptr) return pool_bench::serve(argc, argv, collectives_bench::works(ask));
  MPI_Init(&argc, &argv);
  const int failed = run_rank(question_of(question));
  MPI_Finalize();
  return failed;
}
