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

Result<bool> MessageReader::took(std::size_t bytes) {
  const bool had_length = filled_ >= length_bytes;
  filled_ += bytes;
  if (filled_ < length_bytes) return false;
  if (!had_length) {
    const auto length = ByteReader(length_).take_little_endian<std::uint32_t>();
    if (length < least_ || length > most_) {
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
