#include "messages/framed_socket.hpp"

#include "pair/payload.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace psyne::bench {
namespace {

constexpr std::size_t longest_copied = FramedSocket::longest_copied;
/// Around every border: one word, what is gathered, what is read ahead at once, and far beyond a socket's buffer.
constexpr std::array<std::size_t, 8> sizes{8,         64,      longest_copied - 8, longest_copied, longest_copied + 8,
                                           64 * 1024, 1 << 20, (1 << 22) + 8};

/// Two ends of a stream; a receiver that waits for more than 20 s fails in place of hanging.
class Framed : public testing::TestWithParam<Waiting> {
 protected:
  Framed() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    for (const int end : ends_) ::setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Framed() override {
    close(0);
    close(1);
  }

  void close(std::size_t end) {
    if (ends_[end] >= 0) ::close(std::exchange(ends_[end], -1));
  }
  FramedSocket framed(std::size_t end) const { return FramedSocket(ends_[end], GetParam()); }

  /// `bytes` as they are, without a header.
  void send_raw(const void* bytes, std::size_t size) const {
    EXPECT_EQ(::send(ends_[0], bytes, size, MSG_NOSIGNAL), static_cast<ssize_t>(size));
  }

  std::array<int, 2> ends_{-1, -1};
};

INSTANTIATE_TEST_SUITE_P(Waits, Framed, testing::Values(Waiting::spinning, Waiting::blocking),
                         [](const auto& each) { return each.param == Waiting::spinning ? "spinning" : "blocking"; });

std::vector<std::byte> message(std::size_t size, std::uint64_t seed) {
  std::vector<std::byte> bytes(size);
  fill(bytes, seed);
  return bytes;
}

void expect(FramedSocket& socket, std::size_t size, std::uint64_t seed) {
  std::vector<std::byte> bytes(size);
  socket.receive(bytes);
  EXPECT_NO_THROW(check(bytes, seed)) << size << " bytes";
}

TEST_P(Framed, MessagesOfAllSizesArriveWholeAndInOrder) {
  auto sending = std::async(std::launch::async, [socket = framed(0)]() mutable {
    std::uint64_t seed = 0;
    for (const std::size_t size : sizes) socket.send(message(size, seed++));
    for (const std::size_t size : sizes) socket.send(message(size, seed++));
  });
  FramedSocket socket = framed(1);
  std::uint64_t seed = 0;
  for (int turn = 0; turn < 2; ++turn) {
    for (const std::size_t size : sizes) expect(socket, size, seed++);
  }
  sending.get();
}

TEST_P(Framed, ALongOneThatWasReadAheadPartlyBehindAShortOneIsWhole) {
  for (const std::size_t size : {longest_copied + 8, std::size_t{60'000}, std::size_t{200'000}}) {
    auto sending = std::async(std::launch::async, [socket = framed(0), size]() mutable {
      for (std::uint64_t i = 0; i < 50; ++i) {
        socket.send(message(8, i));
        socket.send(message(size, ~i));
      }
    });
    FramedSocket socket = framed(1);
    for (std::uint64_t i = 0; i < 50; ++i) {
      expect(socket, 8, i);
      expect(socket, size, ~i);
    }
    sending.get();
  }
}

TEST_P(Framed, GatheredOnesStayUntilTheyAreFlushedAndLeaveTogether) {
  FramedSocket sender = framed(0);
  for (std::uint64_t i = 0; i < 10; ++i) sender.gather(message(64, i));
  std::array<char, 1024> bytes{};
  EXPECT_EQ(::recv(ends_[1], bytes.data(), bytes.size(), MSG_DONTWAIT), -1);
  sender.flush();
  EXPECT_EQ(::recv(ends_[1], bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_PEEK), 10 * 68);
  sender.flush();  // nothing is left
  FramedSocket receiver = framed(1);
  for (std::uint64_t i = 0; i < 10; ++i) expect(receiver, 64, i);
  EXPECT_EQ(::recv(ends_[1], bytes.data(), bytes.size(), MSG_DONTWAIT), -1);
}

TEST_P(Framed, MoreAreGatheredThanTheBufferHolds) {
  constexpr std::uint64_t count = 100'000;
  auto sending = std::async(std::launch::async, [socket = framed(0)]() mutable {
    for (std::uint64_t i = 0; i < count; ++i) socket.gather(message(64, i));
    socket.send(message(longest_copied + 8, count));  // goes behind what was kept back
  });
  FramedSocket receiver = framed(1);
  std::array<std::byte, 64> bytes{};
  for (std::uint64_t i = 0; i < count; ++i) {
    receiver.receive(bytes);
    ASSERT_NO_THROW(check(bytes, i));
  }
  expect(receiver, longest_copied + 8, count);
  sending.get();
}

TEST_P(Framed, LongAndShortOnesAreGatheredInOrderAndLongOnesAreReadWhenTheyLeave) {
  std::vector<std::byte> late = message(longest_copied + 8, 1);
  auto sending = std::async(std::launch::async, [&late, socket = framed(0)]() mutable {
    const std::vector<std::byte> longer = message(300'000, 3);
    socket.gather(message(8, 0));
    socket.gather(late);
    socket.gather(message(64, 2));
    socket.gather(longer);
    socket.gather(late);
    fill(late, 9);
    socket.flush();
  });
  FramedSocket receiver = framed(1);
  expect(receiver, 8, 0);
  expect(receiver, longest_copied + 8, 9);
  expect(receiver, 64, 2);
  expect(receiver, 300'000, 3);
  expect(receiver, longest_copied + 8, 9);
  sending.get();
}

TEST_P(Framed, MoreLongOnesAreGatheredThanOneCallTakes) {
  constexpr std::uint64_t count = 700;
  auto sending = std::async(std::launch::async, [socket = framed(0)]() mutable {
    std::vector<std::vector<std::byte>> messages;
    for (std::uint64_t i = 0; i < count; ++i) messages.push_back(message(longest_copied + 8, i));
    for (const auto& each : messages) socket.gather(each);
    socket.flush();
  });
  FramedSocket receiver = framed(1);
  for (std::uint64_t i = 0; i < count; ++i) expect(receiver, longest_copied + 8, i);
  sending.get();
}

TEST_P(Framed, AMessageThatComesInPiecesIsPutTogether) {
  for (const std::size_t size : {std::size_t{16}, longest_copied + 8}) {
    const auto length = static_cast<std::uint32_t>(size);
    const std::vector<std::byte> payload = message(size, 3);
    const std::array<std::byte, 60> rest_of_header{};
    auto receiving = std::async(std::launch::async, [socket = framed(1), size]() mutable { expect(socket, size, 3); });
    for (std::size_t i = 0; i < sizeof length; ++i) {
      send_raw(reinterpret_cast<const char*>(&length) + i, 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (size > longest_copied) send_raw(rest_of_header.data(), rest_of_header.size());
    send_raw(payload.data(), 5);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    send_raw(payload.data() + 5, size - 5);
    receiving.get();
  }
}

TEST_P(Framed, AnotherLengthIsRefusedAtOnce) {
  for (const std::size_t size : {std::size_t{16}, longest_copied + 8}) {
    for (const std::uint32_t length : {0u, 8u, static_cast<std::uint32_t>(size) + 1, ~0u}) {
      FramedSocket receiver = framed(1);
      send_raw(&length, sizeof length);
      std::vector<std::byte> bytes(size);
      EXPECT_THROW(receiver.receive(bytes), std::runtime_error) << length << " in place of " << size;
    }
  }
}

TEST_P(Framed, AClosedSocketIsAnErrorForBothSides) {
  FramedSocket receiver = framed(1);
  const std::uint32_t length = 16;
  send_raw(&length, sizeof length);
  close(0);
  std::array<std::byte, 16> bytes{};
  EXPECT_THROW(receiver.receive(bytes), std::runtime_error);
  EXPECT_THROW(receiver.send(bytes), std::system_error);
}

}  // namespace
}  // namespace psyne::bench
