#pragma once

#include <psyne.hpp>

#include "pair/cell.hpp"
#include "pair/control.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace psyne::bench {

/// A message of fixed size.
template <std::size_t words>
struct Fixed {
  std::array<std::uint64_t, words> word;
};

/// The two sides' names for what they measure next: nobody else on this machine uses them.
class Names {
 public:
  Names(Side side, Control& control) {
    static std::uint64_t cells = 0;
    number_ = static_cast<std::uint64_t>(::getpid()) << 20 | ++cells;
    if (side == Side::leader) {
      control.send(number_);
    } else {
      number_ = control.receive();
    }
  }

  std::string operator()(const std::string& what) const {
    return "ipc://psyne-bench-" + std::to_string(number_) + "-" + what;
  }

 private:
  std::uint64_t number_;
};

inline void require(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().text());
}

/// How large a ring is: the default, or room for four messages.
inline std::size_t capacity_for(std::size_t size) noexcept { return std::max(2 * MiB, 4 * size); }

/// One name in each direction between the two processes, and messages of type T on it: what pair/latency.hpp asks for.
template <class T>
class Channel {
 public:
  Channel(const Cell& cell, Side side, Control& control) {
    const Names name(side, control);
    const bool leads = side == Side::leader;
    sender_.emplace(
        Sender<T>::open(name(leads ? "forth" : "back"), {.capacity_bytes = capacity_for(cell.size)}).value());
    receiver_.emplace(Receiver<T>::open(name(leads ? "back" : "forth")).value());
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

  /// Both copy at once, so that one user's buffer will do: what is in flight is in the ring.
  std::size_t window(const Cell&) const noexcept { return 1; }
  void start_send(std::size_t, std::span<const std::byte> message) { send(message); }
  void finish_send(std::size_t) {}
  void start_receive(std::size_t, std::span<std::byte> message) { posted_ = message; }
  void finish_receive(std::size_t) { receive(posted_); }

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
  std::span<std::byte> posted_;
};

}  // namespace psyne::bench
