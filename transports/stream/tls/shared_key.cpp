#include <psyne/transports/stream/tls/shared_key.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <cstring>
#include <memory>
#include <string>

namespace psyne::inline v0::stream {

namespace {

constexpr std::string_view salt = "psyne tls 1";
constexpr std::string_view identity = "psyne token";
// TLS_AES_128_GCM_SHA256: what a key belongs to is its hash, which is that of all suites that we allow.
constexpr std::array<unsigned char, 2> suite{0x13, 0x01};

bool hmac(std::string_view key, std::string_view text, std::array<unsigned char, SharedKey::bytes>& digest) {
  unsigned int written = 0;
  return HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &written) != nullptr &&
         written == digest.size();
}

struct FreeSession {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

/// A session as if the two had met before; nullptr where there is no memory.
SSL_SESSION* session_of(SSL* session) {
  const auto* shared = static_cast<const SharedKey*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
  std::unique_ptr<SSL_SESSION, FreeSession> made(SSL_SESSION_new());
  const SSL_CIPHER* cipher = SSL_CIPHER_find(session, suite.data());
  if (!made || cipher == nullptr ||
      SSL_SESSION_set1_master_key(made.get(), shared->key.data(), SharedKey::bytes) != 1 ||
      SSL_SESSION_set_cipher(made.get(), cipher) != 1 ||
      SSL_SESSION_set_protocol_version(made.get(), TLS1_3_VERSION) != 1) {
    return nullptr;
  }
  return made.release();
}

int offer(SSL* session, const EVP_MD* hash, const unsigned char** told, std::size_t* length, SSL_SESSION** known) {
  *known = nullptr;
  if (hash != nullptr && EVP_MD_get_type(hash) != NID_sha256) return 1;  // not by this key
  *told = reinterpret_cast<const unsigned char*>(identity.data());
  *length = identity.size();
  *known = session_of(session);
  return *known != nullptr ? 1 : 0;
}

int find(SSL* session, const unsigned char* told, std::size_t length, SSL_SESSION** known) {
  *known = nullptr;
  if (std::string_view(reinterpret_cast<const char*>(told), length) != identity) return 1;  // not by this key
  *known = session_of(session);
  return *known != nullptr ? 1 : 0;
}

}  // namespace

// HKDF's two steps; one block of output is all that is wanted.
Result<SharedKey> SharedKey::of(std::string_view token) {
  std::array<unsigned char, bytes> extracted{};
  SharedKey made;
  const std::string purpose = std::string("pre-shared key") + '\x01';
  if (!hmac(salt, token, extracted) ||
      !hmac({reinterpret_cast<const char*>(extracted.data()), bytes}, purpose, made.key)) {
    return Error(Code::unsupported, "cannot make a key of a token").because("OpenSSL makes no HMAC-SHA256 here");
  }
  return made;
}

void SharedKey::use_in(SSL_CTX& context) const {
  SSL_CTX_set_app_data(&context, const_cast<SharedKey*>(this));  // NOLINT(cppcoreguidelines-pro-type-const-cast): read
  SSL_CTX_set_psk_use_session_callback(&context, offer);
  SSL_CTX_set_psk_find_session_callback(&context, find);
}

}  // namespace psyne::inline v0::stream
