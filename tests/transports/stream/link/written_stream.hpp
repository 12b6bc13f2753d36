#pragma once

#include <psyne/transports/stream/link/byte_stream.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace psyne_test {

/// A stream whose other end is a test: takes `room` bytes, gives what lies in `coming`, at most `step` at once.
class WrittenStream final : public psyne::ByteStream {
 public:
  std::vector<std::byte> gone;
  std::size_t room = 0;
  std::vector<std::byte> coming;
  std::size_t step = ~std::size_t{0};
  std::size_t arrived = ~std::size_t{0};  ///< how much of `coming` a peek shows
  bool ended = false;
  int error = 0;  ///< of every call, if any
  int calls = 0;

  int descriptor() const noexcept override { return -1; }

  ssize_t read(std::span<const iovec> into) noexcept override {
    ++calls;
    if (error != 0) return fail(error);
    if (coming.empty()) return ended ? 0 : fail(EAGAIN);
    std::size_t got = 0;
    for (const iovec& piece : into) {
      const std::size_t part = std::min({piece.iov_len, coming.size(), step - got});
      if (part != 0) std::memcpy(piece.iov_base, coming.data(), part);
      coming.erase(coming.begin(), coming.begin() + static_cast<std::ptrdiff_t>(part));
      got += part;
    }
    return static_cast<ssize_t>(got);
  }

  bool peeks() const noexcept override { return true; }
  ssize_t peek(std::span<std::byte> into) noexcept override {
    ++calls;
    if (error != 0) return fail(error);
    if (coming.empty()) return ended ? 0 : fail(EAGAIN);
    const std::size_t got = std::min(into.size(), std::min(coming.size(), arrived));
    std::memcpy(into.data(), coming.data(), got);
    return got == 0 ? fail(EAGAIN) : static_cast<ssize_t>(got);
  }
  void discard(std::size_t bytes) noexcept override {
    ++calls;
    coming.erase(coming.begin(), coming.begin() + static_cast<std::ptrdiff_t>(bytes));
    arrived -= std::min(arrived, bytes);
  }

  ssize_t write(std::span<const iovec> from) noexcept override {
    ++calls;
    if (error != 0) return fail(error);
    std::size_t sent = 0;
    for (const iovec& piece : from) {
      const std::size_t part = std::min({piece.iov_len, room, step - sent});
      const auto* bytes = static_cast<const std::byte*>(piece.iov_base);
      gone.insert(gone.end(), bytes, bytes + part);
      room -= part;
      sent += part;
    }
    return sent == 0 ? fail(EAGAIN) : static_cast<ssize_t>(sent);
  }

 private:
  static ssize_t fail(int with) noexcept {
    errno = with;
    return -1;
  }
};

}  // namespace psyne_test
