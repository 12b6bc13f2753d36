#include "leftovers.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace step_kill {

namespace {

constexpr const char* variable = "XDG_RUNTIME_DIR";

template <class Directory>
std::size_t entries_of(const std::filesystem::path& path) {
  std::size_t count = 0;
  std::error_code none;
  for (Directory at(path, none), end; at != end; at.increment(none)) ++count;
  return count;
}

}  // namespace

Leftovers Leftovers::now() {
  Leftovers found;
  found.descriptors = entries_of<std::filesystem::directory_iterator>("/proc/self/fd");
  found.files = entries_of<std::filesystem::recursive_directory_iterator>(getenv(variable));
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) found.mappings += line.find("memfd:psyne") != std::string::npos;
  return found;
}

std::string Leftovers::text() const {
  return std::to_string(descriptors) + " descriptors, " + std::to_string(mappings) + " mappings, " +
         std::to_string(files) + " files";
}

NamesDirectory::NamesDirectory() {
  std::string path = (std::filesystem::temp_directory_path() / "psyne-step-kill-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) abort();
  setenv(variable, path.c_str(), 1);
  unsetenv("PSYNE_IPC_DIRECTORY");
}

NamesDirectory::~NamesDirectory() {
  std::error_code none;
  std::filesystem::remove_all(getenv(variable), none);
}

}  // namespace step_kill
