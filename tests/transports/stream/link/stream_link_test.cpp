// What tests/conformance does not see: who reads, who writes, and a peer that is no link.
#include "linked_pair.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Bell;
using psyne::Code;
using psyne::Frame;
using psyne::PeerState;
using psyne::Put;
using psyne_test::connected_sockets;
using psyne_test::link_over;
using psyne_test::LinkedPair;
using psyne_test::on_service;
using psyne_test::soon;

class StreamLink : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Sockets, StreamLink, testing::Values(AF_UNIX, AF_INET),
                         [](const auto& each) { return each.param == AF_UNIX ? "unix" : "tcp"; });

TEST_P(StreamLink, IsReadThoughNobodyAsks) {
  LinkedPair pair(GetParam());
  pair.links[0]->post({}, {.counter = 1, .value = 5}).value();
  EXPECT_TRUE(soon([&] { return pair.links[1]->counter(1) == 5; })) << "the service thread reads";
}

// The service thread leaves reading to a thread that does, and takes it up again when that goes off.
TEST_P(StreamLink, IsReadAgainByTheServiceThreadWhenTheReaderGoesOff) {
  const auto bell = Bell::make().value();
  LinkedPair pair(GetParam());
  pair.links[1]->attach_service_bell(bell.get()).value();
  for (std::uint64_t round = 1; round <= 3; ++round) {
    std::atomic<bool> over{false};
    std::thread sender([&] {
      for (std::uint64_t value = 1; !over; ++value) {
        static_cast<void>(pair.links[0]->post({}, {.counter = 0, .value = value}));
        std::this_thread::sleep_for(20us);
      }
    });
    const auto until = std::chrono::steady_clock::now() + 60ms;
    while (std::chrono::steady_clock::now() < until) pair.links[1]->progress().value();
    over = true;
    sender.join();
    pair.links[0]->post({}, {.counter = 2, .value = round, .attend = true}).value();
    while (pair.links[1]->counter(2) != round) ASSERT_EQ(bell->sleep(psyne::Clock::now() + 10s), psyne::Sleep::woken);
  }
  pair.links[1]->attach_service_bell(nullptr).value();
}

// The service thread may have read what the sleeper waits for: it tells him.
TEST_P(StreamLink, AWakeThatTheServiceThreadReadWakesTheSleeper) {
  const auto bell = Bell::make().value();
  LinkedPair pair(GetParam());
  pair.links[1]->attach_bell(bell.get()).value();
  for (std::uint64_t value = 1; value <= 300; ++value) {
    pair.links[0]->post({}, {.counter = 0, .value = value, .wake = true}).value();
    if (value % 3 == 0) std::this_thread::sleep_for(300us);
    while (pair.links[1]->counter(0) != value) {
      ASSERT_EQ(bell->sleep(psyne::Clock::now() + 10s), psyne::Sleep::woken) << value;
      pair.links[1]->progress().value();
    }
    if (value % 7 == 0) std::this_thread::sleep_for(40ms);  // long enough for the service thread to watch again
  }
  pair.links[1]->attach_bell(nullptr).value();
}

// Memory of a put is lent until completed() says so; raw bytes are not.
TEST_P(StreamLink, RawBytesAreTakenAtOnce) {
  LinkedPair pair(GetParam(), {}, 4 << 20);
  std::vector<std::byte> large(3 << 20, std::byte{1});
  const Put fill{.local = large, .remote = &pair.targets[0], .offset = 0};
  pair.links[0]->post({&fill, 1}, {}).value();  // more than the socket takes
  std::vector<std::byte> raw(4096, std::byte{2});
  const Put put{.local = raw, .remote = &pair.targets[0], .offset = 0, .raw = true};
  pair.links[0]->post({&put, 1}, {.counter = 0, .value = 1}).value();
  std::ranges::fill(raw, std::byte{3});
  ASSERT_TRUE(soon([&] { return pair.links[1]->counter(0) == 1; }));
  EXPECT_TRUE(std::ranges::all_of(pair.windows[1].bytes().first(4096), [](auto b) { return b == std::byte{2}; }));
  EXPECT_EQ(pair.windows[1].bytes()[4096], std::byte{1});
}

// What a put says for itself is told once it has landed, and of a counter that the link has.
TEST_P(StreamLink, APutMayTellSomethingEarly) {
  LinkedPair pair(GetParam(), {}, 4 << 20);
  const std::vector<std::byte> bytes(1 << 20, std::byte{1});
  std::array<Put, 3> puts;
  for (std::size_t place = 0; place < puts.size(); ++place) {
    puts[place] = {.local = bytes, .remote = &pair.targets[0], .offset = place << 20U};
  }
  puts[0].early = {.counter = 2, .value = 7};
  puts[1].early = {.counter = 0, .value = 5};
  pair.links[0]->post(puts, {.counter = 0, .value = 9}).value();
  ASSERT_TRUE(soon([&] { return pair.links[1]->counter(2) == 7; }));
  EXPECT_EQ(pair.windows[1].bytes()[(1 << 20) - 1], std::byte{1});
  ASSERT_TRUE(soon([&] { return pair.links[1]->counter(0) >= 5; }));
  EXPECT_EQ(pair.windows[1].bytes()[(2 << 20) - 1], std::byte{1});
  ASSERT_TRUE(soon([&] { return pair.links[1]->counter(0) == 9; }));
  puts[1].early.counter = psyne::StreamLink::counters;
  EXPECT_EQ(pair.links[0]->post(puts, {}).error(), Code::invalid_argument);
}

TEST_P(StreamLink, APostIsCompletedWhenItsMemoryIsNotReadAnyMore) {
  LinkedPair pair(GetParam(), {}, 8 << 20);
  std::vector<std::byte> large(8 << 20, std::byte{1});
  const Put put{.local = large, .remote = &pair.targets[0], .offset = 0};
  const auto token = pair.links[0]->post({&put, 1}, {.counter = 0, .value = 1}).value();
  ASSERT_TRUE(soon([&] { return pair.links[0]->completed(token); }));
  std::ranges::fill(large, std::byte{2});
  ASSERT_TRUE(soon([&] { return pair.links[1]->counter(0) == 1; }));
  EXPECT_TRUE(std::ranges::all_of(pair.windows[1].bytes(), [](auto b) { return b == std::byte{1}; }));
}

// A link that goes while its queue is full: what was posted still arrives, and its memory may go as well.
TEST_P(StreamLink, WhatWasPostedArrivesThoughTheLinkIsGone) {
  LinkedPair pair(GetParam(), {.queue = 32}, 1 << 20);
  std::uint64_t value = 0;
  {
    std::vector<std::byte> bytes(1 << 20, std::byte{5});
    const Put put{.local = bytes, .remote = &pair.targets[0], .offset = 0};
    while (pair.links[0]->post({&put, 1}, {.counter = 0, .value = value + 1})) ++value;
    EXPECT_GE(value, 32U);
    pair.links[0].reset();
  }
  auto& link = *pair.links[1];
  ASSERT_TRUE(soon([&] { return link.peer_state() != PeerState::alive; }));
  EXPECT_EQ(link.peer_state(), PeerState::closed);
  EXPECT_EQ(link.counter(0), value);
  EXPECT_TRUE(std::ranges::all_of(pair.windows[1].bytes(), [](auto b) { return b == std::byte{5}; }));
}

TEST_P(StreamLink, WhoTurnsAwayRingsWhenThereIsRoom) {
  const auto bell = Bell::make().value();
  LinkedPair pair(GetParam(), {.queue = 4});
  pair.links[0]->attach_service_bell(bell.get()).value();
  std::vector<std::byte> bytes(1 << 20, std::byte{5});
  const Put put{.local = bytes, .remote = &pair.targets[0], .offset = 0};
  for (std::uint64_t value = 1; value <= 100;) {
    if (pair.links[0]->post({&put, 1}, {.counter = 0, .value = value})) {
      ++value;
    } else {
      ASSERT_EQ(bell->sleep(psyne::Clock::now() + 10s), psyne::Sleep::woken) << value;
    }
  }
  EXPECT_TRUE(soon([&] { return pair.links[1]->counter(0) == 100; }));
  pair.links[0]->attach_service_bell(nullptr).value();
}

TEST_P(StreamLink, BeforeItIsStartedThereAreNoPosts) {
  auto sockets = connected_sockets(GetParam());
  const auto link = link_over(std::move(sockets[0]), "other", {}, false);
  EXPECT_EQ(link->post({}, {.counter = 0, .value = 1}).error(), Code::invalid_state);
  link->wake();
  link->progress().value();
  char byte = 0;
  EXPECT_EQ(recv(sockets[1].get(), &byte, 1, MSG_DONTWAIT), -1) << "nothing left";
}

TEST_P(StreamLink, ItsFirstBytesLeaveBeforeWhatIsPosted) {
  auto sockets = connected_sockets(GetParam());
  const auto link = link_over(std::move(sockets[0]), "other", {}, false);
  const std::vector<std::byte> first(11, std::byte{'w'});
  on_service([&] {
    link->start(first).value();
    char byte = 0;
    EXPECT_EQ(recv(sockets[1].get(), &byte, 1, MSG_DONTWAIT), -1) << "not before the service thread has returned";
    link->post({}, {.counter = 0, .value = 1}).value();
  });
  std::array<char, 11 + sizeof(Frame)> got{};
  std::size_t bytes = 0;
  ASSERT_TRUE(soon([&] {
    const ssize_t more = recv(sockets[1].get(), got.data() + bytes, got.size() - bytes, MSG_DONTWAIT);
    bytes += more > 0 ? static_cast<std::size_t>(more) : 0;
    return bytes == got.size();
  }));
  EXPECT_EQ(std::string(got.data(), 11), std::string(11, 'w'));
}

/// A connection that the kernel has given up: the first call, a write, is told why; whoever reads finds an end.
class GivenUp final : public psyne::ByteStream {
 public:
  GivenUp(int socket, int why) : socket_(socket), why_(why) {}
  int descriptor() const noexcept override { return socket_; }
  ssize_t read(std::span<const iovec> into) noexcept override { return readv(socket_, into.data(), 1); }
  ssize_t write(std::span<const iovec> /*from*/) noexcept override {
    shutdown(socket_, SHUT_RDWR);
    errno = std::exchange(why_, EPIPE);
    return -1;
  }

 private:
  const int socket_;
  int why_;
};

TEST_P(StreamLink, KnowsSilenceFromDeathThoughAWriteIsToldOfIt) {
  for (const auto& [why, state] : {std::pair(ETIMEDOUT, PeerState::unreachable),
                                   {EHOSTUNREACH, PeerState::unreachable},
                                   {ECONNRESET, PeerState::lost},
                                   {EPIPE, PeerState::lost}}) {
    auto sockets = connected_sockets(GetParam());
    const int socket = sockets[0].get();
    auto line = std::make_shared<psyne::LifeLine>(std::move(sockets[0]));
    psyne::StreamLink link(line, std::make_unique<GivenUp>(socket, why), {.pid = 1, .name = "silent"}, {});
    on_service([&] { link.start({}).value(); });
    static_cast<void>(link.post({}, {.counter = 0, .value = 1}));
    ASSERT_TRUE(soon([&] { return link.peer_state() != PeerState::alive; }));
    EXPECT_EQ(link.peer_state(), state) << why;
  }
}

/// A peer that is no link: writes what it likes.
class HostilePeer : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    auto sockets = connected_sockets(GetParam());
    link_ = link_over(std::move(sockets[0]), "stranger");
    socket_ = std::move(sockets[1]);
    window_ = psyne::Region::allocate(4096, "window", {}).value();
    shown_ = psyne::Region::allocate(4096, "shown", {}).value();
    writable_ = link_->expose(window_, psyne::Access::write).value().generation;
    readable_ = link_->expose(shown_, psyne::Access::read).value().generation;
  }
  void write(const void* bytes, std::size_t length) const {
    ASSERT_EQ(send(socket_.get(), bytes, length, MSG_NOSIGNAL), static_cast<ssize_t>(length));
  }
  void write(const Frame& frame) const { write(&frame, sizeof frame); }

  std::unique_ptr<psyne::StreamLink> link_;
  psyne::Descriptor socket_;
  psyne::Region window_, shown_;
  std::uint64_t writable_ = 0, readable_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Sockets, HostilePeer, testing::Values(AF_UNIX, AF_INET),
                         [](const auto& each) { return each.param == AF_UNIX ? "unix" : "tcp"; });

TEST_P(HostilePeer, IsCutOffForAnythingThatNoLinkSends) {
  using Kind = Frame::Kind;
  const std::vector<Frame> bad{
      {.kind = static_cast<Kind>(0)},
      {.kind = static_cast<Kind>(200)},
      {.flags = 4},
      {.counter = psyne::StreamLink::counters},
      {.length = 1, .generation = writable_ + 100},
      {.length = 1, .generation = readable_},
      {.length = 1, .generation = writable_, .offset = 4096},
      {.length = 4097, .generation = writable_},
      {.length = 2, .generation = writable_, .offset = ~std::uint64_t{0}},
      {.kind = Kind::acknowledge, .generation = writable_},
      {.kind = Kind::acknowledge, .generation = 77},
      {.kind = Kind::revoke, .length = 3},
  };
  for (std::size_t place = 0; place < bad.size(); ++place) {
    SetUp();
    write({.counter = 0, .value = 1});
    write(bad[place]);
    ASSERT_TRUE(soon([&] { return link_->peer_state() != PeerState::alive; })) << place;
    EXPECT_EQ(link_->peer_state(), PeerState::lost) << place;
    EXPECT_EQ(link_->counter(0), 1U) << "what came before stays";
    EXPECT_EQ(link_->post({}, {.counter = 0, .value = 1}).error(), Code::peer_lost);
  }
}

TEST_P(HostilePeer, ThatHangsUpWithinAFrameIsLost) {
  const Frame frame{.counter = 1, .length = 100, .generation = writable_, .value = 9};
  write(frame);
  write("some", 4);
  socket_.reset();
  ASSERT_TRUE(soon([&] { return link_->peer_state() == PeerState::lost; }));
  EXPECT_EQ(link_->counter(1), 0U) << "not all of it came";
}

TEST_P(HostilePeer, ThatNeverReadsStallsNobodyElse) {
  std::vector<std::byte> bytes(4096, std::byte{1});
  // It exposed nothing, so nothing can be put there; signals are refused when the queue is full.
  std::uint64_t value = 0;
  psyne::Result<psyne::Token> posted = Code::would_block;
  do posted = link_->post({}, {.counter = 0, .value = ++value});
  while (posted && value < 10'000'000);
  EXPECT_EQ(posted.error(), Code::would_block);
  LinkedPair others(GetParam());
  others.links[0]->post({}, {.counter = 1, .value = 5}).value();
  EXPECT_TRUE(soon([&] { return others.links[1]->counter(1) == 5; }));
}

TEST_P(HostilePeer, ThatSendsOneByteAtATimeIsUnderstood) {
  const Frame frame{.flags = Frame::wake, .counter = 3, .length = 3, .generation = writable_, .offset = 7, .value = 6};
  std::array<std::byte, sizeof(Frame) + 3> bytes{};
  std::memcpy(bytes.data(), &frame, sizeof frame);
  std::memcpy(bytes.data() + sizeof frame, "abc", 3);
  for (const std::byte& byte : bytes) {
    write(&byte, 1);
    std::this_thread::sleep_for(200us);
  }
  ASSERT_TRUE(soon([&] { return link_->counter(3) == 6; }));
  EXPECT_EQ(std::memcmp(window_.bytes().data() + 7, "abc", 3), 0);
}

TEST_P(HostilePeer, ThatResetsTheConnectionIsLostAfterItsLastWords) {
  if (GetParam() != AF_INET) GTEST_SKIP() << "only TCP has resets";
  link_->post({}, {.counter = 0, .value = 1}).value();  // unread by the peer, so that its close is a reset
  write({.counter = 2, .value = 8});
  std::this_thread::sleep_for(5ms);
  socket_.reset();
  ASSERT_TRUE(soon([&] { return link_->peer_state() == PeerState::lost; }));
  EXPECT_EQ(link_->counter(2), 8U);
}

TEST_P(HostilePeer, WhoAsksBackForMoreThanThereIsIsCutOff) {
  for (std::uint64_t generation = 1; generation < 10'000; ++generation) {
    const Frame frame{.kind = Frame::Kind::revoke, .generation = generation};
    if (send(socket_.get(), &frame, sizeof frame, MSG_NOSIGNAL) != sizeof frame) std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(soon([&] { return link_->peer_state() == PeerState::lost; })) << "nobody made progress meanwhile";
}

}  // namespace
