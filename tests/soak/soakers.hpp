#pragma once

#include "ground.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace psyne_soak {

/// A name and a function.
struct Kind;

/// Threads that do pieces of all kinds, one after another, each of them at random on its own thread or in a job.
///
///   soak        one thread
///   stuck       one other thread
class Soakers {
 public:
  /// `only`: pieces of the kind of that name alone; empty for all.
  Soakers(std::size_t threads, std::uint64_t seed, std::string_view only);
  ~Soakers();

  /// Starts the threads, and ends them after so long, each between two pieces. They are new ones each time.
  void soak(Ground& ground, std::chrono::steady_clock::duration how_long);

  /// Pieces that have been done, by all.
  std::uint64_t done() const noexcept { return done_; }

  /// To be called every second: whether a piece takes more than so many of them; all that every thread is doing, for
  /// people, then lies in `what`. Time in which the process is stopped is so not counted.
  bool stuck(std::uint64_t seconds, std::string& what);

 private:
  struct Diary;
  void run(Ground& ground, Diary& diary, std::uint64_t seed, bool forks_too);
  void step(Ground& ground, Diary& diary, std::uint64_t seed);

  std::uint64_t seed_;
  std::vector<const Kind*> kinds_;
  std::vector<std::unique_ptr<Diary>> diaries_;
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> seconds_{0};
};

}  // namespace psyne_soak
