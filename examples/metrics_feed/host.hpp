#pragma once

#include <map>
#include <string>

/// Reads what Linux counts below /proc; rates are since the look before.
class Host {
 public:
  Host();

  /// Values by topic: those of `metrics`, and "host.uptime".
  std::map<std::string, double> look();

 private:
  using Counts = std::map<std::string, double>;
  static Counts count();

  Counts before_;
};
