#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/service/life_line.hpp>
#include <psyne/core/service/service.hpp>

#include <functional>
#include <memory>

namespace psyne::inline v0 {

/// Calls back on the service thread at one point in time. set: any thread; all else by one thread at a time.
class Alarm final : private Service::Watcher {
 public:
  /// Errors: exhausted.
  static Result<std::unique_ptr<Alarm>> make(std::function<void()> rings);
  ~Alarm() override { line_.unwatch(); }

  /// Rings at `when` and at no other time any more; `no_deadline` is never.
  void set(Deadline when) noexcept;

 private:
  Alarm(Descriptor timer, std::function<void()> rings) : line_(std::move(timer)), rings_(std::move(rings)) {}
  void ready(int descriptor, std::uint32_t events) noexcept override;

  LifeLine line_;
  std::function<void()> rings_;
};

}  // namespace psyne::inline v0
