#include <psyne/core/copy/copy.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <vector>

namespace {

using psyne::Stores;

/// Copies `bytes` from one offset within a line to another, and looks at every byte around as well.
template <class Copy>
void expect_exact(std::size_t bytes, std::size_t to, std::size_t from, Copy copy) {
  constexpr std::size_t margin = 128;
  constexpr auto untouched = std::byte{0xa5};
  std::vector<std::byte> source(margin + from + bytes + margin), target(margin + to + bytes + margin, untouched);
  std::mt19937 random(static_cast<unsigned>(bytes + to * 67 + from));
  for (std::byte& byte : source) byte = static_cast<std::byte>(random());
  copy(target.data() + margin + to, source.data() + margin + from, bytes);
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool inside = i >= margin + to && i < margin + to + bytes;
    const std::byte expected = inside ? source[i - to + from] : untouched;
    ASSERT_EQ(target[i], expected) << "byte " << i << " of a copy of " << bytes << " from +" << from << " to +" << to;
  }
}

class Copy : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Copy,
                         testing::Values(0, 1, 63, 64, 1023, 1024, 1025, 1087, 4096, 4097, 16'383, 16'384, 16'447,
                                         65'536, 70'001));

TEST_P(Copy, IsExactWhereverTheTwoBegin) {
  for (const std::size_t to : {0, 1, 8, 63}) {
    for (const std::size_t from : {0, 1, 16, 63}) {
      expect_exact(GetParam(), to, from, [](void* target, const void* source, std::size_t bytes) {
        psyne::copy_in(target, source, bytes, Stores::cached);
      });
      expect_exact(GetParam(), to, from, [](void* target, const void* source, std::size_t bytes) {
        psyne::copy_in(target, source, bytes, Stores::streamed);
      });
      expect_exact(GetParam(), to, from,
                   [](void* target, const void* source, std::size_t bytes) { psyne::copy_out(target, source, bytes); });
    }
  }
}

TEST(EmptyCopy, MayHaveNoAddress) {
  psyne::copy_in(nullptr, nullptr, 0, Stores::streamed);
  psyne::copy_out(nullptr, nullptr, 0);
}

}  // namespace
