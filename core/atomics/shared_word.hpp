#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/step.hpp>

namespace psyne::inline v0 {

#ifdef PSYNE_STEPS

/// An atomic each store to which is a step; it has no other way to be changed.
template <class Atomic>
class SteppedWord : private Atomic {
 public:
  using Atomic::Atomic;
  using Atomic::is_always_lock_free;
  using Atomic::load;
  using typename Atomic::value_type;

  void store(value_type value, std::memory_order order = std::memory_order_seq_cst,
             StepPlace place = StepPlace::current()) noexcept {
    step(place);
    Atomic::store(value, order);
  }
};

template <class Atomics, class T>
using SharedWord = SteppedWord<typename Atomics::template Atomic<T>>;

#else

/// A word that one process stores to and others load: an atomic, named apart so that no store to one is forgotten when
/// processes are killed at each of their steps (step.hpp).
template <class Atomics, class T>
using SharedWord = typename Atomics::template Atomic<T>;

#endif

}  // namespace psyne::inline v0
