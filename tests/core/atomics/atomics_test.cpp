#include <psyne/core/atomics/atomics.hpp>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Sharing;
using psyne::Sleep;
using psyne::StandardAtomics;

TEST(Atomics, WaitReturnsAtOnceWhenTheWordDiffers) {
  const std::atomic<std::uint32_t> word{1};
  EXPECT_EQ(StandardAtomics::wait(word, 0, Sharing::process, psyne::no_deadline), Sleep::woken);
}

TEST(Atomics, WaitEndsAtItsDeadline) {
  const std::atomic<std::uint32_t> word{0};
  const auto start = psyne::Clock::now();
  while (StandardAtomics::wait(word, 0, Sharing::process, start + 20ms) != Sleep::timed_out) {
  }
  EXPECT_GE(psyne::Clock::now() - start, 20ms);
}

TEST(Atomics, ADeadlineInThePastTimesOut) {
  const std::atomic<std::uint32_t> word{0};
  EXPECT_EQ(StandardAtomics::wait(word, 0, Sharing::process, psyne::Deadline{}), Sleep::timed_out);
}

// The sleeper maps the waker's memory read-only, and the waker may map the sleeper's read-only: lanes rely on both.
TEST(Atomics, WaitAndWakeWorkThroughReadOnlyMappings) {
  const int memory = memfd_create("word", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(memory, 4096), 0);
  void* writable = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  void* readable = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, memory, 0);
  auto* own = static_cast<std::atomic<std::uint32_t>*>(writable);
  const auto* peers = static_cast<const std::atomic<std::uint32_t>*>(readable);

  std::atomic<bool> awake{false};
  std::thread sleeper([&] {
    while (peers->load() == 0)
      static_cast<void>(StandardAtomics::wait(*peers, 0, Sharing::machine, psyne::no_deadline));
    awake = true;
  });
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(awake);
  own->store(1);
  while (!awake) StandardAtomics::wake(*peers, 1, Sharing::machine);
  sleeper.join();
  munmap(writable, 4096);
  munmap(readable, 4096);
  close(memory);
}

// Store, barrier, load on both sides: at least one must see the other's store, however cheap the light side is.
TEST(Atomics, LightAndHeavyBarrierForbidThatBothSidesMissEachOther) {
  constexpr int rounds = 20'000;
  struct alignas(64) Word {
    std::atomic<int> value{0};
  };
  Word published, asleep;
  std::atomic<int> light_phase{0}, heavy_phase{0};  // two phases a round: both begin, both have looked
  const auto meet = [](std::atomic<int>& own, const std::atomic<int>& other, int phase) {
    own.store(phase);
    while (other.load() < phase) StandardAtomics::pause();
  };
  int light_saw = 0, both_missed = 0;
  std::thread light([&] {
    for (int round = 1; round <= rounds; ++round) {
      meet(light_phase, heavy_phase, 2 * round);
      published.value.store(round, std::memory_order_relaxed);
      StandardAtomics::light_barrier();
      light_saw = asleep.value.load(std::memory_order_relaxed);
      meet(light_phase, heavy_phase, 2 * round + 1);
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    meet(heavy_phase, light_phase, 2 * round);
    asleep.value.store(round, std::memory_order_relaxed);
    StandardAtomics::heavy_barrier();
    const int heavy_saw = published.value.load(std::memory_order_relaxed);
    meet(heavy_phase, light_phase, 2 * round + 1);
    if (heavy_saw != round && light_saw != round) ++both_missed;
  }
  light.join();
  EXPECT_EQ(both_missed, 0);
}

}  // namespace
