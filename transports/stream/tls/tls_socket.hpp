#pragma once

#include <cstddef>
#include <span>
#include <vector>

using BIO = struct bio_st;
using BIO_METHOD = struct bio_method_st;

namespace psyne::inline v0::stream {

/// A socket as OpenSSL sees it: always takes what is written, and holds what the kernel has no room for, so that what
/// was encrypted need never be encrypted again. By one thread at a time.
class TlsSocket {
 public:
  explicit TlsSocket(int descriptor) noexcept : descriptor_(descriptor) {}

  /// For one session, which frees it; this outlives that. nullptr where there is no memory.
  BIO* make_bio();

  /// As OpenSSL does it.
  void write(std::span<const char> bytes);
  /// Whether the kernel has all that was written, or never will.
  bool flush() noexcept;
  bool holds_unsent() const noexcept { return !held_.empty(); }
  /// Whether nothing was written yet.
  bool is_silent() const noexcept { return silent_; }
  /// Whether the last read took all that the kernel had.
  bool drained() const noexcept { return drained_; }
  bool has_ended() const noexcept { return ended_; }
  /// errno of what failed for good, 0 if nothing did: a peer that does not listen any more may still have said
  /// something.
  int read_error() const noexcept { return read_error_; }
  int write_error() const noexcept { return write_error_; }

 private:
  static int write(BIO* bio, const char* bytes, std::size_t count, std::size_t* written);
  static int read(BIO* bio, char* into, std::size_t most, std::size_t* got);
  static long control(BIO* bio, int what, long number, void* pointer);
  static const BIO_METHOD* method();

  std::size_t send(std::span<const char> bytes) noexcept;

  const int descriptor_;
  std::vector<char> held_;  // from sent_ on
  std::size_t sent_ = 0;
  bool silent_ = true;
  bool drained_ = true;
  bool ended_ = false;
  int read_error_ = 0;
  int write_error_ = 0;
};

}  // namespace psyne::inline v0::stream
