// Open MPI between two processes of one machine, started by its own mpirun; polled, for it has no other way to wait.
#define OMPI_SKIP_MPICXX 1  // the C interface alone
#include "pair/network.hpp"
#include "pair/pin.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <dlfcn.h>
#include <mpi.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace psyne::bench {
namespace {

class OpenMpi {
 public:
  explicit OpenMpi(Side side) : peer_(side == Side::leader ? 1 : 0) {}

  void send(std::span<const std::byte> message) {
    MPI_Send(message.data(), length(message), MPI_BYTE, peer_, tag, MPI_COMM_WORLD);
  }
  void receive(std::span<std::byte> message) {
    MPI_Recv(message.data(), length(message), MPI_BYTE, peer_, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }

  std::size_t window(const Cell& cell) const noexcept { return polled_window(cell); }
  void start_send(std::size_t slot, std::span<const std::byte> message) {
    MPI_Isend(message.data(), length(message), MPI_BYTE, peer_, tag, MPI_COMM_WORLD, &slots_[slot]);
  }
  void finish_send(std::size_t slot) { MPI_Wait(&slots_[slot], MPI_STATUS_IGNORE); }
  void start_receive(std::size_t slot, std::span<std::byte> message) {
    MPI_Irecv(message.data(), length(message), MPI_BYTE, peer_, tag, MPI_COMM_WORLD, &slots_[slot]);
  }
  void finish_receive(std::size_t slot) { MPI_Wait(&slots_[slot], MPI_STATUS_IGNORE); }

 private:
  static constexpr int tag = 1;
  static int length(std::span<const std::byte> message) noexcept { return static_cast<int>(message.size()); }

  int peer_;
  MPI_Request slots_[256] = {};
};

/// What carries the messages, and how it was tuned.
std::vector<const char*> settings(Over over, const char* device) {
  // Over TCP the defaults: eager limits of 8 KiB to 2 MB gain in one work what they lose in another (128 KiB: streams
  // of 64 KiB at 2.8 GB/s in place of 2.3, 1 MiB one way in 129 us in place of 111); socket buffers change nothing.
  if (over == Over::tcp) return {"btl", "tcp,self", "btl_tcp_if_include", device};
  // The eager limit: 4 KiB in 536 ns, where the default's rendezvous took 2128.
  return {"btl", "vader,self", "btl_vader_eager_limit", "32768"};
}

/// Becomes mpirun with two of this program; returns only when there is no mpirun.
void start_both(int argc, char** argv, Over over) {
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  ::setenv("PSYNE_BENCH_MEETING", ("psyne-bench-" + std::to_string(::getpid())).c_str(), 1);
  std::vector<const char*> words{"mpirun", "-n", "2", "--oversubscribe", "--bind-to", "none", "-x"};
  words.push_back("PSYNE_BENCH_MEETING");
  const std::string device = network_device();
  std::vector<const char*> chosen = settings(over, device.c_str());
  chosen.insert(chosen.end(), {"pml", "ob1", "oob_tcp_if_include", "lo"});
  for (std::size_t i = 0; i < chosen.size(); i += 2) words.insert(words.end(), {"--mca", chosen[i], chosen[i + 1]});
  words.insert(words.end(), argv, argv + argc);
  words.push_back(nullptr);
  ::execvp("mpirun", const_cast<char* const*>(words.data()));
  std::perror("mpirun");
}

/// The connection to mpirun of a process that leaves for another network, where nobody reaches mpirun: made before, and
/// counted once more than MPI_Init and MPI_Finalize do.
class Launcher {
 public:
  Launcher() {
    using Init = int (*)(void*, void*, std::size_t);
    const auto init = reinterpret_cast<Init>(find("PMIx_Init"));
    if (init == nullptr || init(nullptr, nullptr, 0) != 0) throw std::runtime_error("Open MPI: no PMIx to its mpirun");
  }
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher() {
    using Finalize = int (*)(void*, std::size_t);
    if (const auto finalize = reinterpret_cast<Finalize>(find("PMIx_Finalize"))) finalize(nullptr, 0);
  }

 private:
  void* find(const char* name) const { return library_ == nullptr ? nullptr : ::dlsym(library_, name); }

  void* library_ = ::dlopen("libpmix.so.2", RTLD_NOW | RTLD_GLOBAL);
};

Side side_of_rank() { return std::string(std::getenv("OMPI_COMM_WORLD_RANK")) == "0" ? Side::leader : Side::follower; }

int run_rank(const Options& options, Control control) try {
  const Side side = side_of_rank();
  pin(options.cpus[side == Side::leader ? 0 : 1]);
  OpenMpi peer(side);
  run_session(options, side, control, [&peer](const Cell& cell, Side self, Control& words) -> std::optional<double> {
    if (cell.blocks()) return std::nullopt;
    return measure_peer(peer, cell, self, words);
  });
  return 0;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  MPI_Abort(MPI_COMM_WORLD, 1);
  return 1;
}

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  const Options options = parse_options(argc, argv);
  if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr) {
    start_both(argc, argv, options.over);
    return 1;
  }
  Control control = Control::meet(side_of_rank(), std::getenv("PSYNE_BENCH_MEETING"));
  std::optional<Launcher> launcher;
  if (network_device() != "lo") launcher.emplace();
  enter_network(side_of_rank());
  MPI_Init(&argc, &argv);
  const int failed = run_rank(options, std::move(control));
  MPI_Finalize();
  return failed;
}
