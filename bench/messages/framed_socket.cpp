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

constexpr std::size_t buffer_bytes = 64 << 10;
constexpr std::size_t most_parts = 512;  // of one system call: the kernel's own limit is 1024

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

bool again(ssize_t result) noexcept { return result < 0 && (errno == EAGAIN || errno == EINTR); }

void check_length(std::uint32_t length, std::size_t expected) {
  if (length != expected) throw std::runtime_error("a message of another length arrived");
}

}  // namespace

FramedSocket::FramedSocket(int socket, Waiting waiting)
    : socket_(socket), flags_(MSG_NOSIGNAL | (waiting == Waiting::spinning ? MSG_DONTWAIT : 0)), ahead_(buffer_bytes) {
  kept_.reserve(buffer_bytes);
  parts_.reserve(most_parts);
}

void FramedSocket::send(std::span<const std::byte> message) {
  gather(message);
  flush();
}

void FramedSocket::gather(std::span<const std::byte> message) {
  const std::size_t header_bytes = header_of(message.size());
  const bool copied = message.size() <= longest_copied;
  const std::size_t more = header_bytes + (copied ? message.size() : 0);
  if (kept_.size() + more > kept_.capacity() || parts_.size() + 2 > most_parts) flush();
  std::array<std::byte, long_header> header{};
  const auto length = static_cast<Length>(message.size());
  std::memcpy(header.data(), &length, sizeof length);
  keep(std::span(header).first(header_bytes));
  if (copied) {
    keep(message);
  } else {
    parts_.push_back({const_cast<std::byte*>(message.data()), message.size()});
  }
}

void FramedSocket::keep(std::span<const std::byte> bytes) {
  std::byte* const place = kept_.data() + kept_.size();
  kept_.insert(kept_.end(), bytes.begin(), bytes.end());
  if (!parts_.empty() && static_cast<std::byte*>(parts_.back().iov_base) + parts_.back().iov_len == place) {
    parts_.back().iov_len += bytes.size();
  } else {
    parts_.push_back({place, bytes.size()});
  }
}

void FramedSocket::flush() {
  write(parts_);
  parts_.clear();
  kept_.clear();
}

void FramedSocket::write(std::span<iovec> parts) const {
  while (!parts.empty()) {
    msghdr call{};
    call.msg_iov = parts.data();
    call.msg_iovlen = parts.size();
    const ssize_t sent = parts.size() == 1 ? ::send(socket_, parts[0].iov_base, parts[0].iov_len, flags_)
                                           : ::sendmsg(socket_, &call, flags_);
    if (again(sent)) continue;
    if (sent < 0) fail("send");
    auto left = static_cast<std::size_t>(sent);
    while (!parts.empty() && left >= parts[0].iov_len) {
      left -= parts[0].iov_len;
      parts = parts.subspan(1);
    }
    if (left > 0) parts[0] = {static_cast<std::byte*>(parts[0].iov_base) + left, parts[0].iov_len - left};
  }
}

void FramedSocket::receive(std::span<std::byte> message) {
  if (message.size() <= longest_copied) {
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
  std::array<std::byte, long_header> bytes{};
  const std::span<std::byte> header(bytes);
  const std::size_t whole = header.size() + message.size();
  const std::size_t kept = std::min(end_ - begin_, whole);  // read ahead while messages were short
  const std::size_t kept_header = std::min(kept, header.size());
  std::memcpy(header.data(), ahead_.data() + begin_, kept_header);
  std::memcpy(message.data(), ahead_.data() + begin_ + kept_header, kept - kept_header);
  begin_ += kept;
  for (std::size_t done = kept;;) {
    Length length = 0;
    std::memcpy(&length, header.data(), sizeof length);
    if (done >= sizeof length) check_length(length, message.size());
    if (done == whole) return;
    const std::size_t of_header = std::min(done, header.size());
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

}  // namespace psyne::bench
