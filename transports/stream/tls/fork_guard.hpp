#pragma once

#include <mutex>

namespace psyne::inline v0::stream {

/// Held by a thread that calls what takes OpenSSL's own locks: fork() waits for it, so that the child finds them open.
/// In a child whose parent's service thread was just shaking hands, the first handshake would wait for ever. What
/// encrypts and decrypts takes none. The first one has OpenSSL stay as it is when the process exits. Not recursive.
class ForkGuard {
 public:
  ForkGuard();

 private:
  std::lock_guard<std::mutex> lock_;
};

}  // namespace psyne::inline v0::stream
