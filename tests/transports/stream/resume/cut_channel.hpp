#pragma once

#include "conformance/free_port.hpp"
#include "conformance/subject.hpp"
#include "transports/stream/resume/cutting_proxy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace resume_test {

/// A listening end, a connecting end, and a proxy between them.
class CutChannel : public testing::TestWithParam<const char*> {
 protected:
  CutChannel() {
    if (unix_socket()) {
      static int names = 0;
      const std::string path =
          conformance::scratch_directory() + "/cut" + std::to_string(getpid()) + "-" + std::to_string(++names);
      here_.path = path + "h";
      there_.path = path + "t";
    } else {
      here_.port = conformance::free_port();
      there_.port = conformance::free_port();
    }
  }
  ~CutChannel() override {
    if (unix_socket()) unlink(here_.path.c_str());
  }

  static bool unix_socket() { return std::string_view(GetParam()) == "unix"; }
  /// `reconnect`: and perhaps more, "200ms&linger=1s".
  static std::string query(const std::string& reconnect) {
    const std::string prefix = unix_socket() ? "tcp." : "";
    return "?" + prefix + "token=t" + (reconnect.empty() ? "" : "&" + prefix + "reconnect=" + reconnect);
  }
  std::string listening(const std::string& reconnect = "20s") const {
    return std::string(GetParam()) + "://*" + (unix_socket() ? there_.path : ":" + std::to_string(there_.port)) +
           (unix_socket() ? "//s" : "/s") + query(reconnect);
  }
  std::string calling(const std::string& reconnect = "20s") const {
    return std::string(GetParam()) + "://" + (unix_socket() ? here_.path : "127.0.0.1:" + std::to_string(here_.port)) +
           (unix_socket() ? "//s" : "/s") + query(reconnect);
  }
  /// The same, past the proxy.
  std::string beside(const std::string& reconnect) const {
    return std::string(GetParam()) + "://" +
           (unix_socket() ? there_.path : "127.0.0.1:" + std::to_string(there_.port)) + (unix_socket() ? "//s" : "/s") +
           query(reconnect);
  }
  CuttingProxy& proxy(CuttingProxy::Life life) {
    proxy_.reset();
    if (unix_socket()) unlink(here_.path.c_str());
    return proxy_.emplace(here_, there_, std::move(life));
  }
  /// Cuts so often, in any way: first after `first` bytes, for a cut before the ends have met is another matter, then
  /// after fewer than `most(random)`.
  template <class Most>
  CuttingProxy& random_proxy(int cuts, std::uint32_t seed, std::uint64_t first, Most most) {
    return proxy([random = std::mt19937(seed), cuts, first = std::optional(first), most]() mutable {
      const std::uint64_t below = most(random);
      const Cut how = std::array{Cut::hang_up, Cut::reset, Cut::caller}[random() % 3];
      const std::uint64_t after = first ? *std::exchange(first, std::nullopt) : random() % below;
      return std::pair(cuts-- > 0 ? after : CuttingProxy::for_ever, how);
    });
  }
  CuttingProxy& patient_proxy(Cut how = Cut::hang_up) {
    return proxy([how] { return std::pair(CuttingProxy::for_ever, how); });
  }

 private:
  Place here_, there_;
  std::optional<CuttingProxy> proxy_;
};

}  // namespace resume_test
