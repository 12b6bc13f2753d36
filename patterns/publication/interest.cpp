#include <psyne/patterns/publication/interest.hpp>
#include <psyne/patterns/publication/publication_header.hpp>

#include <algorithm>
#include <cstring>

namespace psyne::inline v0 {

bool Interest::matches(std::string_view topic) const noexcept {
  return std::ranges::any_of(prefixes, [topic](const std::string& prefix) { return topic.starts_with(prefix); });
}

std::vector<std::byte> Interest::encode() const {
  std::vector<std::byte> bytes(sizeof replay);
  std::memcpy(bytes.data(), &replay, sizeof replay);
  for (const std::string& prefix : prefixes) {
    bytes.push_back(static_cast<std::byte>(prefix.size()));
    const auto* begin = reinterpret_cast<const std::byte*>(prefix.data());
    bytes.insert(bytes.end(), begin, begin + prefix.size());
  }
  return bytes;
}

Result<Interest> Interest::decode(std::span<const std::byte> bytes) {
  static_assert(longest_topic == 255, "its length is one byte");
  const Error nonsense =
      Error(Code::corrupted, "cannot read what a subscriber wants").because("it is not what one of this version tells");
  Interest interest;
  if (bytes.size() < sizeof interest.replay || bytes.size() > longest_interest) return nonsense;
  std::memcpy(&interest.replay, bytes.data(), sizeof interest.replay);
  for (auto left = bytes.subspan(sizeof interest.replay); !left.empty();) {
    const std::size_t length = std::to_integer<std::size_t>(left.front());
    left = left.subspan(1);
    if (length > left.size()) return nonsense;
    interest.prefixes.emplace_back(reinterpret_cast<const char*>(left.data()), length);
    left = left.subspan(length);
  }
  return interest;
}

}  // namespace psyne::inline v0
