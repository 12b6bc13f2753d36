#pragma once

#include <psyne/core/channel/wait.hpp>
#include <psyne/core/completion/any_completion.hpp>
#include <psyne/core/completion/arrivals.hpp>
#include <psyne/core/result/result.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// Any range of completions: a vector of Completion<int>, a braced list of different ones.
template <class Range>
concept CompletionRange = std::ranges::input_range<Range> &&
                          std::derived_from<std::remove_cvref_t<std::ranges::range_reference_t<Range>>, AnyCompletion>;

/// Several operations in the order in which they finish. One thread at a time; allocates per operation when made.
///
///   for (std::size_t number : as_completed(jobs)) use(jobs[number].take());
class AsCompleted {
 public:
  /// Those of no operation are never given out.
  explicit AsCompleted(std::vector<AnyCompletion> completions);
  AsCompleted(AsCompleted&&) noexcept = default;
  AsCompleted& operator=(AsCompleted&&) = delete;

  /// Waits until another one has finished and gives its number in the range. Code::closed after the last one; otherwise
  /// timed_out or stopped, with an error that names the first one not given out.
  Result<std::size_t> next(const Wait& how_long = {});

  /// Those that have not been given out.
  std::size_t waiting() const noexcept { return arrivals_->waiting(); }

  /// Input iterator over numbers, waiting without end.
  class Iterator {
   public:
    using value_type = std::size_t;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(AsCompleted& own) : own_(&own) { ++*this; }
    std::size_t operator*() const noexcept { return *number_; }
    Iterator& operator++() {
      number_ = own_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !number_; }

   private:
    AsCompleted* own_;
    Result<std::size_t> number_ = Code::closed;
  };
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  std::vector<AnyCompletion> completions_;  // kept until arrivals_ has left them
  std::vector<bool> given_;
  std::unique_ptr<Arrivals<>> arrivals_;
};

/// Waits until one has finished, however it ended, and gives its number in the list. Errors: timed_out, stopped;
/// invalid_argument for an empty list or one that holds a completion of no operation.
Result<std::size_t> wait_any(std::span<const AnyCompletion> completions, const Wait& how_long = {});

/// Waits until all have finished, however they ended. Errors: timed_out, stopped, naming the first that has not.
Result<void> wait_all(std::span<const AnyCompletion> completions, const Wait& how_long = {});

template <CompletionRange Range>
Result<std::size_t> wait_any(const Range& completions, const Wait& how_long = {}) {
  const std::vector<AnyCompletion> kept(std::ranges::begin(completions), std::ranges::end(completions));
  return wait_any(std::span(kept), how_long);
}
inline Result<std::size_t> wait_any(std::initializer_list<AnyCompletion> completions, const Wait& how_long = {}) {
  return wait_any(std::span(completions.begin(), completions.size()), how_long);
}

template <CompletionRange Range>
Result<void> wait_all(const Range& completions, const Wait& how_long = {}) {
  const std::vector<AnyCompletion> kept(std::ranges::begin(completions), std::ranges::end(completions));
  return wait_all(std::span(kept), how_long);
}
inline Result<void> wait_all(std::initializer_list<AnyCompletion> completions, const Wait& how_long = {}) {
  return wait_all(std::span(completions.begin(), completions.size()), how_long);
}

template <CompletionRange Range>
AsCompleted as_completed(const Range& completions) {
  return AsCompleted(std::vector<AnyCompletion>(std::ranges::begin(completions), std::ranges::end(completions)));
}
inline AsCompleted as_completed(std::initializer_list<AnyCompletion> completions) {
  return AsCompleted(std::vector<AnyCompletion>(completions));
}

}  // namespace psyne::inline v0
