#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <memory>

namespace psyne::explorer {

/// A stack of its own that is run by switching to it. makecontext enters it the first time; all later switches are
/// _setjmp and _longjmp, which, other than swapcontext, make no system call.
class Fiber {
 public:
  using Entry = void (*)(void* argument);

  Fiber() = default;  ///< stands for the stack that is running already
  Fiber(Entry entry, void* argument);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Forgets what is on the stack; the next switch enters at the top again.
  void restart() noexcept;

  /// Runs `to` until somebody switches back to `from`.
  static void change(Fiber& from, Fiber& to) noexcept;

 private:
  static void enter(unsigned high, unsigned low) noexcept;

  Entry entry_ = nullptr;
  void* argument_ = nullptr;
  std::unique_ptr<std::byte[]> stack_;
  bool entered_ = true;
  ucontext_t context_;
  jmp_buf registers_;
  const void* bottom_ = nullptr;  // for the address sanitizer
  std::size_t size_ = 0;
  void* fake_stack_ = nullptr;
};

}  // namespace psyne::explorer
