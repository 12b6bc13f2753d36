#pragma once

#include <psyne/core/ring/mpmc_ring.hpp>
#include <psyne/core/ring/mpsc_ring.hpp>
#include <psyne/core/ring/spsc_ring.hpp>

#include <cstddef>
#include <cstdint>

namespace ring_bench {

template <class Ring>
struct PsyneProducer {
  Ring ring;  // a reference or a Producer

  bool push(std::uint64_t value) { return ring.try_push(value).has_value(); }
  std::size_t push(const std::uint64_t* values, std::size_t count) { return ring.push_n(values, count); }
};

template <class Ring>
struct PsyneConsumer {
  Ring ring;  // a reference or a Consumer

  bool pop(std::uint64_t& value) {
    auto popped = ring.try_pop();
    if (!popped) return false;
    value = *popped;
    return true;
  }
  std::size_t pop(std::uint64_t* values, std::size_t count) { return ring.pop_n(values, count); }
};

class PsyneSpsc {
  using Ring = psyne::SpscRing<std::uint64_t>;

 public:
  PsyneSpsc(std::size_t capacity, std::size_t) : ring_(capacity) {}
  PsyneProducer<Ring&> producer() { return {ring_}; }
  PsyneConsumer<Ring&> consumer() { return {ring_}; }

 private:
  Ring ring_;
};

class PsyneMpsc {
  using Ring = psyne::MpscRing<std::uint64_t>;

 public:
  PsyneMpsc(std::size_t capacity, std::size_t producers) : ring_({.capacity = capacity, .producers = producers}) {}
  PsyneProducer<Ring::Producer> producer() { return {ring_.producer().value()}; }
  PsyneConsumer<Ring&> consumer() { return {ring_}; }

 private:
  Ring ring_;
};

class PsyneMpmc {
  using Ring = psyne::MpmcRing<std::uint64_t>;

 public:
  PsyneMpmc(std::size_t capacity, std::size_t producers) : ring_({.capacity = capacity, .producers = producers}) {}
  PsyneProducer<Ring::Producer> producer() { return {ring_.producer().value()}; }
  PsyneConsumer<Ring::Consumer> consumer() { return {ring_.consumer()}; }

 private:
  Ring ring_;
};

}  // namespace ring_bench
