#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/stream/tls/fork_guard.hpp>
#include <psyne/transports/stream/tls/tls_context.hpp>
#include <psyne/transports/stream/tls/tls_failure.hpp>
#include <psyne/transports/stream/tls/tls_stream.hpp>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace psyne::inline v0::stream {

namespace {

// All of one hash, so that a token's key fits each; first what processors have instructions for.
constexpr const char* suites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
// What one system call may bring, three records: streams of 1 MiB ran at 0.98 of what bare OpenSSL reached beside them,
// as with eight; at 0.89 as OpenSSL reads by itself, each record's head and body by a call of its own.
constexpr std::size_t read_bytes = std::size_t{48} << 10U;

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> nowhere{};
  return inet_pton(AF_INET, name.c_str(), nowhere.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), nowhere.data()) == 1;
}

/// A key that needs a passphrase is refused rather than asked for at the terminal.
int no_passphrase(char* /*into*/, int /*most*/, int /*writing*/, void* /*unused*/) { return -1; }

Error cannot_encrypt(const std::string& uri) {
  return Error(Code::exhausted, "cannot open " + uri).because("OpenSSL: " + tls_reason());
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(TlsSettings settings, Role role, const std::string& uri) {
  std::shared_ptr<TlsContext> made;  // before the guard: where it fails, it goes without
  const ForkGuard guard;
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  if (context == nullptr) return cannot_encrypt(uri);
  made.reset(new TlsContext(std::move(settings), role, context));
  made->uri_ = uri;
  if (auto limited = made->limit(); !limited) return limited.error();
  if (!made->settings_.by_certificates()) {
    if (auto shared = made->share_token(); !shared) return shared.error();
    return made;
  }
  if (auto shown = made->show(); !shown) return shown.error();
  if (auto trusted = made->trust(); !trusted) return trusted.error();
  return made;
}

TlsContext::~TlsContext() {
  const ForkGuard guard;
  SSL_CTX_free(context_);
}

Error TlsContext::unusable(const std::string& option, const std::string& file) const {
  return Error(Code::invalid_argument, "cannot open " + uri_)
      .because(option + ", " + quoted(file) + ", cannot be used: " + tls_reason())
      .mend("Write it as PEM, readable by this user, a key without a passphrase.");
}

Result<void> TlsContext::limit() const {
  SSL_CTX* context = context_;
  if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 || SSL_CTX_set_ciphersuites(context, suites) != 1) {
    return cannot_encrypt(uri_);
  }
  // No session is taken up again: who meets again proves again who he is.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, read_bytes);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  return {};
}

// Whom nobody vouches for is refused, also where only a token is expected.
Result<void> TlsContext::share_token() {
  auto key = SharedKey::of(settings_.token);
  if (!key) return key.error();
  key_ = *key;
  key_.use_in(*context_);
  if (role_ == Role::connecting) SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  return {};
}

Result<void> TlsContext::show() const {
  if (settings_.certificate.empty()) return {};
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context_, settings_.certificate.c_str()) != 1) {
    return unusable("tls.certificate", settings_.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context_, settings_.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context_) != 1) {
    return unusable("tls.key", settings_.key);
  }
  return {};
}

Result<void> TlsContext::trust() const {
  if (settings_.authority.empty()) return {};
  ERR_clear_error();
  const bool loaded = settings_.authority == "system"
                          ? SSL_CTX_set_default_verify_paths(context_) == 1
                          : SSL_CTX_load_verify_file(context_, settings_.authority.c_str()) == 1;
  if (!loaded) return unusable("tls.authority", settings_.authority);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

SSL* TlsContext::new_session() const {
  const ForkGuard guard;
  return SSL_new(context_);
}

Result<std::shared_ptr<ByteStream>> TlsContext::over(std::shared_ptr<LifeLine> line,
                                                     std::uint64_t records_per_key) const {
  TlsStream::Session session(new_session());
  if (!session) return cannot_encrypt(uri_);
  if (role_ == Role::listening) {
    SSL_set_accept_state(session.get());
  } else {
    SSL_set_connect_state(session.get());
    if (settings_.by_certificates()) {
      SSL_set_hostflags(session.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      const bool named = is_address(settings_.name)
                             ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), settings_.name.c_str()) == 1
                             : SSL_set1_host(session.get(), settings_.name.c_str()) == 1 &&
                                   SSL_set_tlsext_host_name(session.get(), settings_.name.c_str()) == 1;
      if (!named) return cannot_encrypt(uri_);
    }
  }
  return TlsStream::make(std::move(line), shared_from_this(), std::move(session), records_per_key);
}

}  // namespace psyne::inline v0::stream
