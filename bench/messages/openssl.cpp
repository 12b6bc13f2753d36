// OpenSSL's TLS 1.3 over a TCP socket, as one writes it by hand.
#include "messages/tcp_connection.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace psyne::bench {
namespace {

void require(bool fine, const char* what) {
  if (fine) return;
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  throw std::runtime_error(std::string("OpenSSL: ") + what + ": " + reason.data());
}

/// Both sides know this key, in place of certificates: it decides nothing once the connection stands.
constexpr std::array<unsigned char, 32> shared_key{1, 2, 3};

unsigned write_key(unsigned char* key, unsigned most) {
  const auto length = std::min<std::size_t>(most, shared_key.size());
  std::memcpy(key, shared_key.data(), length);
  return static_cast<unsigned>(length);
}

unsigned clients_key(SSL*, const char*, char* identity, unsigned, unsigned char* key, unsigned most) {
  std::strcpy(identity, "bench");
  return write_key(key, most);
}

unsigned servers_key(SSL*, const char*, unsigned char* key, unsigned most) { return write_key(key, most); }

/// Messages of four bytes of length and a payload, on an encrypted connection.
class OpenSsl {
 public:
  OpenSsl(Side side, Control& control) : connection_(side, control), context_(SSL_CTX_new(TLS_method())) {
    require(context_ != nullptr, "make a context");
    require(SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION) == 1, "ask for TLS 1.3");
    require(SSL_CTX_set_ciphersuites(context_.get(), "TLS_AES_128_GCM_SHA256") == 1, "choose a cipher");
    SSL_CTX_set_psk_client_callback(context_.get(), clients_key);
    SSL_CTX_set_psk_server_callback(context_.get(), servers_key);
    session_.reset(SSL_new(context_.get()));
    require(session_ != nullptr && SSL_set_fd(session_.get(), connection_.socket()) == 1, "make a session");
    require((side == Side::leader ? SSL_accept(session_.get()) : SSL_connect(session_.get())) == 1, "shake hands");
  }

  std::size_t window(const Cell&) const noexcept { return 1; }
  void start_send(std::size_t, std::span<const std::byte> message) {
    const auto length = static_cast<std::uint32_t>(message.size());
    const std::size_t together = std::min(message.size(), first_record_.size() - sizeof length);
    std::memcpy(first_record_.data(), &length, sizeof length);
    std::memcpy(first_record_.data() + sizeof length, message.data(), together);
    write(std::span(first_record_).first(sizeof length + together));
    write(message.subspan(together));
  }
  void finish_send(std::size_t) {}
  void start_receive(std::size_t, std::span<std::byte> message) { posted_ = message; }
  void finish_receive(std::size_t) {
    std::uint32_t length = 0;
    read(std::as_writable_bytes(std::span(&length, 1)));
    if (length != posted_.size()) throw std::runtime_error("a message of another length arrived");
    read(posted_);
  }

 private:
  static constexpr std::size_t record_bytes = 16 << 10;  ///< the longest that TLS has

  void write(std::span<const std::byte> bytes) {
    std::size_t written = 0;
    if (bytes.empty()) return;
    require(SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written) == 1, "write");
  }

  void read(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
      std::size_t got = 0;
      require(SSL_read_ex(session_.get(), bytes.data(), bytes.size(), &got) == 1, "read");
      bytes = bytes.subspan(got);
    }
  }

  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(SSL* session) const noexcept { SSL_free(session); }
  };

  TcpConnection connection_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> session_;
  std::array<std::byte, record_bytes> first_record_;
  std::span<std::byte> posted_;
};

std::optional<double> measure(const Cell& cell, Side side, Control& control) {
  if (cell.work != Work::tls_stream) return std::nullopt;
  OpenSsl peer(side, control);
  return in_unit(cell, take_part(Stream<OpenSsl>(peer, cell, control), side));
}

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](const Options&) -> Measure { return measure; });
}
