#include <psyne/transports/greeting/bytes.hpp>
#include <psyne/transports/stream/meeting/proof.hpp>
#include <psyne/transports/stream/tls/fork_guard.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <vector>

namespace psyne::inline v0::stream {

namespace {

constexpr std::string_view purpose = "psyne stream proof 1";

}  // namespace

Result<Proof> Proof::make(std::string_view token, Role prover, std::span<const std::byte> hello_of_connecting,
                          std::span<const std::byte> hello_of_listening) {
  std::vector<std::byte> message;
  ByteWriter writer(message);
  writer.put(std::as_bytes(std::span(purpose)));
  writer.put(prover == Role::connecting ? 'c' : 'l');
  writer.put(hello_of_connecting);  // both of one fixed length, so no two pairs give the same message
  writer.put(hello_of_listening);
  const ForkGuard guard;
  Proof proof;
  unsigned int written = 0;
  const unsigned char* made = HMAC(EVP_sha256(), token.data(), static_cast<int>(token.size()),
                                   reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                                   reinterpret_cast<unsigned char*>(proof.digest.data()), &written);
  if (made == nullptr || written != bytes) {
    return Error(Code::unsupported, "cannot prove a token").because("OpenSSL makes no HMAC-SHA256 here");
  }
  return proof;
}

bool Proof::equals(std::span<const std::byte> claimed) const noexcept {
  return claimed.size() == bytes && CRYPTO_memcmp(claimed.data(), digest.data(), bytes) == 0;
}

}  // namespace psyne::inline v0::stream
