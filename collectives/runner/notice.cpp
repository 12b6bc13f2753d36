#include <psyne/collectives/runner/notice.hpp>

#include <algorithm>
#include <cstring>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t flags_word = 3 * CallRecord::word_count;
constexpr std::size_t reason_word = flags_word + 1;
constexpr std::size_t check_word = Notice::word_count - 1;
constexpr std::uint64_t failed = 1U << 8U;
constexpr std::uint64_t has_culprit = 1U << 9U;

// Of all but the last; two notices that are written over each other do not have it. 1 at least, so that zeroes do not.
std::uint64_t check_of(const Notice::Words& words) noexcept {
  std::uint64_t mixed = 0x243f6a8885a308d3U;
  for (std::size_t word = 0; word < check_word; ++word) {
    mixed = (mixed ^ words[word]) * 0x9e3779b97f4a7c15U;
    mixed ^= mixed >> 29U;
  }
  return mixed | 1U;
}

void put_record(Notice::Words& words, std::size_t at, const std::optional<CallRecord>& record) noexcept {
  if (!record) return;
  std::ranges::copy(record->encoded(), words.begin() + static_cast<std::ptrdiff_t>(at));
}

std::optional<CallRecord> record_in(const Notice::Words& words, std::size_t at) noexcept {
  CallRecord::Words part{};
  std::ranges::copy_n(words.begin() + static_cast<std::ptrdiff_t>(at), CallRecord::word_count, part.begin());
  return CallRecord::decoded(part);
}

}  // namespace

Notice::Words Notice::encoded() const noexcept {
  Words words{};
  put_record(words, 0, mine);
  put_record(words, CallRecord::word_count, culprits);
  put_record(words, 2 * CallRecord::word_count, previous);
  words[flags_word] = failure ? failed | static_cast<std::uint64_t>(*failure) : 0;
  if (culprit) {
    words[flags_word] |= has_culprit | static_cast<std::uint64_t>(static_cast<std::uint32_t>(*culprit)) << 32U;
  }
  std::memcpy(&words[reason_word], reason.data(), std::min(reason.size(), longest_reason));
  words[check_word] = check_of(words);
  return words;
}

std::optional<Notice> Notice::decoded(const Words& from) noexcept {
  const auto code = static_cast<std::uint8_t>(from[flags_word]);
  if (from[check_word] != check_of(from) || code > static_cast<std::uint8_t>(Code::system)) return std::nullopt;
  Notice notice;
  notice.mine = record_in(from, 0);
  notice.culprits = record_in(from, CallRecord::word_count);
  notice.previous = record_in(from, 2 * CallRecord::word_count);
  if ((from[flags_word] & failed) != 0) notice.failure = static_cast<Code>(code);
  if ((from[flags_word] & has_culprit) != 0) {
    notice.culprit = static_cast<Rank>(static_cast<std::uint32_t>(from[flags_word] >> 32U));
  }
  std::array<char, longest_reason> text{};
  std::memcpy(text.data(), &from[reason_word], text.size());
  notice.reason.assign(text.begin(), std::ranges::find(text, '\0'));
  return notice;
}

}  // namespace psyne::inline v0
