#pragma once

#include <psyne/collectives/bootstrap/environment.hpp>
#include <psyne/collectives/bootstrap/job_rank.hpp>
#include <psyne/core/result/result.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// The variables of one launcher, checked: whose errors name the variable, what it holds, and what to do.
class Variables {
 public:
  /// `setter`: who sets them, for errors: "torchrun".
  Variables(const Environment& environment, std::string_view setter) : environment_(environment), setter_(setter) {}

  bool has(std::string_view name) const { return environment_.find(name).has_value(); }
  /// Errors: invalid_argument, where it is not set.
  Result<std::string> text(std::string_view name) const;
  /// A whole number, not below `least` and not above `most`. Errors: invalid_argument.
  Result<int> number(std::string_view name, int least, int most) const;

  struct Names {
    std::string_view rank, size, local_rank, local_size;
  };
  /// All four, which must fit together: a rank is below its size, and a host has no more ranks than the job.
  Result<JobRank> ranks(const Names& names) const;

  /// What is wrong with the variable, and why: "RANK is "x"", which ...
  Error wrong(std::string_view name, std::string why) const;

 private:
  const Environment& environment_;
  std::string_view setter_;
};

}  // namespace psyne::inline v0
