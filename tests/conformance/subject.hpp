#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/core/uri/uri.hpp>

#include "conformance/address.hpp"
#include "conformance/free_port.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace conformance {

/// A transport under test: what the suite must know beyond what the transport tells of itself.
struct Subject {
  std::string scheme;
  std::string query = {};  ///< appended to every URI
  bool crosses_processes = false;
  std::string narrow = {};                  ///< instead of `query`: a link whose queue is soon full, where one can be
  std::optional<psyne::Side> listens = {};  ///< of this side there is one, and the others connect to it

  psyne::Transport& transport() const { return *psyne::transport_for(scheme).value(); }
  std::string name() const {
    return !listens ? scheme : scheme + (*listens == psyne::Side::offering ? "_to_offering" : "_to_answering");
  }
};

inline void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name(); }

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
      {.scheme = "tcp", .crosses_processes = true, .narrow = "?send_buffer=16K", .listens = psyne::Side::offering},
      {.scheme = "tcp", .crosses_processes = true, .narrow = "?send_buffer=16K", .listens = psyne::Side::answering},
      {.scheme = "tls",
       .query = "?token=conformance",
       .crosses_processes = true,
       .narrow = "?token=conformance&send_buffer=16K",
       .listens = psyne::Side::offering},
      {.scheme = "tls",
       .query = "?token=conformance",
       .crosses_processes = true,
       .narrow = "?token=conformance&send_buffer=16K",
       .listens = psyne::Side::answering},
      {.scheme = "unix",
       .crosses_processes = true,
       .narrow = "?tcp.send_buffer=16K",
       .listens = psyne::Side::answering},
  };
  return all;
}

/// A suite over all transports; its tests use `subject()`.
class Conformance : public testing::TestWithParam<Subject> {
 protected:
  static const Subject& subject() { return GetParam(); }
  static psyne::Transport& transport() { return subject().transport(); }

  /// Whether several ends of this side may be at one name.
  static bool may_be_many(psyne::Side side) { return subject().listens != side; }

  /// An address that no other test uses.
  static Address fresh_uri() { return fresh_uri(subject().query); }
  static Address narrow_uri() { return fresh_uri(subject().narrow.empty() ? subject().query : subject().narrow); }

 private:
  static Address fresh_uri(const std::string& query) {
    static std::atomic<int> count{0};
    const std::string name = "test" + std::to_string(getpid()) + "-" + std::to_string(++count);
    const auto uri = [&](const std::string& place) {
      return psyne::Uri::parse(subject().scheme + "://" + place).value();
    };
    if (!subject().listens) return uri(name + query);
    if (subject().scheme == "unix") {
      const std::string path = scratch_directory() + "/" + name;
      return {uri("*" + path + query), uri(path + query), *subject().listens};
    }
    const std::string port = std::to_string(free_port());
    const std::string more = query.empty() ? "" : "&" + query.substr(1);
    return {uri("*:" + port + "/" + name + "?iface=127.0.0.1" + more), uri("127.0.0.1:" + port + "/" + name + query),
            *subject().listens};
  }
};

#define PSYNE_CONFORMANCE(suite)                                                          \
  INSTANTIATE_TEST_SUITE_P(Transports, suite, testing::ValuesIn(conformance::subjects()), \
                           [](const auto& each) { return each.param.name(); })

}  // namespace conformance
