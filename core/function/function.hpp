#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

template <class Signature>
class Function;

/// A callable that is owned by one and moved, never copied: what std::move_only_function is in C++23.
///
/// Holds anything that can be called as R(Args...), move-only callables included. A callable of up to `room` bytes,
/// with no stricter alignment than std::max_align_t and a move that cannot throw, lies in the Function itself; a
/// larger one is allocated once. A Function is 64 bytes, one cache line.
///
///   move, swap, destroy   never allocate; a move is a copy of bytes for a trivially copyable or an allocated callable
///   call                  one indirect call; an empty Function throws std::bad_function_call
///
/// Thread safety: as a value. A callable may destroy or assign neither the Function it is called through nor outlive
/// it.
template <class R, class... Args>
class Function<R(Args...)> {
 public:
  /// Bytes that a callable may have to need no allocation.
  static constexpr std::size_t room = 48;

  /// True when a callable of this type lies in the Function itself.
  template <class Callable>
  static constexpr bool fits = sizeof(Callable) <= room && alignof(Callable) <= alignof(std::max_align_t) &&
                               std::is_nothrow_move_constructible_v<Callable>;

  Function() noexcept = default;
  Function(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): "no callable" is a value of it

  /// Takes `callable`; throws only what its copy or move, or an allocation, throws. A null function pointer, member
  /// pointer or std::function makes an empty Function.
  template <class Callable, class Held = std::decay_t<Callable>>
    requires(!std::is_same_v<Held, Function> && std::is_invocable_r_v<R, Held&, Args...>)
  Function(Callable&& callable) {  // NOLINT(google-explicit-constructor): lambdas are passed as they are
    if constexpr (!std::is_function_v<std::remove_reference_t<Callable>> && requires { callable == nullptr; }) {
      if (callable == nullptr) return;
    }
    if constexpr (fits<Held>) {
      new (place_) Held(std::forward<Callable>(callable));
      call_ = [](std::byte* place, Args... args) -> R { return invoke<Held>(*held<Held>(place), args...); };
      if constexpr (!std::is_trivially_copyable_v<Held>) {
        move_ = [](std::byte* from, std::byte* to) noexcept {
          Held* own = held<Held>(from);
          if (to != nullptr) new (to) Held(std::move(*own));
          own->~Held();
        };
      }
    } else {
      new (place_) Held*(new Held(std::forward<Callable>(callable)));
      call_ = [](std::byte* place, Args... args) -> R { return invoke<Held>(**held<Held*>(place), args...); };
      move_ = [](std::byte* from, std::byte* to) noexcept {
        Held* own = *held<Held*>(from);
        if (to != nullptr) {
          new (to) Held*(own);
        } else {
          delete own;
        }
      };
    }
  }

  Function(Function&& other) noexcept { take(other); }
  Function& operator=(Function&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  Function& operator=(std::nullptr_t) noexcept {
    reset();
    return *this;
  }
  ~Function() { reset(); }

  explicit operator bool() const noexcept { return call_ != &call_nothing; }

  R operator()(Args... args) { return call_(place_, std::forward<Args>(args)...); }

  friend void swap(Function& left, Function& right) noexcept {
    Function kept(std::move(left));
    left = std::move(right);
    right = std::move(kept);
  }

 private:
  using Call = R (*)(std::byte*, Args...);
  using Move = void (*)(std::byte* from, std::byte* to) noexcept;  // to == nullptr: destroy

  template <class Held>
  static Held* held(std::byte* place) noexcept {
    return std::launder(reinterpret_cast<Held*>(place));
  }

  template <class Held>
  static R invoke(Held& callable, std::add_lvalue_reference_t<Args>... args) {
    if constexpr (std::is_void_v<R>) {
      static_cast<void>(std::invoke(callable, static_cast<Args&&>(args)...));
    } else {
      return std::invoke(callable, static_cast<Args&&>(args)...);
    }
  }

  static R call_nothing(std::byte*, Args...) { throw std::bad_function_call(); }

  void take(Function& other) noexcept {
    if (other.move_ != nullptr) {
      other.move_(other.place_, place_);
    } else {
      std::memcpy(place_, other.place_, room);
    }
    call_ = std::exchange(other.call_, &call_nothing);
    move_ = std::exchange(other.move_, nullptr);
  }

  void reset() noexcept {
    if (move_ != nullptr) move_(place_, nullptr);
    call_ = &call_nothing;
    move_ = nullptr;
  }

  alignas(std::max_align_t) std::byte place_[room];
  Call call_ = &call_nothing;
  Move move_ = nullptr;  // none for what a copy of the bytes moves and nothing destroys
};

}  // namespace psyne::inline v0
