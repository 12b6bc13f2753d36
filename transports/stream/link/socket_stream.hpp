#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>

#include <memory>
#include <utility>

namespace psyne::inline v0 {

/// The bytes of a socket as they are. One system call for each call.
class SocketStream final : public ByteStream {
 public:
  /// `line`: a connected socket that does not block. `peeks`: it is of TCP.
  explicit SocketStream(std::shared_ptr<LifeLine> line, bool peeks = false) noexcept
      : line_(std::move(line)), peeks_(peeks) {}

  int descriptor() const noexcept override { return line_->get(); }
  ssize_t read(std::span<const iovec> into) noexcept override;
  bool peeks() const noexcept override { return peeks_; }
  ssize_t peek(std::span<std::byte> into) noexcept override;
  void discard(std::size_t bytes) noexcept override;
  ssize_t write(std::span<const iovec> from) noexcept override;

 private:
  std::shared_ptr<LifeLine> line_;
  const bool peeks_;
};

}  // namespace psyne::inline v0
