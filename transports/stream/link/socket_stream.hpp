#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>

#include <memory>
#include <utility>

namespace psyne::inline v0 {

/// The bytes of a socket as they are. One system call for each call.
class SocketStream final : public ByteStream {
 public:
  /// `line`: a connected socket that does not block.
  explicit SocketStream(std::shared_ptr<LifeLine> line) noexcept : line_(std::move(line)) {}

  int descriptor() const noexcept override { return line_->get(); }
  ssize_t read(std::span<const iovec> into) noexcept override;
  ssize_t write(std::span<const iovec> from) noexcept override;

 private:
  std::shared_ptr<LifeLine> line_;
};

}  // namespace psyne::inline v0
