#pragma once

#include <psyne/core/completion/completer.hpp>

#include "verdict.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace psyne_soak {

/// `count` things that are each to be done exactly once, and somebody who waits for the last. Shared by all of them, so
/// that one that is done a second time, later, is still noticed.
class Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count), done_(count) {
    if (count == 0) completer_.complete({});
  }

  /// Any thread.
  void did(std::size_t number) noexcept {
    if (done_[number].exchange(true)) return wrong("countdown", number, "a job is run once");
    if (left_.fetch_sub(1) == 1) completer_.complete({});
  }
  bool was_done(std::size_t number) const noexcept { return done_[number]; }
  std::size_t left() const noexcept { return left_; }

  /// Without end: what is lost the watchdog tells.
  void wait() const { completion_.wait().value(); }

 private:
  std::atomic<std::size_t> left_;
  std::vector<std::atomic<bool>> done_;
  psyne::Completer<void> completer_;
  psyne::Completion<void> completion_ = completer_.completion();
};

inline std::shared_ptr<Countdown> countdown(std::size_t count) { return std::make_shared<Countdown>(count); }

/// Part of a callable: tells by `count` how many of them there are.
class Alive {
 public:
  explicit Alive(std::shared_ptr<std::atomic<int>> count) noexcept : count_(std::move(count)) { ++*count_; }
  Alive(const Alive& other) noexcept : Alive(other.count_) {}
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --*count_; }

 private:
  std::shared_ptr<std::atomic<int>> count_;
};

}  // namespace psyne_soak
