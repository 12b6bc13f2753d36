#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/topology/cpu_list.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// What a rank tells all others before there is a link: where it runs and how it can be reached.
struct Whereabouts {
  std::string host;     ///< the same for ranks that can share memory: the machine's boot, and the directory of ipc://
  std::string process;  ///< the same for ranks of one process
  std::string name;     ///< for people: "rank 3 (host b, pid 812)"
  CpuList cpus;         ///< that it may run on
  std::vector<std::string> uris;  ///< where it answers, one for each transport that it allows

  std::string text() const;
  /// Errors: corrupted.
  static Result<Whereabouts> parse(std::string_view text);

  /// The URI of that scheme, or nothing.
  std::string_view uri(std::string_view scheme) const noexcept;
};

/// How two ranks reach each other, and why so. Both find the same.
struct Route {
  std::string scheme;
  std::string reason;
};

/// The quickest way that both allow: within a process, within a host, over a network. Errors: unsupported.
Result<Route> choose_route(const Whereabouts& one, const Whereabouts& other);

}  // namespace psyne::inline v0
