// Fortified longjmp refuses to leave the stack that it is called on.
#undef _FORTIFY_SOURCE

#include <cstdint>

#include <explorer/fiber.hpp>
#include <explorer/sanitizer.hpp>

namespace psyne::explorer {

namespace {

constexpr std::size_t stack_bytes = std::size_t{64} << 10U;

Fiber* leaving = nullptr;
Fiber* entering = nullptr;

}  // namespace

Fiber::Fiber(Entry entry, void* argument)
    : entry_(entry),
      argument_(argument),
      stack_(new std::byte[stack_bytes]),
      bottom_(stack_.get()),
      size_(stack_bytes) {
  restart();
}

void Fiber::restart() noexcept {
  tell_unused(stack_.get(), size_);
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_.get();
  context_.uc_stack.ss_size = size_;
  context_.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);  // makecontext passes ints only
  makecontext(&context_, reinterpret_cast<void (*)()>(&Fiber::enter), 2, static_cast<unsigned>(self >> 32U),
              static_cast<unsigned>(self));
  entered_ = false;
}

void Fiber::enter(unsigned high, unsigned low) noexcept {
  auto* self = reinterpret_cast<Fiber*>((static_cast<std::uintptr_t>(high) << 32U) | low);
  tell_arrived(nullptr, &leaving->bottom_, &leaving->size_);
  self->entry_(self->argument_);
}

void Fiber::change(Fiber& from, Fiber& to) noexcept {
  leaving = &from;
  entering = &to;
  if (_setjmp(from.registers_) == 0) {
    tell_leaving(&from.fake_stack_, to.bottom_, to.size_);
    if (entering->entered_) _longjmp(entering->registers_, 1);
    entering->entered_ = true;
    setcontext(&entering->context_);
  }
  tell_arrived(entering->fake_stack_, &leaving->bottom_, &leaving->size_);
}

}  // namespace psyne::explorer
