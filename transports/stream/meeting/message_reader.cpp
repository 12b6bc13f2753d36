#include <psyne/transports/greeting/bytes.hpp>
#include <psyne/transports/stream/meeting/message_reader.hpp>

#include <utility>

namespace psyne::inline v0::stream {

void MessageReader::expect(std::size_t least, std::size_t most) noexcept {
  least_ = least;
  most_ = most;
}

std::span<std::byte> MessageReader::room() noexcept {
  if (filled_ < length_bytes) return std::span(length_).subspan(filled_);
  return std::span(message_).subspan(filled_ - length_bytes);
}

// A record's type, a handshake's or an alert, and the version that all records claim (RFC 8446, section 5.1).
bool MessageReader::is_tls() const noexcept {
  constexpr std::byte alert{0x15}, handshake{0x16}, version{0x03};
  return (length_[0] == alert || length_[0] == handshake) && length_[1] == version;
}

Result<bool> MessageReader::took(std::size_t bytes) {
  const bool had_length = filled_ >= length_bytes;
  filled_ += bytes;
  if (filled_ < length_bytes) return false;
  if (!had_length) {
    const auto length = ByteReader(length_).take_little_endian<std::uint32_t>();
    if (length < least_ || length > most_) {
      if (is_tls()) {
        return Error(Code::incompatible, "cannot understand a peer")
            .because("it speaks TLS, and this end does not")
            .mend("Open both ends by tls://.");
      }
      return Error(Code::corrupted, "cannot understand a peer").because("its message is not as long as one may be");
    }
    message_.resize(length);
  }
  return filled_ == length_bytes + message_.size();
}

std::vector<std::byte> MessageReader::take() noexcept {
  filled_ = 0;
  return std::exchange(message_, {});
}

}  // namespace psyne::inline v0::stream
