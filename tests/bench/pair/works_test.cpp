#include "pair/works.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace psyne::bench {
namespace {

/// Messages from one thread to another, in order; `spoil` may change each on its way.
class Pipe {
 public:
  std::function<void(std::span<std::byte>)> spoil = [](std::span<std::byte>) {};

  void put(std::span<const std::byte> message) {
    std::vector<std::byte> copy(message.begin(), message.end());
    spoil(copy);
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(copy));
    changed_.notify_one();
  }

  void take(std::span<std::byte> message) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !messages_.empty() || closed_; });
    if (messages_.empty()) throw std::runtime_error("no message came");
    ASSERT_EQ(messages_.front().size(), message.size());
    std::memcpy(message.data(), messages_.front().data(), message.size());
    messages_.pop_front();
  }

  void open() { closed_ = false; }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::deque<std::vector<std::byte>> messages_;
};

/// A peer over two pipes, which notices when a slot is used out of turn.
class Slow {
 public:
  Slow(Pipe& out, Pipe& in) : out_(out), in_(in) {}

  void send(std::span<const std::byte> message) { out_.put(message); }
  void receive(std::span<std::byte> message) { in_.take(message); }

  std::size_t window(const Cell&) const noexcept { return 3; }
  void start_send(std::size_t slot, std::span<const std::byte> message) {
    EXPECT_FALSE(std::exchange(sending_[slot], true));
    out_.put(message);
  }
  void finish_send(std::size_t slot) { EXPECT_TRUE(std::exchange(sending_[slot], false)); }
  void start_receive(std::size_t slot, std::span<std::byte> message) {
    EXPECT_TRUE(posted_[slot].empty());
    posted_[slot] = message;
  }
  void finish_receive(std::size_t slot) { in_.take(std::exchange(posted_[slot], {})); }

 private:
  Pipe& out_;
  Pipe& in_;
  std::array<bool, 3> sending_{};
  std::array<std::span<std::byte>, 3> posted_{};
};

struct Closer {
  Pipe& pipe;
  ~Closer() { pipe.close(); }
};

class Works : public testing::Test {
 protected:
  /// The leader's result; throws what either side throws.
  std::optional<double> measure(Work work, std::size_t size) {
    const Cell cell{work, size, 5};
    back_.open();
    auto [leaders, followers] = Control::pair();
    auto follower = std::async(std::launch::async, [this, cell, end = std::move(followers)]() mutable {
      Control control(std::move(end));
      Slow peer(back_, there_);
      const Closer closer{back_};
      measure_peer(peer, cell, Side::follower, control);
    });
    std::optional<double> value;
    {
      Control control(std::move(leaders));
      Slow peer(there_, back_);
      value = measure_peer(peer, cell, Side::leader, control);
    }
    follower.get();
    return value;
  }

  Pipe there_, back_;
};

TEST_F(Works, EachCarriesItsMessagesAndHasAValue) {
  for (const Work work : {Work::latency, Work::blocking_latency, Work::stream, Work::messages, Work::in_place}) {
    for (const std::size_t size : {std::size_t{8}, std::size_t{4096}}) {
      EXPECT_GT(measure(work, size).value_or(0), 0) << name(work) << " " << size;
    }
  }
}

TEST_F(Works, WhatNoPeerHasBySendingAndReceivingHasNoValue) {
  for (const Work work : {Work::idle_cpu, Work::idle_wakes, Work::idle_links_cpu, Work::idle_links_memory, Work::memory,
                          Work::tls_stream, Work::lz4_stream}) {
    EXPECT_EQ(measure(work, 8), std::nullopt) << name(work);
  }
}

TEST_F(Works, AChangedPayloadIsNoticedInPlace) {
  there_.spoil = [](std::span<std::byte> message) { message[message.size() / 2] ^= std::byte{4}; };
  EXPECT_THROW(measure(Work::in_place, 4096), std::runtime_error);
}

TEST_F(Works, AChangedPayloadIsNoticedBeforeTheLatencyIsMeasured) {
  there_.spoil = [](std::span<std::byte> message) { message[message.size() / 2] ^= std::byte{4}; };
  EXPECT_THROW(measure(Work::latency, 4096), std::runtime_error);
}

TEST_F(Works, AMessageThatComesTwiceIsNoticedInAStream) {
  there_.spoil = [this, once = false](std::span<std::byte> message) mutable {
    if (!std::exchange(once, true)) there_.put(message);
  };
  EXPECT_THROW(measure(Work::messages, 8), std::runtime_error);
}

TEST_F(Works, UnitsAreBytesANanosecondAndMillionsASecond) {
  EXPECT_DOUBLE_EQ(in_unit({Work::stream, 1000, 1}, 0.01), 10);
  EXPECT_DOUBLE_EQ(in_unit({Work::in_place, 1000, 1}, 0.01), 10);
  EXPECT_DOUBLE_EQ(in_unit({Work::messages, 8, 1}, 0.01), 10);
}

}  // namespace
}  // namespace psyne::bench
