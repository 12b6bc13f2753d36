#include "patterns/fan_out.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>

namespace patterns_bench {
namespace {

using namespace std::chrono_literals;

/// A socket for each subscriber, made before any of them is: they take one after the other.
class Sockets {
 public:
  /// Who takes nothing for so long is given up by publish().
  explicit Sockets(std::size_t count, std::chrono::seconds patience = 30s) {
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("mmap");
    shared_ = new (memory) Shared;
    for (std::size_t i = 0; i < count; ++i) {
      std::array<int, 2> ends{};
      if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::runtime_error("socket");
      const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
      ::setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      ends_.push_back(ends);
    }
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  ~Sockets() {
    for (const auto& ends : ends_) {
      ::close(ends[0]);
      ::close(ends[1]);
    }
    ::munmap(shared_, sizeof(Shared));
  }

  void publish(const Note& note) const {
    for (const auto& ends : ends_) {
      if (::send(ends[0], &note, sizeof note, MSG_NOSIGNAL) < 0) throw std::runtime_error("send");
    }
  }
  int take() { return ends_.at(shared_->taken++)[1]; }
  std::uint64_t published() const { return shared_->published; }
  void count_published() { ++shared_->published; }

 private:
  struct Shared {
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> published{0};
  };
  Shared* shared_;
  std::vector<std::array<int, 2>> ends_;
};

/// A library that publishes what `change` makes of a note; nothing, where it drops it.
template <class Change>
Library library(Sockets& sockets, Change change) {
  return {.publisher = [&sockets, change](Address&) -> Library::Publish {
            return [&sockets, change](const Note& note) {
              const std::optional<Note> changed = note.kind == Note::Kind::data ? change(note) : note;
              if (!changed) return;
              if (changed->kind == Note::Kind::data) sockets.count_published();
              sockets.publish(*changed);
            };
          },
          .subscriber = [&sockets](const Address&) -> Library::Receive {
            return [socket = sockets.take()] {
              Note note;
              if (::recv(socket, &note, sizeof note, 0) != sizeof note) throw std::runtime_error("recv");
              return note;
            };
          }};
}

TEST(FanOut, CountsWhatCameToAllOfThem) {
  Sockets sockets(3);
  const auto begin = std::chrono::steady_clock::now();
  const double rate = fan_out(library(sockets, [](const Note& note) { return std::optional(note); }), 3, 20ms);
  const double microseconds =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_GT(rate * microseconds, 3.0 * static_cast<double>(sockets.published())) << "it took longer than was measured";
  EXPECT_LE(rate * 20'000, 3.0 * static_cast<double>(sockets.published())) << "it was measured for 20 ms at least";
}

TEST(FanOut, DoesNotCountWhatWasDropped) {
  Sockets sockets(1);
  const auto every_tenth = [](const Note& note) { return note.number % 10 == 0 ? std::optional(note) : std::nullopt; };
  const double rate = fan_out(library(sockets, every_tenth), 1, 20ms);
  EXPECT_GT(rate, 0);
  EXPECT_LE(rate * 20'000, static_cast<double>(sockets.published()));
}

TEST(FanOut, WhatComesOutOfOrderEndsIt) {
  Sockets sockets(2, 1s);
  const auto swapped = [](Note note) {
    if (note.number % 64 == 10) note.number += 3;
    return std::optional(note);
  };
  EXPECT_THROW(fan_out(library(sockets, swapped), 2, 20ms), std::exception);
}

TEST(FanOut, HasItsWorks) {
  const auto known = fan_out_works({}, {});
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known[0].name, "publish ipc");
  EXPECT_EQ(known[1].name, "publish tcp");
  EXPECT_EQ(known[0].unit, "M/s");
}

}  // namespace
}  // namespace patterns_bench
