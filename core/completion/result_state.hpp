#pragma once

#include <psyne/core/completion/completion_state.hpp>
#include <psyne/core/completion/operation_error.hpp>
#include <psyne/core/result/result.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// How the result of an operation is given: Result<T>, or T itself where T is a result already.
template <class T>
struct OutcomeOf {
  using type = Result<T>;
};

/// A CompletionState with the result itself: a value, an Error, or an exception that user code threw.
///
///   complete, fail        producers     the first wins, the others change nothing
///   result, exception     any thread, after it has finished
///   take                  any thread, after it has finished; the value goes to the first
///   seen                  any thread; whether somebody has looked at the result or taken it
template <class T, class Atomics = StandardAtomics>
class ResultState : public CompletionState<Atomics> {
  static_assert(std::is_void_v<T> || std::is_nothrow_move_constructible_v<T>,
                "tl::expected ends the program otherwise");

 public:
  using Outcome = typename OutcomeOf<T>::type;

  bool complete(Outcome&& outcome) noexcept {
    if (!settle(std::move(outcome))) return false;
    tell();
    return true;
  }

  bool fail(std::exception_ptr exception) noexcept {
    if (!this->claim()) return false;
    exception_ = std::move(exception);
    result_.emplace(thrown_error(exception_, this->what()));
    this->publish(CompletionStatus::failed);
    return true;
  }

  const Outcome& result() const noexcept {
    seen_.store(true, std::memory_order_relaxed);
    return *result_;
  }
  bool seen() const noexcept { return seen_.load(std::memory_order_relaxed); }

  /// Null unless the operation ended by an exception, of which result() holds the description.
  const std::exception_ptr& exception() const noexcept { return exception_; }

  /// The result, the value moved out. Whoever comes second for a value gets Code::invalid_state.
  Outcome take() {
    seen_.store(true, std::memory_order_relaxed);
    if constexpr (!std::is_void_v<T>) {
      if (!*result_) return result_->error();
      if (taken_.exchange(true, std::memory_order_relaxed)) {
        return Error(Code::invalid_state, this->what()).because("its value was taken before");
      }
      return std::move(*result_);
    } else {
      return *result_;
    }
  }

 protected:
  /// complete() in two steps, for who decides under a lock and must not call subscribers there: the first that settles
  /// it tells. Between the two, the value may be taken for somebody else under that lock if nobody refers to this.
  bool settle(Outcome&& outcome) noexcept {
    if (!this->claim()) return false;
    settled_ = status_of(outcome);
    result_.emplace(std::move(outcome));
    return true;
  }
  void tell() noexcept { this->publish(settled_); }

 private:
  static CompletionStatus status_of(const Outcome& result) noexcept {
    if (result) return CompletionStatus::completed;
    const Code code = result.error().code();
    return code == Code::cancelled || code == Code::stopped ? CompletionStatus::cancelled : CompletionStatus::failed;
  }

  std::optional<Outcome> result_;
  CompletionStatus settled_ = CompletionStatus::pending;
  std::exception_ptr exception_;
  typename Atomics::template Atomic<bool> taken_{false};
  mutable typename Atomics::template Atomic<bool> seen_{false};
};

}  // namespace psyne::inline v0
