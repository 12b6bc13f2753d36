// A reader that looks and looks and does not sleep: nobody watches its socket meanwhile, and no wake is lost after it.
#include "linked_pair.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Bell;
using psyne::PeerState;
using psyne::Sleep;
using psyne_test::connected_sockets;
using psyne_test::link_over;
using psyne_test::soon;

/// How many epoll sets of this process have that descriptor.
int watchers(int descriptor) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream file(entry.path());
    for (std::string word; file >> word;) {
      int watched = -1;
      if (word == "tfd:" && file >> watched && watched == descriptor) ++found;
    }
  }
  return found;
}

/// While one lives, no epoll set of this process has memory for another descriptor.
class NoMemoryToWatch {
 public:
  NoMemoryToWatch() { ++alive; }
  NoMemoryToWatch(const NoMemoryToWatch&) = delete;
  NoMemoryToWatch& operator=(const NoMemoryToWatch&) = delete;
  ~NoMemoryToWatch() { --alive; }
  static inline std::atomic<int> alive{0};
  static inline std::atomic<int> refused{0};
};

}  // namespace

// In place of libc's, in this program.
extern "C" int epoll_ctl(int epoll, int change, int descriptor, epoll_event* event) noexcept {
  if (change == EPOLL_CTL_ADD && NoMemoryToWatch::alive != 0) {
    ++NoMemoryToWatch::refused;
    errno = ENOMEM;
    return -1;
  }
  return static_cast<int>(syscall(SYS_epoll_ctl, epoll, change, descriptor, event));
}

namespace {

class LookingAlone : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    auto sockets = connected_sockets(GetParam());
    socket_ = sockets[1].get();
    sender_ = link_over(std::move(sockets[0]), "reader");
    reader_ = link_over(std::move(sockets[1]), "sender");
    reader_->attach_bell(bell_.get()).value();
  }
  void TearDown() override {
    if (reader_) reader_->attach_bell(nullptr).value();
  }

  /// So many signals, each found by a look.
  void find(int signals) {
    for (int i = 0; i < signals; ++i) {
      tell();
      const auto until = psyne::Clock::now() + 30s;
      while (reader_->counter(0) != value_ && psyne::Clock::now() < until) reader_->progress().value();
      ASSERT_EQ(reader_->counter(0), value_);
    }
  }
  /// Signals, until nobody watches the socket. Where this thread is slow the service thread soon does again.
  bool find_until_unwatched() {
    const auto until = psyne::Clock::now() + 30s;
    while (psyne::Clock::now() < until) {
      find(64);
      if (watchers(socket_) == 0) return true;
    }
    return false;
  }
  void tell() { sender_->post({}, {.counter = 0, .value = ++value_, .wake = true}).value(); }
  /// As every end of a channel sleeps.
  Sleep sleep() {
    reader_->settle();
    reader_->progress().value();
    return bell_->sleep(psyne::Clock::now() + 30s);
  }

  const std::unique_ptr<Bell> bell_ = Bell::make().value();
  std::unique_ptr<psyne::StreamLink> sender_, reader_;
  int socket_ = -1;
  std::uint64_t value_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Sockets, LookingAlone, testing::Values(AF_UNIX, AF_INET),
                         [](const auto& each) { return each.param == AF_UNIX ? "unix" : "tcp"; });

TEST_P(LookingAlone, NobodyWatchesUntilItSettles) {
  EXPECT_EQ(watchers(socket_), 2) << "its bell and the service thread";
  find(8);
  EXPECT_EQ(watchers(socket_), 2) << "it may be about to sleep";
  EXPECT_TRUE(find_until_unwatched());
  reader_->settle();
  EXPECT_GE(watchers(socket_), 1) << "its bell";
  EXPECT_TRUE(soon([&] { return watchers(socket_) == 2; })) << "and the service thread";
}

TEST_P(LookingAlone, WhatComesAfterItSettledWakesIt) {
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    find(static_cast<int>(random() % 200));
    const auto pause = std::chrono::microseconds(random() % 300);
    std::thread sender([&] {
      std::this_thread::sleep_for(pause);
      sender_->post({}, {.counter = 1, .value = static_cast<std::uint64_t>(round) + 1, .wake = true}).value();
    });
    for (bool woken = true; woken && reader_->counter(1) != static_cast<std::uint64_t>(round) + 1;) {
      reader_->settle();
      reader_->progress().value();
      if (reader_->counter(1) == static_cast<std::uint64_t>(round) + 1) break;
      woken = bell_->sleep(psyne::Clock::now() + 30s) == Sleep::woken;
      EXPECT_TRUE(woken) << round;
      reader_->progress().value();
    }
    sender.join();
  }
}

TEST_P(LookingAlone, WhatCameBeforeItSettledEndsItsSleep) {
  find(200);
  reader_->settle();
  tell();
  while (reader_->counter(0) != value_) {  // the service thread may read it, and rings
    ASSERT_EQ(bell_->sleep(psyne::Clock::now() + 30s), Sleep::woken);
    reader_->progress().value();
  }
  find(200);
  tell();
  reader_->settle();
  while (reader_->counter(0) != value_) {
    ASSERT_EQ(bell_->sleep(psyne::Clock::now() + 30s), Sleep::woken);
    reader_->progress().value();
  }
}

TEST_P(LookingAlone, TheEndOfThePeerEndsItsSleep) {
  find(200);
  std::thread peer([&] {
    std::this_thread::sleep_for(10ms);
    sender_.reset();
  });
  while (reader_->peer_state() == PeerState::alive) ASSERT_EQ(sleep(), Sleep::woken);
  peer.join();
}

TEST_P(LookingAlone, TheServiceThreadSeesTheEndWhenItHasGoneOff) {
  ASSERT_TRUE(find_until_unwatched());
  sender_.reset();
  EXPECT_TRUE(soon([&] { return reader_->peer_state() != PeerState::alive; }));
}

TEST_P(LookingAlone, IsReadAndWatchedAgainWhereThereWasNoMemoryForIt) {
  {
    const NoMemoryToWatch poor;
    ASSERT_TRUE(find_until_unwatched());
    const int refused = NoMemoryToWatch::refused;
    ASSERT_TRUE(soon([&] { return NoMemoryToWatch::refused > refused; })) << "the service thread wants it back";
    tell();
    EXPECT_TRUE(soon([&] { return reader_->counter(0) == value_; })) << "read by the service thread, by its timer";
  }
  EXPECT_TRUE(soon([&] { return watchers(socket_) == 1; })) << "the service thread";
}

TEST_P(LookingAlone, WhatWaitsForRoomLeavesWhereThereWasNoMemoryToWatchForIt) {
  const NoMemoryToWatch poor;
  ASSERT_TRUE(find_until_unwatched());
  const int refused = NoMemoryToWatch::refused;
  const auto window = psyne::Region::allocate(32 << 20, "window", {}).value();  // more than the sockets take
  const auto span = sender_->expose(window, psyne::Access::write).value();
  const auto target = reader_
                          ->attach({.offset = 0,
                                    .length = span.length,
                                    .generation = span.generation,
                                    .access = psyne::Access::write,
                                    .key = {},
                                    .descriptor = {},
                                    .owner = nullptr})
                          .value();
  const std::vector<std::byte> payload(32 << 20);
  const psyne::Put put{.local = payload, .remote = &target, .offset = 0};
  reader_->post(std::span(&put, 1), {.counter = 1, .value = 1}).value();
  EXPECT_GT(NoMemoryToWatch::refused, refused);
  EXPECT_TRUE(soon([&] {
    sender_->progress().value();
    return sender_->counter(1) == 1;
  }));
}

TEST_P(LookingAlone, AnotherBellWatches) {
  find(200);
  const auto other = Bell::make().value();
  reader_->attach_bell(other.get()).value();
  tell();
  while (reader_->counter(0) != value_) {
    ASSERT_EQ(other->sleep(psyne::Clock::now() + 30s), Sleep::woken);
    reader_->progress().value();
  }
  reader_->attach_bell(nullptr).value();
  find(200);  // alone without a bell
  reader_->settle();
}

TEST_P(LookingAlone, MayEndMeanwhile) {
  find(200);
  reader_->close();
  reader_->settle();
  EXPECT_EQ(bell_->sleep(psyne::Clock::now() + 30s), Sleep::woken) << "its end has rung";
  find(0);
  reader_->attach_bell(nullptr).value();
  reader_.reset();
}

}  // namespace
