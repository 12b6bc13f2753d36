#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// What a process can see of who started it. Two look-ups, so that tests bring their own.
struct Environment {
  /// The value of a variable; nothing where it is not set. What is set but empty counts as not set, since that is how
  /// a shell passes on what it does not have.
  std::function<std::optional<std::string>(std::string_view variable)> variable;
  /// The nearest process above this one whose command is called so, as its pid and its start in clock ticks since boot:
  /// "812-99123". No two processes of one boot have the same.
  std::function<std::optional<std::string>(std::string_view command)> ancestor;

  /// Those of this process. A look-up reads the environment, so no other thread may change it meanwhile.
  static Environment of_process();

  std::optional<std::string> find(std::string_view name) const {
    auto value = variable(name);
    if (value && value->empty()) value.reset();
    return value;
  }
};

}  // namespace psyne::inline v0
