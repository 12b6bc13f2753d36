#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace step_kill {

/// What a survivor found wrong.
class Findings {
 public:
  void expect(bool promise, const std::string& otherwise) {
    if (!promise) all_.push_back(otherwise);
  }
  const std::vector<std::string>& all() const noexcept { return all_; }

 private:
  std::vector<std::string> all_;
};

/// A victim of `script` lives and dies, at step `kill_at` unless it ends before; whether it ended by itself.
using Survive = std::function<bool(std::uint64_t kill_at, Findings& findings)>;

/// Kills at the first step, then at the second, until a victim ends by itself. Adds to the totals.
/// Returns what was found, each with its step, and what was left behind; gives up after a few.
std::vector<std::string> kill_at_every_step(std::string_view script, const Survive& survive);

/// How many steps that script had in kill_at_every_step.
std::uint64_t steps_of(std::string_view script);

/// A script's name as that of a test.
template <class Script>
std::string test_name(const testing::TestParamInfo<Script>& script) {
  std::string name(script.param.name);
  std::ranges::replace(name, ' ', '_');
  return name;
}

/// At the end: says how many steps were covered, and fails where a place in the sources at which a step stands was
/// never one at which a process was killed. Only where every script ran.
class Totals final : public testing::Environment {
 public:
  void TearDown() override;
};

}  // namespace step_kill
