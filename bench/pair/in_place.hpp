#pragma once

#include "pair/one_way.hpp"
#include "pair/payload.hpp"

#include <algorithm>
#include <utility>

namespace psyne::bench {

/// One way, several in flight, every word of every message written by the sender and read by the receiver: messages a
/// nanosecond.
///
/// `Flight` has write(size, writer): calls writer with the place for the next message, then sends it;
/// read(size, reader): calls reader with the next message where it lies; prepare(count) and finish() around a run.
template <class Flight>
class InPlace {
 public:
  InPlace(Flight flight, const Cell& cell, Control& control)
      : flight_(std::move(flight)), cell_(cell), control_(control) {}

  double lead() {
    return lead_one_way(cell_, control_, [this](std::uint64_t count) {
      for (std::uint64_t i = 0; i < count; ++i) {
        flight_.write(cell_.size, [i](std::span<std::byte> message) { fill(message, i); });
      }
      flight_.finish();
    });
  }

  void follow() {
    follow_one_way(
        control_, [this](std::uint64_t count) { flight_.prepare(count); },
        [this](std::uint64_t count) {
          for (std::uint64_t i = 0; i < count; ++i) {
            flight_.read(cell_.size, [i](std::span<const std::byte> message) { check(message, i); });
          }
        });
  }

 private:
  Flight flight_;
  const Cell cell_;
  Control& control_;
};

/// The flight of a peer that knows user's buffers only (those that stream.hpp asks for): a window of them, filled
/// before they are sent and read after they came.
template <class Peer>
class BufferFlight {
 public:
  BufferFlight(Peer& peer, const Cell& cell) : peer_(peer), window_(peer.window(cell)), buffers_(window_, cell.size) {}

  template <class Writer>
  void write(std::size_t, Writer writer) {
    if (done_ >= window_) peer_.finish_send(slot());
    writer(buffers_[slot()]);
    peer_.start_send(slot(), buffers_[slot()]);
    ++done_;
  }

  void finish() {
    for (std::size_t left = 0; left < std::min<std::uint64_t>(window_, done_); ++left) peer_.finish_send(left);
    done_ = 0;
  }

  void prepare(std::uint64_t count) {
    count_ = count;
    done_ = 0;
    for (std::size_t first = 0; first < std::min<std::uint64_t>(window_, count); ++first) {
      peer_.start_receive(first, buffers_[first]);
    }
  }

  template <class Reader>
  void read(std::size_t, Reader reader) {
    peer_.finish_receive(slot());
    reader(buffers_[slot()]);
    if (done_ + window_ < count_) peer_.start_receive(slot(), buffers_[slot()]);
    ++done_;
  }

 private:
  std::size_t slot() const noexcept { return done_ % window_; }

  Peer& peer_;
  const std::size_t window_;
  Buffers buffers_;
  std::uint64_t count_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace psyne::bench
