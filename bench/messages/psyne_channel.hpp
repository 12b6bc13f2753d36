#pragma once

#include <psyne.hpp>

#include "messages/tcp_connection.hpp"
#include "pair/cell.hpp"
#include "pair/control.hpp"
#include "pair/network.hpp"
#include "pair/options.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace psyne::bench {

/// A message of fixed size.
template <std::size_t words>
struct Fixed {
  std::array<std::uint64_t, words> word;
};

/// Where one channel of the two sides is: nobody else on this machine uses it. Over TCP its receiver listens.
class Place {
 public:
  Place(std::string scheme, Side side, Control& control)
      : scheme_(std::move(scheme)), receivers_(network_address(other(side))) {
    if (side == Side::leader) {
      number_ = local() ? fresh_number() : free_port();
      control.send(number_);
    } else {
      number_ = control.receive();
    }
  }

  std::string for_sender() const {
    return scheme_ + "://" + (local() ? "psyne-bench-" : receivers_ + ":") + number() + terms();
  }
  std::string for_receiver() const { return local() ? for_sender() : scheme_ + "://*:" + number() + terms(); }

 private:
  static std::uint64_t fresh_number() {
    static std::uint64_t places = 0;
    return static_cast<std::uint64_t>(::getpid()) << 20 | ++places;
  }
  bool local() const { return scheme_ == "ipc"; }
  /// A key that both sides have, as OpenSSL's bench has one.
  std::string terms() const { return scheme_ == "tls" ? "?token=bench" : ""; }
  std::string number() const { return std::to_string(number_); }

  std::string scheme_;
  std::string receivers_;  // address, for who is the sender
  std::uint64_t number_ = 0;
};

inline void require(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().text());
}

/// How large a ring is: the default, or room for four messages.
inline std::size_t capacity_for(std::size_t size) noexcept { return std::max(2 * MiB, 4 * size); }

/// How the ends of a cell wait: over ipc as they do by themselves, which is what a user gets; over TCP, where others
/// only spin or only sleep, they do the same.
inline Patience patience_for(const std::string& scheme, const Cell& cell) noexcept {
  if (cell.blocks()) return no_patience;
  return scheme == "ipc" ? Patience{} : Patience{.spins = 1'000'000};
}

inline std::optional<Compress> compress_for(const Cell& cell) noexcept {
  return cell.work == Work::lz4_stream ? std::optional(Compress::lz4) : std::nullopt;
}

/// One place in each direction between the two processes, and messages of type T on it: what pair/latency.hpp asks for.
template <class T>
class Channel {
 public:
  Channel(const std::string& scheme, const Cell& cell, Side side, Control& control) : lends_(scheme != "ipc") {
    const Place forth(scheme, side, control);
    const Place back(scheme, side, control);
    const bool leads = side == Side::leader;
    const Patience patience = patience_for(scheme, cell);
    const std::size_t capacity =
        cell.work == Work::stream && lent(cell.size) ? 2 * most_sends * cell.size : capacity_for(cell.size);
    receiver_.emplace(Receiver<T>::open((leads ? back : forth).for_receiver(), {.patience = patience}).value());
    sender_.emplace(Sender<T>::open((leads ? forth : back).for_sender(),
                                    {.capacity_bytes = capacity, .patience = patience, .compress = compress_for(cell)})
                        .value());
  }

  void send(const T& message)
    requires(Message<T>::fixed)
  {
    require(sender_->send(message));
  }

  void send_many(std::span<const T> messages)
    requires(Message<T>::fixed)
  {
    require(sender_->send_batch(messages));
  }

  void send(std::span<const std::byte> message) {
    if constexpr (Message<T>::fixed) {
      T value;
      std::memcpy(&value, message.data(), sizeof value);
      send(value);
    } else {
      require(sender_->send(message));
    }
  }

  void receive(std::span<std::byte> message) {
    if constexpr (Message<T>::fixed) {
      read(message.size(),
           [message](std::span<const std::byte> place) { std::memcpy(message.data(), place.data(), sizeof(T)); });
    } else {
      const auto size = receiver_->receive_into(message);
      if (!size) throw std::runtime_error(size.error().text());
      if (*size != message.size()) throw std::runtime_error("a message of another size arrived");
    }
  }

  /// What suits psyne: messages from 32 KiB on are lent over sockets, many at a time, so that several leave together
  /// (64 KiB: 0.62 of a raw socket copied into the ring, 0.79 lent). Of 1 MiB the next one would wait for a buffer that
  /// its receiver is still reading. All else is copied at once, and one user's buffer will do.
  std::size_t window(const Cell& cell) const noexcept { return lent(cell.size) ? most_sends : 1; }
  void start_send(std::size_t slot, std::span<const std::byte> message) {
    if constexpr (!Message<T>::fixed) {
      if (lent(message.size())) {
        sends_[slot] = sender_->send_async(message);
        return;
      }
    }
    send(message);
  }
  void finish_send(std::size_t slot) {
    if (sends_[slot]) require(sends_[slot].take());
  }
  void start_receive(std::size_t slot, std::span<std::byte> message) { posted_[slot] = message; }
  void finish_receive(std::size_t slot) { receive(posted_[slot]); }

  template <class Writer>
  void write(std::size_t size, Writer writer) {
    auto draft = sender_->reserve(size);
    if (!draft) throw std::runtime_error(draft.error().text());
    writer(*draft);
    require(draft.commit());
  }

  template <class Reader>
  void read(std::size_t size, Reader reader) {
    const auto message = receiver_->receive();
    if (!message) throw std::runtime_error(message.error().text());
    std::span<const std::byte> bytes;
    if constexpr (Message<T>::fixed) {
      bytes = std::as_bytes(std::span(&*message, 1));
    } else {
      bytes = *message;
    }
    if (bytes.size() != size) throw std::runtime_error("a message of another size arrived");
    reader(bytes);
  }

  /// Takes `count` messages, as many at once as there are; calls reader with each.
  template <class Reader>
  void read_many(std::uint64_t count, Reader reader) {
    while (count > 0) {
      const auto batch = receiver_->receive_batch(std::min<std::uint64_t>(count, 64));
      if (!batch) throw std::runtime_error(batch.error().text());
      for (const T& message : batch) reader(message);
      count -= batch.size();
    }
  }

  /// Messages are written and read in the ring: what pair/in_place.hpp asks for.
  struct Flight {
    Channel& channel;

    template <class Writer>
    void write(std::size_t size, Writer writer) {
      channel.write(size, writer);
    }
    template <class Reader>
    void read(std::size_t size, Reader reader) {
      channel.read(size, reader);
    }
    void prepare(std::uint64_t) {}
    void finish() {}
  };
  Flight flight(std::size_t) noexcept
    requires(!Message<T>::fixed)
  {
    return {*this};
  }

 private:
  std::optional<Sender<T>> sender_;
  std::optional<Receiver<T>> receiver_;
  static constexpr std::size_t most_sends = 32;
  bool lent(std::size_t size) const noexcept { return lends_ && size >= 32 * KiB && size < 512 * KiB; }

  bool lends_;
  std::array<Completion<void>, most_sends> sends_;
  std::array<std::span<std::byte>, most_sends> posted_;
};

}  // namespace psyne::bench
