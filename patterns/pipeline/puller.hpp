#pragma once

#include <psyne/core/channel/receiver.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// Takes messages of type T from all pushers of a name, fairly: each gets a turn while others have some as well.
///
/// A receiver with delivery=any, and as one otherwise: errors, threads, how it ends.
template <class T>
class Puller : private Receiver<T> {
 public:
  /// `options.delivery` is of no meaning here.
  static Result<Puller> open(std::string_view uri, ReceiverOptions options = {}) {
    auto own = part_uri(uri, "");
    if (!own) return own.error();
    options.delivery = Delivery::any;
    auto receiver = Receiver<T>::open(*own, options);
    if (!receiver) return receiver.error();
    return Puller(std::move(*receiver));
  }

  using Receiver<T>::receive;
  using Receiver<T>::try_receive;
  using Receiver<T>::receive_into;
  using Receiver<T>::receive_batch;
  using Receiver<T>::receive_async;
  using Receiver<T>::on_message;
  using Receiver<T>::begin;
  using Receiver<T>::end;
  using Receiver<T>::status;
  using Receiver<T>::fd;
  using Receiver<T>::arm;
  using Receiver<T>::wait_set_entry;
  using Receiver<T>::counters;
  using Receiver<T>::uri;
  using Receiver<T>::id;
  /// Pushers that are there now, as far as they have been taken in.
  std::size_t pushers() const noexcept { return this->senders(); }

 private:
  explicit Puller(Receiver<T> receiver) noexcept : Receiver<T>(std::move(receiver)) {}
};

}  // namespace psyne::inline v0
