#pragma once

#include "pair/control.hpp"

#include <sys/types.h>

#include <functional>

namespace patterns_bench {

/// A process that does one thing, on the follower's side of the network (pair/network.hpp), and is killed at the end.
class Process {
 public:
  using Control = psyne::bench::Control;

  /// What `life` throws is told on standard error as `name`'s last words.
  Process(const char* name, const std::function<void(Control&)>& life);
  Process(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  /// To talk with it, outside of what is measured.
  Control& control() noexcept { return control_; }

 private:
  Process(const char* name, const std::function<void(Control&)>& life, std::pair<Control, Control> ends);

  pid_t pid_;
  Control control_;
};

}  // namespace patterns_bench
