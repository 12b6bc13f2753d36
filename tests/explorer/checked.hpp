#pragma once

#include <utility>

#include <explorer/execution.hpp>

namespace psyne::explorer {

/// A plain value whose accesses by threads must not race: payload in tests. For payload that a structure copies as
/// bytes, tell the accesses by Execution::plain_read and plain_write instead. What lay at the same address before
/// counts as well, so that a slot which is given back too early, or filled again too early, is a race.
template <class T>
class Checked {
 public:
  Checked() noexcept : Checked(T{}) {}
  Checked(T value) noexcept : value_(std::move(value)) { wrote(); }
  Checked(const Checked& other) noexcept : value_(other.get()) { wrote(); }
  Checked& operator=(const Checked& other) noexcept {
    value_ = other.get();
    wrote();
    return *this;
  }
  Checked& operator=(T value) noexcept {
    value_ = std::move(value);
    wrote();
    return *this;
  }
  ~Checked() { wrote(); }

  const T& get() const noexcept {
    Execution::current().plain_read(this);
    return value_;
  }
  operator const T&() const noexcept { return get(); }

 private:
  void wrote() noexcept { Execution::current().plain_write(this); }

  T value_;
};

}  // namespace psyne::explorer
