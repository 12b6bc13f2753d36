#pragma once

#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// Hands messages of type T out to the pullers of a name: each message to one of them, the next in turn that has room.
/// Many pushers may open one name. What a puller left behind when it went, or died, goes to the others.
///
/// A sender with delivery=any, and as one otherwise: errors, threads, what is wait-free.
template <class T>
class Pusher : private Sender<T> {
 public:
  /// `options.delivery` is of no meaning here.
  static Result<Pusher> open(std::string_view uri, SenderOptions options = {}) {
    auto own = part_uri(uri, "");
    if (!own) return own.error();
    options.delivery = Delivery::any;
    auto sender = Sender<T>::open(*own, options);
    if (!sender) return sender.error();
    return Pusher(std::move(*sender));
  }

  using Sender<T>::send;
  using Sender<T>::try_send;
  using Sender<T>::send_batch;
  using Sender<T>::reserve;
  using Sender<T>::close;
  using Sender<T>::counters;
  using Sender<T>::longest;
  using Sender<T>::uri;
  using Sender<T>::id;
  using Sender<T>::wait_set_entry;
  /// Pullers that are there now.
  std::size_t pullers() const { return this->receivers(); }
  /// Waits until there is a puller.
  Result<void> wait_for_puller(const Wait& wait = {}) { return this->wait_for_receiver(wait); }

 private:
  explicit Pusher(Sender<T> sender) noexcept : Sender<T>(std::move(sender)) {}
};

}  // namespace psyne::inline v0
