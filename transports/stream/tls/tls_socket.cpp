#include <psyne/transports/stream/tls/tls_socket.hpp>

#include <openssl/bio.h>
#include <sys/socket.h>

#include <cerrno>

namespace psyne::inline v0::stream {

namespace {

/// More than one flight of a handshake, and than all that is written before somebody looks whether it went.
constexpr std::size_t most_held = std::size_t{1} << 20U;

}  // namespace

// Never freed: connections may end during static destruction.
const BIO_METHOD* TlsSocket::method() {
  static const BIO_METHOD* const made = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "psyne socket");
    if (method == nullptr) return method;
    BIO_meth_set_write_ex(method, write);
    BIO_meth_set_read_ex(method, read);
    BIO_meth_set_ctrl(method, control);
    return method;
  }();
  return made;
}

BIO* TlsSocket::make_bio() {
  BIO* bio = method() == nullptr ? nullptr : BIO_new(method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

// How many the kernel took.
std::size_t TlsSocket::send(std::span<const char> bytes) noexcept {
  while (write_error_ == 0) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) break;
    if (errno != EINTR) write_error_ = errno;
  }
  return 0;
}

bool TlsSocket::flush() noexcept {
  if (held_.empty()) return true;
  sent_ += send(std::span(held_).subspan(sent_));
  if (write_error_ == 0 && sent_ < held_.size()) return false;
  held_ = {};
  sent_ = 0;
  return true;
}

void TlsSocket::write(std::span<const char> bytes) {
  silent_ = false;
  if (held_.size() + bytes.size() > most_held) write_error_ = ENOBUFS;
  const auto rest = bytes.subspan(held_.empty() ? send(bytes) : 0);
  held_.insert(held_.end(), rest.begin(), rest.end());
}

int TlsSocket::write(BIO* bio, const char* bytes, std::size_t count, std::size_t* written) {
  auto& self = *static_cast<TlsSocket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  self.write({bytes, count});
  *written = count;
  return self.write_error_ == 0 ? 1 : 0;
}

int TlsSocket::read(BIO* bio, char* into, std::size_t most, std::size_t* got) {
  auto& self = *static_cast<TlsSocket*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  ssize_t came = 0;
  do {
    came = recv(self.descriptor_, into, most, MSG_DONTWAIT);
  } while (came < 0 && errno == EINTR);
  if (came > 0) {
    *got = static_cast<std::size_t>(came);
    self.drained_ = *got < most;
    return 1;
  }
  self.drained_ = true;
  if (came == 0) {
    self.ended_ = true;
  } else if (errno == EAGAIN) {
    BIO_set_retry_read(bio);
  } else {
    self.read_error_ = errno;
  }
  return 0;
}

// A flush is not waited for; of the rest nothing is asked that a socket must know.
long TlsSocket::control(BIO* /*bio*/, int what, long /*number*/, void* /*pointer*/) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace psyne::inline v0::stream
