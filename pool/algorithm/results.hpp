#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Values that several threads set, each its own, and that become a vector: which cannot hold what it has no default
/// for, nor bits that are set apart from one another, so those lie elsewhere until all are there.
template <class Value>
class Results {
  static constexpr bool in_place = std::default_initializable<Value> && !std::same_as<Value, bool>;

 public:
  explicit Results(std::size_t count) : count_(count) {
    if constexpr (in_place) {
      values_.resize(count);
    } else {
      slots_ = std::make_unique<std::optional<Value>[]>(count);
    }
  }

  template <class From>
  void set(std::size_t place, From&& value) {
    if constexpr (in_place) {
      values_[place] = std::forward<From>(value);
    } else {
      slots_[place].emplace(std::forward<From>(value));
    }
  }

  /// Once all are set.
  std::vector<Value> take() {
    if constexpr (!in_place) {
      values_.reserve(count_);
      for (std::size_t place = 0; place < count_; ++place) values_.push_back(std::move(*slots_[place]));
    }
    return std::move(values_);
  }

 private:
  const std::size_t count_;
  std::vector<Value> values_;
  std::unique_ptr<std::optional<Value>[]> slots_;
};

}  // namespace psyne::inline v0
