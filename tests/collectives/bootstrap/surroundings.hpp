#pragma once

#include <psyne/collectives/bootstrap/environment.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace psyne_test {

using VariablesSet = std::map<std::string, std::string, std::less<>>;

/// An environment with these variables, and below these processes.
inline psyne::Environment surroundings(VariablesSet variables, VariablesSet ancestors = {}) {
  const auto look_up = [](VariablesSet in) {
    return [in = std::move(in)](std::string_view name) -> std::optional<std::string> {
      const auto found = in.find(name);
      if (found == in.end()) return std::nullopt;
      return found->second;
    };
  };
  return {.variable = look_up(std::move(variables)), .ancestor = look_up(std::move(ancestors))};
}

/// The same but for some variables; an empty value unsets.
inline VariablesSet changed(VariablesSet variables, const VariablesSet& changes) {
  for (const auto& [name, value] : changes) {
    if (value.empty()) {
      variables.erase(name);
    } else {
      variables[name] = value;
    }
  }
  return variables;
}

}  // namespace psyne_test
