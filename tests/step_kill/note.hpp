#pragma once

#include <psyne.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace step_kill {

/// What every message of these tests is made of: who sent it, its number, and words that follow from the two, so that
/// half of one is told from a whole one.
struct Stamp {
  std::uint64_t sender;
  std::uint64_t number;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

constexpr std::uint64_t word_of(const Stamp& stamp, std::size_t index) {
  if (index == 0) return stamp.sender;
  if (index == 1) return stamp.number;
  return (stamp.sender << 56U) ^ (stamp.number + 1) * 0x9e37'79b9'7f4a'7c15 ^ index * 0xff51'afd7'ed55'8ccd;
}

inline void fill(std::span<std::uint64_t> words, const Stamp& stamp) {
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = word_of(stamp, i);
}

/// Nothing where it is not all of one message.
inline std::optional<Stamp> whole(std::span<const std::uint64_t> words) {
  if (words.size() < 3) return std::nullopt;
  const Stamp stamp{words[0], words[1]};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != word_of(stamp, i)) return std::nullopt;
  }
  return stamp;
}

/// Eight to a lap of the smallest ring, and seven fill it: a word after them must be free as well.
struct Note {
  std::array<std::uint64_t, 63> words;
};
constexpr std::uint64_t fill_the_ring = 7;
using Letter = psyne::Vector<std::uint64_t>;
constexpr std::size_t smallest_ring = 4096;

/// Letters are of many sizes, so that laps end with padding and old payload lies where words come.
constexpr std::size_t letter_words(std::uint64_t number) { return 3 + number * 41 % 180; }
/// Long ones are copied in in portions, which a receiver follows.
constexpr std::size_t long_letter_words = 1536;
constexpr std::size_t ring_of_long_letters = 32 * 1024;

inline std::span<const std::uint64_t> words_of(const Note& note) { return note.words; }
inline std::span<const std::uint64_t> words_of(std::span<const std::uint64_t> letter) { return letter; }

/// Room for message `number`, to be filled.
inline psyne::Draft<Note> draft_of(psyne::Sender<Note>& sender, std::uint64_t, const psyne::Wait& wait) {
  return sender.reserve(wait);
}
inline psyne::Draft<Letter> draft_of(psyne::Sender<Letter>& sender, std::uint64_t number, const psyne::Wait& wait) {
  return sender.reserve(letter_words(number), wait);
}
inline std::span<std::uint64_t> room_in(psyne::Draft<Note>& draft) { return draft->words; }
inline std::span<std::uint64_t> room_in(psyne::Draft<Letter>& draft) { return *draft; }

/// A message of one who is not to be killed.
template <class T>
psyne::Result<void> send(psyne::Sender<T>& sender, const Stamp& stamp, const psyne::Wait& wait) {
  auto draft = draft_of(sender, stamp.number, wait);
  if (!draft) return draft.error();
  fill(room_in(draft), stamp);
  return draft.commit();
}

}  // namespace step_kill
