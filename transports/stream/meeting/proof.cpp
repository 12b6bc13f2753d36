#include <psyne/transports/greeting/bytes.hpp>
#include <psyne/transports/stream/meeting/proof.hpp>
#include <psyne/transports/stream/tls/fork_guard.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <initializer_list>
#include <vector>

namespace psyne::inline v0::stream {

namespace {

constexpr std::string_view of_token = "psyne stream proof 1";
constexpr std::string_view of_new_session = "psyne stream session 1";
constexpr std::string_view of_old_session = "psyne stream continuation 1";

// The hellos are of one fixed length, so no two lists of parts give the same message.
Result<Proof> make_proof(std::span<const std::byte> key, std::string_view purpose,
                         std::initializer_list<std::span<const std::byte>> parts) {
  std::vector<std::byte> message;
  ByteWriter writer(message);
  writer.put(std::as_bytes(std::span(purpose)));
  for (const std::span<const std::byte> part : parts) writer.put(part);
  const ForkGuard guard;
  Proof proof;
  unsigned int written = 0;
  const unsigned char* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                   reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                                   reinterpret_cast<unsigned char*>(proof.digest.data()), &written);
  if (made == nullptr || written != Proof::bytes) {
    return Error(Code::unsupported, "cannot prove a token").because("OpenSSL makes no HMAC-SHA256 here");
  }
  return proof;
}

std::span<const std::byte> letter_of(Role role) noexcept {
  static constexpr std::array letters{std::byte{'c'}, std::byte{'l'}};
  return std::span(letters).subspan(role == Role::connecting ? 0 : 1, 1);
}

std::span<const std::byte> bytes_of(std::string_view token) noexcept { return std::as_bytes(std::span(token)); }

}  // namespace

Result<Proof> Proof::make(std::string_view token, Role prover, std::span<const std::byte> hello_of_connecting,
                          std::span<const std::byte> hello_of_listening) {
  return make_proof(bytes_of(token), of_token, {letter_of(prover), hello_of_connecting, hello_of_listening});
}

Result<Proof> Proof::of_session(std::string_view token, std::span<const std::byte> hello_of_connecting,
                                std::span<const std::byte> hello_of_listening) {
  return make_proof(bytes_of(token), of_new_session, {hello_of_connecting, hello_of_listening});
}

Result<Proof> Proof::of_continuation(const Proof& secret, Role prover, std::span<const std::byte> hello_of_connecting,
                                     std::span<const std::byte> hello_of_listening, std::span<const std::byte> said) {
  return make_proof(secret.digest, of_old_session, {letter_of(prover), hello_of_connecting, hello_of_listening, said});
}

bool Proof::equals(std::span<const std::byte> claimed) const noexcept {
  return claimed.size() == bytes && CRYPTO_memcmp(claimed.data(), digest.data(), bytes) == 0;
}

}  // namespace psyne::inline v0::stream
