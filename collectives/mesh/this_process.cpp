#include <psyne/collectives/mesh/this_process.hpp>
#include <psyne/core/channel/end_id.hpp>
#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

namespace psyne::inline v0 {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("unknown");
}

// Two containers of one machine may have directories of the same name that are not the same: a file's number tells.
Result<std::string> host_of_ipc() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  const std::string directory = Config::process().for_module("ipc").text(option::ipc_directory);
  if (directory == runtime_directory()) {
    if (auto made = make_private_directory(directory); !made) return made.error();
  }
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) return boot + " without " + directory;
  return boot + " " + std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + " " + directory;
}

}  // namespace

Result<Whereabouts> whereabouts_of_process(int rank) {
  static const Result<EndId> drawn =
      EndId::random();  // a number of a process may be that of another in another container
  if (!drawn) return drawn.error();
  auto host = host_of_ipc();
  if (!host) return host.error();
  Whereabouts found;
  found.host = *host;
  found.process = std::to_string(drawn->value) + " " + std::to_string(getpid());
  found.name = "rank " + std::to_string(rank) + " (host " + host_name() + ", pid " + std::to_string(getpid()) + ")";
  found.cpus = allowed_cpus();
  return found;
}

}  // namespace psyne::inline v0
