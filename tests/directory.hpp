#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace psyne_test {

/// A directory for one test, gone with it.
class Directory {
 public:
  Directory() {
    char pattern[] = "/tmp/psyne_test_XXXXXX";
    if (mkdtemp(pattern) == nullptr) throw std::runtime_error("cannot make a directory below /tmp");
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::string& path() const { return path_; }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::string path_;
};

}  // namespace psyne_test
