#include <psyne/transports/stream/tls/fork_guard.hpp>
#include <psyne/transports/stream/tls/tls_failure.hpp>
#include <psyne/transports/stream/tls/tls_stream.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;

/// The alert, in the clear, that this is not the protocol that is spoken here: OpenSSL says nothing to who does not
/// begin as TLS does, and a psyne that came by tcp:// is to learn what is wrong.
constexpr std::array<char, 7> no_tls{0x15, 3, 3, 0, 2, 2, 70};

/// Takes bytes out of a list of pieces in order.
class Pieces {
 public:
  explicit Pieces(std::span<const iovec> pieces) noexcept : pieces_(pieces) { skip_empty(); }
  bool empty() const noexcept { return pieces_.empty(); }
  std::span<const std::byte> front() const noexcept {
    return std::span(static_cast<const std::byte*>(pieces_.front().iov_base), pieces_.front().iov_len).subspan(taken_);
  }
  void take(std::size_t bytes) noexcept {
    taken_ += bytes;
    skip_empty();
  }

 private:
  void skip_empty() noexcept {
    while (!pieces_.empty() && taken_ == pieces_.front().iov_len) {
      pieces_ = pieces_.subspan(1);
      taken_ = 0;
    }
  }
  std::span<const iovec> pieces_;
  std::size_t taken_ = 0;
};

}  // namespace

void TlsStream::Free::operator()(SSL* session) const noexcept {
  const ForkGuard guard;
  SSL_free(session);
}

TlsStream::TlsStream(std::shared_ptr<LifeLine> line, std::shared_ptr<const TlsContext> context, Session session,
                     std::uint64_t records_per_key) noexcept
    : line_(std::move(line)),
      context_(std::move(context)),
      records_per_key_(records_per_key),
      socket_(line_->get()),
      session_(std::move(session)) {}

Result<std::shared_ptr<TlsStream>> TlsStream::make(std::shared_ptr<LifeLine> line,
                                                   std::shared_ptr<const TlsContext> context, Session session,
                                                   std::uint64_t records_per_key) {
  std::shared_ptr<TlsStream> made(
      new TlsStream(std::move(line), std::move(context), std::move(session), records_per_key));
  const ForkGuard guard;
  BIO* bio = made->socket_.make_bio();
  if (bio == nullptr) return Error(Code::exhausted, "cannot encrypt a connection").because("OpenSSL: " + tls_reason());
  SSL_set_bio(made->session_.get(), bio, bio);
  return made;
}

// In a forked child the parent's threads may have been in the middle of it.
TlsStream::~TlsStream() {
  if (line_->forked()) static_cast<void>(session_.release());
}

ByteStream::Opening TlsStream::open() noexcept {
  const ForkGuard guard;
  const std::lock_guard lock(mutex_);
  if (end_) return Opening::failed;
  ERR_clear_error();
  if (const int outcome = SSL_do_handshake(session_.get()); outcome != 1) {
    ended(outcome);
    return end_ ? Opening::failed : Opening::going_on;
  }
  // Who has a token only would be shown none but a certificate by whoever has another: OpenSSL calls that a success too
  // where nothing is verified.
  if (!context_->settings().by_certificates() && SSL_session_reused(session_.get()) != 1) {
    failure_ = Error(Code::refused, "TLS failed").because("it did not use the token").mend("Use tls:// at both ends.");
    end_ = End{-1, EPROTO};
    return Opening::failed;
  }
  unread_.store(SSL_has_pending(session_.get()) == 1, std::memory_order_release);
  return Opening::open;
}

// Whether the call that returned `outcome` ended the stream, and how; else there is only nothing to be had now.
void TlsStream::ended(int outcome) noexcept {
  switch (SSL_get_error(session_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return;
    case SSL_ERROR_ZERO_RETURN: end_ = End{0, 0}; break;
    case SSL_ERROR_SSL:
      failure_ = tls_failure(*session_, context_->settings());
      if (socket_.is_silent()) socket_.write(no_tls);
      end_ = End{-1, EPROTO};
      break;
    default:
      end_ = End{-1, socket_.read_error() != 0 ? socket_.read_error() : socket_.write_error()};
      if (end_->error == 0) end_ = socket_.has_ended() ? End{0, 0} : End{-1, EIO};
  }
  if (failure_ || SSL_is_init_finished(session_.get()) == 1) return;
  failure_ = Error(Code::peer_lost, "TLS failed")
                 .because("the other end went during the TLS handshake")
                 .mend("If it lives, see that it is opened by tls:// as well.");
}

ssize_t TlsStream::at_end() const noexcept {
  errno = end_->error;
  return end_->result;
}

std::optional<Error> TlsStream::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool TlsStream::flush() noexcept {
  const std::lock_guard lock(mutex_);
  return socket_.flush();
}

bool TlsStream::read_one(std::span<std::byte> into, std::size_t& got) noexcept {
  ERR_clear_error();
  const int outcome = SSL_read_ex(session_.get(), into.data(), into.size(), &got);
  if (outcome != 1) ended(outcome);
  return outcome == 1;
}

ssize_t TlsStream::read(std::span<const iovec> into) noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t total = 0;
  bool more = !end_;
  for (const iovec& piece : into) {
    std::span<std::byte> rest(static_cast<std::byte*>(piece.iov_base), piece.iov_len);
    while (more && !rest.empty()) {
      std::size_t got = 0;
      // A look into a socket that was found drained would be a system call for nothing.
      more = (total == 0 || !socket_.drained() || SSL_has_pending(session_.get()) == 1) && read_one(rest, got);
      rest = rest.subspan(got);
      total += got;
    }
  }
  // An end that was met behind bytes is told next time, of which no event of the socket tells.
  unread_.store(total != 0 && (end_ || (more && SSL_has_pending(session_.get()) == 1)), std::memory_order_release);
  if (total != 0) return static_cast<ssize_t>(total);
  if (end_) return at_end();
  errno = EAGAIN;
  return -1;
}

bool TlsStream::write_one(std::span<const std::byte> record) noexcept {
  if (++records_ > records_per_key_) {
    static_cast<void>(SSL_key_update(session_.get(), SSL_KEY_UPDATE_NOT_REQUESTED));
    records_ = 1;
  }
  std::size_t written = 0;
  ERR_clear_error();
  const int outcome = SSL_write_ex(session_.get(), record.data(), record.size(), &written);
  if (outcome != 1 && socket_.write_error() == 0) ended(outcome);
  return outcome == 1;
}

ssize_t TlsStream::write(std::span<const iovec> from) noexcept {
  const std::lock_guard lock(mutex_);
  std::array<std::byte, record_bytes> gathered;  // NOLINT(cppcoreguidelines-pro-type-member-init): as much as is used
  Pieces pieces(from);
  std::size_t total = 0;
  while (!broken() && socket_.write_error() == 0 && socket_.flush() && !pieces.empty()) {
    Pieces next = pieces;
    std::span<const std::byte> record = next.front().first(std::min(next.front().size(), record_bytes));
    next.take(record.size());
    if (record.size() < record_bytes && !next.empty()) {
      std::size_t filled = 0;
      for (next = pieces; filled < record_bytes && !next.empty();) {
        const auto part = next.front().first(std::min(next.front().size(), record_bytes - filled));
        std::memcpy(gathered.data() + filled, part.data(), part.size());
        filled += part.size();
        next.take(part.size());
      }
      record = std::span(gathered).first(filled);
    }
    if (!write_one(record)) break;
    pieces = next;
    total += record.size();
  }
  if (total != 0) return static_cast<ssize_t>(total);
  if (broken()) return at_end();
  errno = socket_.write_error() != 0 ? socket_.write_error() : EAGAIN;
  return -1;
}

}  // namespace psyne::inline v0::stream
