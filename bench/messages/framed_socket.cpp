#include "messages/framed_socket.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace psyne::bench {
namespace {

constexpr std::size_t ahead_bytes = 64 << 10;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

bool again(ssize_t result) noexcept { return result < 0 && (errno == EAGAIN || errno == EINTR); }

void check_length(std::uint32_t length, std::size_t expected) {
  if (length != expected) throw std::runtime_error("a message of another length arrived");
}

}  // namespace

FramedSocket::FramedSocket(int socket, Waiting waiting)
    : socket_(socket), flags_(MSG_NOSIGNAL | (waiting == Waiting::spinning ? MSG_DONTWAIT : 0)), ahead_(ahead_bytes) {
  gathered_.reserve(ahead_bytes);
}

void FramedSocket::send(std::span<const std::byte> message) {
  if (message.size() <= longest_gathered) {
    gather(message);
    return flush();
  }
  flush();
  const auto length = static_cast<Length>(message.size());
  write(std::as_bytes(std::span(&length, 1)), message);
}

void FramedSocket::gather(std::span<const std::byte> message) {
  if (gathered_.size() + sizeof(Length) + message.size() > gathered_.capacity()) flush();
  const auto length = static_cast<Length>(message.size());
  const auto header = std::as_bytes(std::span(&length, 1));
  gathered_.insert(gathered_.end(), header.begin(), header.end());
  gathered_.insert(gathered_.end(), message.begin(), message.end());
}

void FramedSocket::flush() {
  write(gathered_, {});
  gathered_.clear();
}

void FramedSocket::receive(std::span<std::byte> message) {
  if (message.size() <= longest_gathered) {
    receive_short(message);
  } else {
    receive_long(message);
  }
}

void FramedSocket::receive_short(std::span<std::byte> message) {
  const std::size_t whole = sizeof(Length) + message.size();
  if (ahead_.size() - begin_ < whole) {
    std::memmove(ahead_.data(), ahead_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  Length length = 0;
  read_ahead(sizeof length);
  std::memcpy(&length, ahead_.data() + begin_, sizeof length);
  check_length(length, message.size());
  read_ahead(whole);
  std::memcpy(message.data(), ahead_.data() + begin_ + sizeof length, message.size());
  begin_ += whole;
  if (begin_ == end_) begin_ = end_ = 0;
}

void FramedSocket::read_ahead(std::size_t least) {
  while (end_ - begin_ < least) end_ += read(std::span(ahead_).subspan(end_), {});
}

void FramedSocket::receive_long(std::span<std::byte> message) {
  Length length = 0;
  const auto header = std::as_writable_bytes(std::span(&length, 1));
  const std::size_t whole = sizeof length + message.size();
  const std::size_t kept = std::min(end_ - begin_, whole);  // read ahead while messages were short
  const std::size_t kept_header = std::min(kept, sizeof length);
  std::memcpy(header.data(), ahead_.data() + begin_, kept_header);
  std::memcpy(message.data(), ahead_.data() + begin_ + kept_header, kept - kept_header);
  begin_ += kept;
  for (std::size_t done = kept;;) {
    if (done >= sizeof length) check_length(length, message.size());
    if (done == whole) return;
    const std::size_t of_header = std::min(done, sizeof length);
    done += read(header.subspan(of_header), message.subspan(done - of_header));
  }
}

std::size_t FramedSocket::read(std::span<std::byte> first, std::span<std::byte> second) const {
  std::array<iovec, 2> parts{{{first.data(), first.size()}, {second.data(), second.size()}}};
  msghdr call{};
  call.msg_iov = parts.data();
  call.msg_iovlen = parts.size();
  ssize_t got = 0;
  do {
    got = second.empty() ? ::recv(socket_, first.data(), first.size(), flags_) : ::recvmsg(socket_, &call, flags_);
  } while (again(got));
  if (got < 0) fail("receive");
  if (got == 0) throw std::runtime_error("the other side has closed its socket");
  return static_cast<std::size_t>(got);
}

void FramedSocket::write(std::span<const std::byte> first, std::span<const std::byte> second) const {
  while (!first.empty() || !second.empty()) {
    std::array<iovec, 2> parts{
        {{const_cast<std::byte*>(first.data()), first.size()}, {const_cast<std::byte*>(second.data()), second.size()}}};
    msghdr call{};
    call.msg_iov = parts.data();
    call.msg_iovlen = parts.size();
    const ssize_t sent =
        second.empty() ? ::send(socket_, first.data(), first.size(), flags_) : ::sendmsg(socket_, &call, flags_);
    if (again(sent)) continue;
    if (sent < 0) fail("send");
    const auto of_first = std::min(static_cast<std::size_t>(sent), first.size());
    first = first.subspan(of_first);
    second = second.subspan(static_cast<std::size_t>(sent) - of_first);
  }
}

}  // namespace psyne::bench
