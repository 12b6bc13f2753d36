#pragma once

#include <psyne/core/channel/received.hpp>
#include <psyne/patterns/publication/publication.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

template <class T>
class Subscriber;

/// One published message, in its place in the ring; the place goes back with it. A result itself: test it, then use *,
/// ->, topic() or error(); or `auto& [topic, value]`. As a Received otherwise.
template <class T>
class [[nodiscard]] Published {
 public:
  using View = typename ReadableFor<T>::type;

  Published(Error error) : message_(std::move(error)) {}  // NOLINT(google-explicit-constructor): a failed receive
  Published(Received<Publication<T>> message, std::uint64_t missed) noexcept
      : message_(std::move(message)), missed_(missed) {}
  /// For Subscriber: what `receive()` gives, made in its place.
  template <class Receive>
    requires std::is_invocable_r_v<Received<Publication<T>>, Receive>
  explicit Published(Receive&& receive) : message_(receive()) {}

  explicit operator bool() const noexcept { return static_cast<bool>(message_); }
  const Error& error() const noexcept { return message_.error(); }

  const View& operator*() const noexcept { return message_->value(); }
  const View* operator->() const noexcept { return &**this; }
  /// In the ring, as the message.
  std::string_view topic() const noexcept { return message_->topic(); }

  /// Messages that this subscriber missed between the one before of this publisher and this, for it had no room.
  std::uint64_t missed() const noexcept { return missed_; }
  /// It was published before this subscriber came.
  bool replayed() const noexcept { return message_->header().kind == PublicationKind::replayed; }
  /// Who published it; and for people.
  EndId publisher() const noexcept { return message_.sender(); }
  std::string who() const { return message_.who(); }

  /// Gives the place back now.
  void release() noexcept { message_.release(); }

  template <std::size_t index>
  decltype(auto) get() const noexcept {
    if constexpr (index == 0) {
      return topic();
    } else {
      return **this;
    }
  }

 private:
  friend class Subscriber<T>;

  Received<Publication<T>> message_;
  std::uint64_t missed_ = 0;
};

/// An asynchronous receive gives what receive() gives.
template <class T>
struct OutcomeOf<Published<T>> {
  using type = Published<T>;
};

}  // namespace psyne::inline v0

template <class T>
struct std::tuple_size<psyne::Published<T>> : std::integral_constant<std::size_t, 2> {};
template <class T>
struct std::tuple_element<0, psyne::Published<T>> {
  using type = std::string_view;
};
template <class T>
struct std::tuple_element<1, psyne::Published<T>> {
  using type = const typename psyne::Published<T>::View;
};
