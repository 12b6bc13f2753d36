#include "messages/tcp_connection.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <thread>

namespace psyne::bench {
namespace {

class Connected : public testing::Test {
 protected:
  Connected() {
    auto [leaders, followers] = Control::pair();
    std::thread follower([this, end = std::move(followers)]() mutable { follower_.emplace(Side::follower, end); });
    leader_.emplace(Side::leader, leaders);
    follower.join();
  }

  std::optional<TcpConnection> leader_;
  std::optional<TcpConnection> follower_;
};

int option(const TcpConnection& connection, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(::getsockopt(connection.socket(), level, name, &value, &length), 0);
  return value;
}

TEST_F(Connected, IsTcpAndSendsAtOnceOnBothSides) {
  for (const TcpConnection* end : {&*leader_, &*follower_}) {
    EXPECT_EQ(option(*end, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    EXPECT_NE(option(*end, IPPROTO_TCP, TCP_NODELAY), 0);
  }
}

TEST_F(Connected, CarriesBytesBothWaysAndItsEndIsSeen) {
  std::array<char, 3> bytes{};
  EXPECT_EQ(::send(leader_->socket(), "one", 3, 0), 3);
  EXPECT_EQ(::recv(follower_->socket(), bytes.data(), 3, MSG_WAITALL), 3);
  EXPECT_EQ(std::string_view(bytes.data(), 3), "one");
  EXPECT_EQ(::send(follower_->socket(), "two", 3, 0), 3);
  EXPECT_EQ(::recv(leader_->socket(), bytes.data(), 3, MSG_WAITALL), 3);
  EXPECT_EQ(std::string_view(bytes.data(), 3), "two");
  follower_.reset();
  EXPECT_EQ(::recv(leader_->socket(), bytes.data(), 3, 0), 0);
}

TEST_F(Connected, IsClosedOnceWhenItWasMoved) {
  {
    const TcpConnection moved(std::move(*leader_));
    EXPECT_GE(moved.socket(), 0);
    EXPECT_LT(leader_->socket(), 0);
  }
  char byte = 0;
  EXPECT_EQ(::recv(follower_->socket(), &byte, 1, 0), 0);
}

TEST(FreePort, CanBeListenedOn) {
  const std::uint16_t port = free_port();
  ASSERT_NE(port, 0);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
}

}  // namespace
}  // namespace psyne::bench
