#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/ipc/ipc_transport.hpp>

#include "conformance/end.hpp"
#include "conformance/subject.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace ipc_test {

namespace fs = std::filesystem;
using conformance::End;
using conformance::eventually;

/// A name that no other test uses, and a look into its directory.
struct NameDirectory {
  std::string name = fresh();
  std::string path = conformance::scratch_directory() + "/" + name;
  psyne::Uri uri = psyne::Uri::parse("ipc://" + name + "?directory=" + conformance::scratch_directory()).value();

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path, ignored)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  std::vector<std::string> sockets() const {
    auto names = entries();
    std::erase_if(names, [](const std::string& each) { return !each.ends_with(".socket"); });
    return names;
  }
  bool exists() const { return fs::exists(path); }

 private:
  static std::string fresh() {
    static std::atomic<int> count{0};
    return "name" + std::to_string(getpid()) + "-" + std::to_string(++count);
  }
};

inline psyne::Transport& ipc() { return psyne::ipc_transport(); }

}  // namespace ipc_test
