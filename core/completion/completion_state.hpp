#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/core/stop/stop_reason.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/core/stop/subscribers.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// How far an operation is. It leaves `pending` once and for all.
enum class CompletionStatus : std::uint8_t {
  pending,
  completed,  ///< with a value
  failed,     ///< with an error or an exception
  cancelled,  ///< ended because somebody cancelled it, its stop token stopped, or nobody was left to complete it
};

/// The one state beneath every asynchronous result, whatever its type: whether it has finished, and who waits for that.
///
///   status, finished           any thread            wait-free
///   subscribe, unsubscribe     any thread            as Subscribers add and remove
///   wait                       any threads at once   blocks
///   cancel                     any thread            as the producer's cancel_requested
///   claim, publish             the producers         claim is won once; the winner publishes
///   retain, release            any thread            wait-free; the last release destroys, as unreferenced() says
///
/// A producer keeps a reference until publish() has returned. Subscribers are called in the order in which they came,
/// by the thread that publishes, without any lock.
template <class Atomics = StandardAtomics>
class CompletionState {  // NOLINT(cppcoreguidelines-virtual-class-destructor): release() alone destroys
 public:
  /// With one reference, which is the caller's.
  CompletionState() noexcept = default;
  CompletionState(const CompletionState&) = delete;
  CompletionState& operator=(const CompletionState&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (drop()) unreferenced();
  }

  CompletionStatus status() const noexcept {
    const std::uint32_t phase = phase_.load(std::memory_order_acquire);
    return phase == finishing ? CompletionStatus::pending : static_cast<CompletionStatus>(phase);
  }
  bool finished() const noexcept { return status() != CompletionStatus::pending; }

  /// False when it has finished: then the subscriber will not be called.
  [[nodiscard]] bool subscribe(EventSubscriber& subscriber) noexcept { return subscribers_.add(subscriber); }
  /// True when the subscriber was taken out before it was called.
  bool unsubscribe(EventSubscriber& subscriber) noexcept { return subscribers_.remove(subscriber); }

  /// Until it has finished (`ready`), the deadline or a stop. A producer whose work a waiting thread can do itself has
  /// it done here.
  virtual WaitEnd wait(Deadline deadline, const BasicStopToken<Atomics>& stop, const Patience& patience = {}) {
    if (finished()) return WaitEnd::ready;
    Sleeper sleeper;
    if (!subscribe(sleeper)) return WaitEnd::ready;
    const WaitEnd end = wait_or_stop(
        sleeper.parker, [&] { return finished(); }, deadline, stop, patience);
    unsubscribe(sleeper);
    return end;
  }

  /// Asks the producer to end it early; false when it has finished. Cooperative: it may still complete, or take a while
  /// to end, but the producer will finish it.
  bool cancel(StopReason reason, std::string text = {}) {
    if (finished()) return false;
    cancel_requested(reason, std::move(text));
    return true;
  }

  /// What a wait for it was for, beginning a sentence: "cannot receive from ipc://ticks".
  virtual std::string what() const { return "cannot wait for an operation"; }

 protected:
  virtual ~CompletionState() = default;

  /// The producer's: called by cancel(), on its thread, perhaps several times and while the operation just finishes.
  virtual void cancel_requested(StopReason reason, std::string text) = 0;

  /// The last reference has gone.
  virtual void unreferenced() noexcept { delete this; }

  /// Gives up a reference; true when it was the last, and then the caller does what unreferenced() is for.
  [[nodiscard]] bool drop() noexcept { return references_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  /// For a producer that holds none, while unreferenced() does not return: false when the last has gone.
  [[nodiscard]] bool try_retain() noexcept {
    std::uint32_t references = references_.load(std::memory_order_relaxed);
    while (references != 0) {
      if (references_.compare_exchange_weak(references, references + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  /// For a producer that holds a reference: whether nobody else does, and so never will.
  bool abandoned() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

  /// True for the one caller that may write the result and must then publish.
  bool claim() noexcept {
    std::uint32_t expected = pending;
    return phase_.compare_exchange_strong(expected, finishing, std::memory_order_relaxed);
  }

  /// Makes the result visible, wakes who waits and calls who subscribed.
  void publish(CompletionStatus status) noexcept {
    // Release: the result before the status. The subscribers' lock orders it before everyone who comes too late for
    // them.
    phase_.store(static_cast<std::uint32_t>(status), std::memory_order_release);
    subscribers_.fire();
  }

 private:
  struct Sleeper : EventSubscriber {
    Sleeper() noexcept
        : EventSubscriber([](EventSubscriber& self) noexcept { static_cast<Sleeper&>(self).parker.wake(); }) {}
    Parker<Atomics> parker;
  };

  static constexpr std::uint32_t pending = static_cast<std::uint32_t>(CompletionStatus::pending);
  static constexpr std::uint32_t finishing = 255;  // claimed, the result is being written

  typename Atomics::template Atomic<std::uint32_t> phase_{pending};
  typename Atomics::template Atomic<std::uint32_t> references_{1};
  Subscribers<Atomics> subscribers_;
};

}  // namespace psyne::inline v0
