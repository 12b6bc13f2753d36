#include "patterns/asking.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace patterns_bench {
namespace {

using namespace std::chrono_literals;

/// A socket between asker and responder, made before the responder's process is.
class Line {
 public:
  Line() {
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()) != 0) throw std::runtime_error("socket");
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    for (const int end : ends_) ::close(end);
  }

  /// A library over it whose responder changes a reply by `change(reply, number)`.
  template <class Change>
  Bureau bureau(Change change) const {
    return {.respond =
                [socket = ends_[1], change](const Terms& terms, const Bureau::Announce& announce,
                                            const Bureau::Answer& answer) {
                  announce(Address{'h', 'e', 'r', 'e'});
                  std::vector<std::byte> query(terms.bytes);
                  std::vector<std::byte> reply(terms.bytes);
                  for (unsigned number = 0;; ++number) {
                    receive(socket, query);
                    answer(query, reply);
                    change(std::span(reply), number);
                    send(socket, reply);
                  }
                },
            .asker = [socket = ends_[0]](const Terms&, const Address& address) -> Bureau::Ask {
              if (address[0] != 'h') throw std::runtime_error("the address did not come");
              return [socket](std::span<const std::byte> query, std::span<std::byte> reply) {
                send(socket, query);
                receive(socket, reply);
              };
            }};
  }

 private:
  static void send(int socket, std::span<const std::byte> message) {
    if (::send(socket, message.data(), message.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("send");
  }
  static void receive(int socket, std::span<std::byte> message) {
    if (::recv(socket, message.data(), message.size(), 0) != static_cast<ssize_t>(message.size())) {
      throw std::runtime_error("recv");
    }
  }

  std::array<int, 2> ends_{};
};

constexpr auto honest = [](std::span<std::byte>, unsigned) {};

TEST(Asking, MeasuresFromAskingToTheAnswer) {
  const Line line;
  const auto slow = [](std::span<std::byte>, unsigned) { ::usleep(100); };
  EXPECT_GE(round_trip(line.bureau(slow), {}, 5ms), 100'000);
}

TEST(Asking, WaitsUntilAllSleepWithoutMeasuringThat) {
  const Line line;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_GT(round_trip(line.bureau(honest), {.asleep = true, .bytes = 1024}, 1ns), 0);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 2ms);
}

TEST(Asking, AnAnswerToAnotherQueryEndsIt) {
  const Line line;
  const auto wrong = [](std::span<std::byte> reply, unsigned number) {
    if (number == 10) reply.back() ^= std::byte{1};
  };
  EXPECT_THROW(round_trip(line.bureau(wrong), {}, 5ms), std::exception);
}

TEST(Asking, ATornPayloadEndsIt) {
  const Line line;
  const auto torn = [](std::span<std::byte> reply, unsigned) { reply[reply.size() / 2] ^= std::byte{1}; };
  EXPECT_THROW(round_trip(line.bureau(torn), {.bytes = 1024}, 5ms), std::exception);
}

TEST(Asking, HasItsWorks) {
  const auto known = asking_works({});
  ASSERT_EQ(known.size(), 4U);
  EXPECT_EQ(known[0].name, "ask ipc");
  EXPECT_EQ(known[3].name, "ask tcp asleep");
  EXPECT_EQ(known[3].unit, "ns");
}

}  // namespace
}  // namespace patterns_bench
