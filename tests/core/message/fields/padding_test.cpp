#include <psyne/core/message/fields/padding.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using psyne::copy_without_padding;
using psyne::has_padding;
using psyne::zero_padding;

struct Whole {
  std::uint64_t time;
  double price;
};
struct Hole {
  std::uint8_t first;
  std::uint32_t second;
};
struct Tail {
  std::uint64_t first;
  std::uint8_t second;
};
struct Bare {};
struct Nested {
  Hole holes[2];
  std::array<Tail, 2> tails;
  Bare nothing;
  bool flag;
};
struct [[gnu::packed]] PackedWhole {
  std::uint8_t first;
  std::uint32_t second;
};

TEST(Padding, IsSeenWhereverItHides) {
  static_assert(!has_padding<int> && !has_padding<Whole> && !has_padding<PackedWhole>);
  static_assert(has_padding<Hole> && has_padding<Tail> && has_padding<Bare> && has_padding<Nested>);
  static_assert(has_padding<std::array<Hole, 3>> && !has_padding<std::array<Whole, 3>>);
}

// Marks each byte of a T that a field owns, by filling the fields of a T whose bytes are all something else.
template <class T, class Fill>
std::vector<bool> bytes_of_fields(const Fill& fill) {
  std::array<unsigned char, sizeof(T)> low{}, high{};
  const auto filled_over = [&](int background, auto& bytes) {
    alignas(T) unsigned char memory[sizeof(T)];
    std::memset(memory, background, sizeof memory);
    fill(*reinterpret_cast<T*>(memory));
    std::memcpy(bytes.data(), memory, sizeof memory);
  };
  filled_over(0x00, low);
  filled_over(0xff, high);
  std::vector<bool> owned;
  for (std::size_t at = 0; at < sizeof(T); ++at) owned.push_back(low[at] == high[at]);
  return owned;
}

const auto fill_nested = [](Nested& nested) {
  for (Hole& hole : nested.holes) {
    hole.first = 0x5a;
    hole.second = 0x5a5a5a5a;
  }
  for (Tail& tail : nested.tails) {
    tail.first = 0x5a5a5a5a5a5a5a5a;
    tail.second = 0x5a;
  }
  nested.flag = true;
};

TEST(Padding, CopyCarriesTheFieldsAndZeroElsewhere) {
  const auto owned = bytes_of_fields<Nested>(fill_nested);
  alignas(Nested) unsigned char source[sizeof(Nested)];
  std::memset(source, 0xee, sizeof source);  // a secret in the padding
  fill_nested(*reinterpret_cast<Nested*>(source));

  std::byte target[sizeof(Nested)];
  std::memset(target, 0xdd, sizeof target);  // an old message
  copy_without_padding(target, *reinterpret_cast<const Nested*>(source));
  for (std::size_t at = 0; at < sizeof(Nested); ++at) {
    EXPECT_EQ(static_cast<unsigned char>(target[at]), owned[at] ? source[at] : 0) << at;
  }
}

TEST(Padding, ZeroingTouchesOnlyPadding) {
  const auto owned = bytes_of_fields<Nested>(fill_nested);
  std::byte object[sizeof(Nested)];
  std::memset(object, 0xdd, sizeof object);
  zero_padding<Nested>(object);
  for (std::size_t at = 0; at < sizeof(Nested); ++at) {
    EXPECT_EQ(object[at], owned[at] ? std::byte{0xdd} : std::byte{0}) << at;
  }
}

TEST(Padding, ATypeWithoutIsCopiedWhole) {
  const Whole whole{0x0123456789abcdef, 1.5};
  std::byte target[sizeof whole];
  copy_without_padding(target, whole);
  EXPECT_EQ(std::memcmp(target, &whole, sizeof whole), 0);
  std::byte untouched[sizeof(Whole)]{std::byte{7}};
  zero_padding<Whole>(untouched);
  EXPECT_EQ(untouched[0], std::byte{7});
}

TEST(Padding, AnEmptyStructIsAllPadding) {
  std::byte target[1]{std::byte{0xdd}};
  copy_without_padding(target, Bare{});
  EXPECT_EQ(target[0], std::byte{0});
}

}  // namespace
