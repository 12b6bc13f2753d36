#include <psyne/transports/stream/link/departing_stream.hpp>

#include "eventually.hpp"
#include "linked_pair.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using psyne::ByteStream;
using psyne::LifeLine;
using psyne::SocketStream;
using psyne_test::connected_sockets;
using psyne_test::eventually;

/// One end of a connection, full of what the other end has not taken.
struct Full {
  explicit Full(int domain) : ends(connected_sockets(domain)), line(std::make_shared<LifeLine>(std::move(ends[0]))) {
    const std::vector<std::byte> bytes(1 << 20, std::byte{7});
    const iovec piece = psyne::piece(bytes);
    while (stream->write({&piece, 1}) > 0) {
    }
  }
  /// Hands it over with so many bytes more.
  std::weak_ptr<LifeLine> depart(std::size_t rest) {
    psyne::depart(line, std::move(stream), std::vector<std::byte>(rest, std::byte{8}));
    return std::exchange(line, nullptr);
  }

  std::array<psyne::Descriptor, 2> ends;
  std::shared_ptr<LifeLine> line;
  std::shared_ptr<ByteStream> stream = std::make_shared<SocketStream>(line);
};

class DepartingStream : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Domains, DepartingStream, testing::Values(AF_INET, AF_UNIX),
                         [](const auto& domain) { return domain.param == AF_INET ? "tcp" : "unix"; });

TEST_P(DepartingStream, StaysUntilAllHasArrived) {
  Full full(GetParam());
  const auto line = full.depart(100'000);
  EXPECT_FALSE(line.expired());
  std::size_t last = 0;
  std::vector<std::byte> into(1 << 16);
  EXPECT_TRUE(eventually([&] {
    for (;;) {
      const ssize_t got = recv(full.ends[1].get(), into.data(), into.size(), MSG_DONTWAIT);
      if (got <= 0) return got == 0;
      for (ssize_t i = 0; i < got; ++i) last += into[static_cast<std::size_t>(i)] == std::byte{8} ? 1 : 0;
    }
  }));
  EXPECT_EQ(last, 100'000U);
  EXPECT_TRUE(eventually([&] { return line.expired(); }));
}

// The kernel counts on what it threw away with the connection: looked at, it would stay for its ten seconds.
TEST_P(DepartingStream, GoesWhenNobodyIsThereToGetIt) {
  Full full(GetParam());
  full.ends[1] = psyne::Descriptor();
  const auto began = psyne::Clock::now();
  const auto line = full.depart(100'000);
  EXPECT_TRUE(eventually([&] { return line.expired(); }));
  EXPECT_LT(psyne::Clock::now() - began, std::chrono::seconds(8));
}

TEST_P(DepartingStream, WithNothingLeftToSayItGoesAtOnce) {
  auto ends = connected_sockets(GetParam());
  auto line = std::make_shared<LifeLine>(std::move(ends[0]));
  std::shared_ptr<ByteStream> stream = std::make_shared<SocketStream>(line);
  const std::weak_ptr<LifeLine> gone = line;
  psyne::depart(std::exchange(line, nullptr), std::move(stream), {});
  EXPECT_TRUE(gone.expired());
}

}  // namespace
