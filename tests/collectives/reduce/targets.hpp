#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <vector>

namespace psyne_test {

/// While it lives, kernels are looked up for one kind of vectors; afterwards for the best of this machine again.
class OnlyTarget {
 public:
  explicit OnlyTarget(std::int64_t target) { allow(target); }
  ~OnlyTarget() { allow(0); }
  OnlyTarget(const OnlyTarget&) = delete;
  OnlyTarget& operator=(const OnlyTarget&) = delete;

 private:
  static void allow(std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

/// What lookup() gives for each kind of vectors of this machine, each kernel once.
template <class Lookup>
auto kernels_of(Lookup lookup) {
  std::vector<decltype(lookup())> kernels;
  std::int64_t left = hwy::SupportedTargets();
  while (left != 0) {
    const std::int64_t target = left & -left;
    left &= ~target;
    const OnlyTarget only(target);
    const auto kernel = lookup();
    bool known = false;
    for (const auto other : kernels) known = known || other == kernel;
    if (!known) kernels.push_back(kernel);
  }
  return kernels;
}

}  // namespace psyne_test
