#include "leftovers.hpp"

#include <psyne/core/metrics/page_file.hpp>

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace step_kill {

namespace {

constexpr const char* names_variable = "XDG_RUNTIME_DIR";
constexpr const char* pages_variable = "PSYNE_METRICS_DIRECTORY";

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
  found.files = entries_of<std::filesystem::recursive_directory_iterator>(getenv(names_variable));
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    found.mappings += line.find("memfd:psyne") != std::string::npos || line.find(".metrics") != std::string::npos;
  }
  const auto pages = psyne::metrics::pages_in(getenv(pages_variable));
  const auto dead = std::ranges::count(pages, false, &psyne::metrics::Found::alive);
  found.pages = dead > 1 ? static_cast<std::size_t>(dead) - 1 : 0;
  return found;
}

std::string Leftovers::text() const {
  return std::to_string(descriptors) + " descriptors, " + std::to_string(mappings) + " mappings, " +
         std::to_string(files) + " files, " + std::to_string(pages) + " pages of the dead";
}

NamesDirectory::NamesDirectory() {
  std::string path = (std::filesystem::temp_directory_path() / "psyne-step-kill-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) abort();
  setenv(names_variable, path.c_str(), 1);
  std::string pages = (std::filesystem::temp_directory_path() / "psyne-step-kill-pages-XXXXXX").string();
  if (mkdtemp(pages.data()) == nullptr) abort();
  setenv(pages_variable, pages.c_str(), 1);
  unsetenv("PSYNE_IPC_DIRECTORY");
}

NamesDirectory::~NamesDirectory() {
  std::error_code none;
  std::filesystem::remove_all(getenv(names_variable), none);
  std::filesystem::remove_all(getenv(pages_variable), none);
}

}  // namespace step_kill
