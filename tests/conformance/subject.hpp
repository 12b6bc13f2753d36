#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/core/uri/uri.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace conformance {

/// A transport under test: what the suite must know beyond what the transport tells of itself.
struct Subject {
  std::string scheme;
  std::string query = {};  ///< appended to every URI
  bool crosses_processes = false;
  std::string narrow = {};  ///< instead of `query`: a link whose queue is soon full, where one can be

  psyne::Transport& transport() const { return *psyne::transport_for(scheme).value(); }
};

inline void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.scheme; }

/// A directory of this test process alone, removed with it.
inline const std::string& scratch_directory() {
  struct Scratch {
    std::string path = (std::filesystem::temp_directory_path() / "psyne-test-XXXXXX").string();
    pid_t owner = getpid();
    Scratch() { static_cast<void>(!mkdtemp(path.data())); }
    ~Scratch() {
      std::error_code ignored;
      if (getpid() == owner) std::filesystem::remove_all(path, ignored);
    }
  };
  static const Scratch scratch;
  return scratch.path;
}

/// Every transport is here; each test of the suite runs once for each.
inline const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all{
      {.scheme = "memory"},
      {.scheme = "ipc", .query = "?directory=" + scratch_directory(), .crosses_processes = true},
      {.scheme = "sim", .narrow = "?queue=8&delay=1ms..2ms"},
  };
  return all;
}

/// A suite over all transports; its tests use `subject()`.
class Conformance : public testing::TestWithParam<Subject> {
 protected:
  static const Subject& subject() { return GetParam(); }
  static psyne::Transport& transport() { return subject().transport(); }

  /// A name that no other test uses.
  static psyne::Uri fresh_uri() { return fresh_uri(subject().query); }
  static psyne::Uri narrow_uri() { return fresh_uri(subject().narrow.empty() ? subject().query : subject().narrow); }

 private:
  static psyne::Uri fresh_uri(const std::string& query) {
    static std::atomic<int> count{0};
    return psyne::Uri::parse(subject().scheme + "://test" + std::to_string(getpid()) + "-" + std::to_string(++count) +
                             query)
        .value();
  }
};

#define PSYNE_CONFORMANCE(suite)                                                          \
  INSTANTIATE_TEST_SUITE_P(Transports, suite, testing::ValuesIn(conformance::subjects()), \
                           [](const auto& each) { return each.param.scheme; })

}  // namespace conformance
