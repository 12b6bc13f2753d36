#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/tls/tls_context.hpp>
#include <psyne/transports/stream/tls/tls_socket.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

using SSL = struct ssl_st;

namespace psyne::inline v0::stream {

/// A connection under TLS 1.3. Large pieces are encrypted where they lie, small ones gathered into one record; what
/// comes is taken from the socket 48 KiB at a time.
///
/// An end of the bytes says nothing here, as on a socket: that a peer was done, it says by a frame, which nobody can
/// forge, so a connection that is cut short is a peer that was lost.
class TlsStream final : public ByteStream {
 public:
  struct Free {
    void operator()(SSL* session) const noexcept;
  };
  using Session = std::unique_ptr<SSL, Free>;

  /// `session`: of `context`, its role set, without a socket. Errors: exhausted.
  static Result<std::shared_ptr<TlsStream>> make(std::shared_ptr<LifeLine> line,
                                                 std::shared_ptr<const TlsContext> context, Session session,
                                                 std::uint64_t records_per_key);
  ~TlsStream() override;

  int descriptor() const noexcept override { return line_->get(); }
  ssize_t read(std::span<const iovec> into) noexcept override;
  ssize_t write(std::span<const iovec> from) noexcept override;
  bool is_secure() const noexcept override { return true; }
  Opening open() noexcept override;
  bool flush() noexcept override;
  bool holds_unread() const noexcept override { return unread_.load(std::memory_order_acquire); }
  std::optional<Error> failure() const override;

 private:
  /// How the stream is to be answered for from now on, as by read(2).
  struct End {
    ssize_t result = 0;
    int error = 0;
  };

  TlsStream(std::shared_ptr<LifeLine> line, std::shared_ptr<const TlsContext> context, Session session,
            std::uint64_t records_per_key) noexcept;
  bool read_one(std::span<std::byte> into, std::size_t& got) noexcept;
  bool write_one(std::span<const std::byte> record) noexcept;
  void ended(int outcome) noexcept;
  ssize_t at_end() const noexcept;
  /// In both directions; a peer that says no more may still hear.
  bool broken() const noexcept { return end_ && end_->result != 0; }

  const std::shared_ptr<LifeLine> line_;
  const std::shared_ptr<const TlsContext> context_;
  const std::uint64_t records_per_key_;
  mutable std::mutex mutex_;  // OpenSSL's session knows no two threads, not even one each way
  TlsSocket socket_;
  Session session_;
  std::uint64_t records_ = 0;  // by this key
  std::optional<End> end_;
  std::optional<Error> failure_;
  std::atomic<bool> unread_{false};
};

}  // namespace psyne::inline v0::stream
