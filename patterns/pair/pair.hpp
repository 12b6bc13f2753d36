#pragma once

#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/pair/pair_ends.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// See SenderOptions and ReceiverOptions.
struct PairOptions {
  std::optional<std::size_t> capacity_bytes{};  ///< of the ring of what this end sends
  std::optional<std::chrono::nanoseconds> linger{};
  std::optional<Patience> patience{};
  bool wait_for_peer = false;  ///< when the other end has gone, wait for the next instead of ending
  std::string name{};
};

/// One of two ends that send messages of type T to each other, and to nobody else: a third is refused (in_use). An end
/// that died may be opened anew.
///
/// A sender and a receiver, and as these otherwise. One thread may send while another receives.
template <class T>
class Pair {
 public:
  /// Neither end needs to be there first. Errors: in_use, when both ends are taken.
  static Result<Pair> open(std::string_view uri, const PairOptions& options = {}) {
    auto ends = pair_ends(uri, Message<T>::fixed);
    if (!ends) return ends.error();
    const ReceiverOptions receiving{.delivery = Delivery::single,
                                    .patience = options.patience,
                                    .wait_for_senders = options.wait_for_peer,
                                    .name = options.name};
    const SenderOptions sending{.capacity_bytes = options.capacity_bytes,
                                .delivery = Delivery::single,
                                .linger = options.linger,
                                .patience = options.patience,
                                .name = options.name};
    for (const PairEnd& end : *ends) {
      // An end is whose the receiver is; of these there is one.
      auto incoming = Receiver<T>::open(end.in, receiving);
      if (!incoming && incoming.error() == Code::in_use) continue;
      if (!incoming) return incoming.error();
      auto outgoing = Sender<T>::open(end.out, sending);
      if (!outgoing) return outgoing.error();
      return Pair(std::move(*outgoing), std::move(*incoming));
    }
    return Error(Code::in_use, "cannot open " + std::string(uri)).because("both ends of this pair are taken");
  }

  /// What this end sends by, and receives by: everything that these can do.
  Sender<T>& outgoing() noexcept { return outgoing_; }
  Receiver<T>& incoming() noexcept { return incoming_; }

  Result<void> send(const T& value, const Wait& wait = {})
    requires(Message<T>::fixed)
  {
    return outgoing_.send(value, wait);
  }
  template <class Kind = Message<T>>
    requires BareElements<Kind>
  Result<void> send(typename Kind::Readable values, const Wait& wait = {}) {
    return outgoing_.send(values, wait);
  }
  Received<T> receive(const Wait& wait = {}) { return incoming_.receive(wait); }
  Received<T> try_receive() { return incoming_.try_receive(); }
  /// For WaitSet::add: what comes in.
  Result<WaitSetEntry> wait_set_entry() { return incoming_.wait_set_entry(); }
  /// No more is sent; see Sender::close.
  Result<void> close(std::optional<std::chrono::nanoseconds> linger = {}) { return outgoing_.close(linger); }

 private:
  Pair(Sender<T> outgoing, Receiver<T> incoming) noexcept
      : outgoing_(std::move(outgoing)), incoming_(std::move(incoming)) {}

  Sender<T> outgoing_;
  Receiver<T> incoming_;
};

}  // namespace psyne::inline v0
