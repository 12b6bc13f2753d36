#pragma once

#include <psyne/core/completion/any_completion.hpp>
#include <psyne/core/completion/completion_awaiter.hpp>
#include <psyne/core/completion/on_complete.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/core/executor/inline_executor.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// A shared reference to an operation under way, and to its result once it has finished.
///
/// The value can be looked at by all (result) and moved out once (get, take, co_await). Everything else as
/// AnyCompletion.
template <class T>
class [[nodiscard]] Completion : public AnyCompletion {
 public:
  using State = ResultState<T>;
  /// Result<T>, or T itself where T is a result already, such as Received<Tick>.
  using Outcome = typename State::Outcome;

  Completion() noexcept = default;
  /// Takes over one reference to `state`.
  explicit Completion(State* state) noexcept : AnyCompletion(state) {}

  /// Waits, then moves the value out. Throws what the operation threw, or psyne::Exception for an error; for a value
  /// that was taken before, and for no operation, with Code::invalid_state.
  T get() const {
    wait().value();
    if (state()->exception() != nullptr) std::rethrow_exception(state()->exception());
    Outcome outcome = state()->take();
    if (!outcome) throw Exception(outcome.error());
    if constexpr (std::is_same_v<Outcome, T>) {
      return outcome;
    } else {
      return std::move(outcome).value();
    }
  }

  /// Waits, then moves the value out; an exception of user code becomes an error with Code::thrown.
  Outcome take() const {
    if (auto waited = wait(); !waited) return waited.error();
    return state()->take();
  }

  /// Waits, then shows the result to whoever wants it; valid as long as a reference. Not together with get() or take()
  /// on another thread. Only for a reference that refers to an operation.
  const Outcome& result() const {
    static_cast<void>(wait());
    return state()->result();
  }

  /// Has `callback(Completion<T>)` run on `executor` once the operation has finished, now if it has; it must not throw.
  /// Without an executor it runs on the thread that finishes the operation, or on this one, without any lock of ours.
  /// Callbacks are posted in the order in which they were given. One allocation; lives on when this reference goes.
  template <std::invocable<Completion> Callback>
  void on_complete(Callback&& callback, Executor& executor = inline_executor()) const {
    OnComplete<Completion, std::decay_t<Callback>>::attach(*this, std::forward<Callback>(callback), executor);
  }

  /// In a Task: waits without a thread, ends as well when the task's stop token stops, and resumes on the executor that
  /// the task was suspended on. Gives the Outcome, the value moved out; rethrows what user code threw.
  CompletionAwaiter<Completion> operator co_await() const { return CompletionAwaiter<Completion>(*this); }

  /// For coroutines of other libraries: co_await completion.on(executor) resumes them there.
  CompletionAwaiterOn<Completion> on(Executor& executor, StopToken stop = {}) const {
    return CompletionAwaiterOn<Completion>(*this, executor, std::move(stop));
  }

  State* state() const noexcept { return static_cast<State*>(AnyCompletion::state()); }
};

}  // namespace psyne::inline v0
