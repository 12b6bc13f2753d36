#pragma once

#include <utility>

#include <explorer/execution.hpp>

namespace psyne::explorer {

/// A plain value whose accesses by threads must not race: payload in tests. For payload that a structure copies as
/// bytes, tell the accesses by Execution::plain_read and plain_write instead.
template <class T>
class Checked {
 public:
  Checked() : Checked(T{}) {}
  Checked(T value) : value_(std::move(value)) { wrote(); }
  Checked(const Checked& other) : value_(other.get()) { wrote(); }
  Checked& operator=(const Checked& other) {
    value_ = other.get();
    wrote();
    return *this;
  }
  Checked& operator=(T value) {
    value_ = std::move(value);
    wrote();
    return *this;
  }
  ~Checked() {
    wrote();
    Execution::current().plain_forget(this);
  }

  const T& get() const {
    Execution::current().plain_read(this);
    return value_;
  }
  operator const T&() const { return get(); }

 private:
  void wrote() { Execution::current().plain_write(this); }

  T value_;
};

}  // namespace psyne::explorer
