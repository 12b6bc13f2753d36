#pragma once

#include <psyne/core/completion/completion_state.hpp>
#include <psyne/core/completion/operation_error.hpp>
#include <psyne/core/result/result.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// A CompletionState with the result itself: a value, an Error, or an exception that user code threw.
///
///   complete, fail        producers     the first wins, the others change nothing
///   result, exception     any thread, after it has finished
///   take                  any thread, after it has finished; the value goes to the first
template <class T, class Atomics = StandardAtomics>
class ResultState : public CompletionState<Atomics> {
  static_assert(std::is_void_v<T> || std::is_nothrow_move_constructible_v<T>,
                "tl::expected ends the program otherwise");

 public:
  bool complete(Result<T>&& result) noexcept {
    if (!this->claim()) return false;
    result_.emplace(std::move(result));
    this->publish(status_of(*result_));
    return true;
  }

  bool fail(std::exception_ptr exception) noexcept {
    if (!this->claim()) return false;
    exception_ = std::move(exception);
    result_.emplace(thrown_error(exception_, this->what()));
    this->publish(CompletionStatus::failed);
    return true;
  }

  const Result<T>& result() const noexcept { return *result_; }

  /// Null unless the operation ended by an exception, of which result() holds the description.
  const std::exception_ptr& exception() const noexcept { return exception_; }

  /// The result, the value moved out. Whoever comes second for a value gets Code::invalid_state.
  Result<T> take() {
    if constexpr (!std::is_void_v<T>) {
      if (!result_->has_value()) return result_->error();
      if (taken_.exchange(true, std::memory_order_relaxed)) {
        return Error(Code::invalid_state, this->what()).because("its value was taken before");
      }
      return std::move(*result_);
    } else {
      return *result_;
    }
  }

 private:
  static CompletionStatus status_of(const Result<T>& result) noexcept {
    if (result.has_value()) return CompletionStatus::completed;
    const Code code = result.error().code();
    return code == Code::cancelled || code == Code::stopped ? CompletionStatus::cancelled : CompletionStatus::failed;
  }

  std::optional<Result<T>> result_;
  std::exception_ptr exception_;
  typename Atomics::template Atomic<bool> taken_{false};
};

}  // namespace psyne::inline v0
