#pragma once

#include "progress.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace step_kill {

/// A process that runs one script and dies at one of its steps; killed with its owner.
class Victim {
 public:
  Victim(std::string_view script, std::uint64_t kill_at);
  ~Victim();
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  /// From now on every victim dies where it first comes to that place of the sources, file:line; at none when empty.
  static void choose(const std::string& place);

  /// What it told; the same page for all, one at a time.
  static Progress& progress();

  /// Whether it has ended.
  bool gone();
  /// It ended by itself, well: there are no more steps. After gone().
  bool finished() const noexcept { return ended_ == Ended::well; }
  /// It ended by itself, badly, by this exit status; else 0.
  int failure() const noexcept { return ended_ == Ended::badly ? status_ : 0; }

  /// What main() of the process does when it is one.
  static int main(std::string_view script, int progress_descriptor);

 private:
  enum class Ended : std::uint8_t { not_yet, killed, well, badly };

  pid_t pid_ = -1;
  Ended ended_ = Ended::not_yet;
  int status_ = 0;
};

}  // namespace step_kill
