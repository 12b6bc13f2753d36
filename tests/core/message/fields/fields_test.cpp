#include <psyne/core/message/fields/fields.hpp>
#include <psyne/core/message/fields/obstacle.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using psyne::message_obstacle;
using psyne::Obstacle;
using psyne::fields::Fields;

template <std::size_t n>
using Offsets = std::array<std::size_t, n>;

struct Tick {
  std::uint64_t time_ns;
  double price;
};
struct Nothing {};
struct Mixed {
  bool flag;
  Tick ticks[2][3];
  std::complex<float> phase;
  char name[13];
  std::array<std::array<short, 2>, 3> table;
  const int limit;
};
TEST(Fields, OffsetsAreThoseOfTheCompiler) {
  EXPECT_EQ(Fields<Tick>::offsets, (Offsets<2>{0, 8}));
  EXPECT_EQ(Fields<Mixed>::offsets,
            (Offsets<6>{offsetof(Mixed, flag), offsetof(Mixed, ticks), offsetof(Mixed, phase), offsetof(Mixed, name),
                        offsetof(Mixed, table), offsetof(Mixed, limit)}));
  EXPECT_EQ(Fields<Nothing>::count, 0u);
}

// No rule of layout predicts these, so they must be measured.
struct Aligned {
  std::uint8_t first;
  alignas(2) std::uint8_t second;
  std::uint32_t third;
};
struct [[gnu::packed]] Packed {
  std::uint8_t first;
  std::uint32_t second;
  std::uint64_t third;
};
TEST(Fields, AlignedAndPackedFieldsAreFoundWhereTheyAre) {
  EXPECT_EQ(Fields<Aligned>::offsets, (Offsets<3>{0, 2, 4}));
  EXPECT_EQ(Fields<Packed>::offsets, (Offsets<3>{0, 1, 5}));
}

struct Large {
  std::uint32_t before;
  char text[3'000'000];
  std::uint32_t after;
};
TEST(Fields, ALargeArrayIsOneField) { EXPECT_EQ(Fields<Large>::offsets, (Offsets<3>{0, 4, 3'000'004})); }

struct ThirtyTwo {
  char a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24,
      a25, a26, a27, a28, a29, a30, a31, a32;
};
struct ThirtyThree {
  char a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24,
      a25, a26, a27, a28, a29, a30, a31, a32, a33;
};
TEST(Fields, ThirtyTwoAreWalkedAndOneMoreIsRefused) {
  EXPECT_EQ(Fields<ThirtyTwo>::count, 32u);
  EXPECT_EQ(Fields<ThirtyTwo>::offsets[31], 31u);
  EXPECT_EQ(message_obstacle<ThirtyTwo>, Obstacle::none);
  EXPECT_EQ(message_obstacle<ThirtyThree>, Obstacle::too_many_fields);
}

// Every number of fields has lines of its own in the sources; each is asked, by arrays, which bind as structs do.
template <std::size_t count>
bool binds_in_order() {
  std::array<char, count> letters{};
  return psyne::fields::bind_fields<count>(letters, [&](auto*... letter) {
    std::size_t index = 0;
    return sizeof...(letter) == count && ((letter == &letters[index++]) && ...);
  });
}
TEST(Fields, EveryNumberOfFieldsBindsEachOnceInOrder) {
  [&]<std::size_t... n>(std::index_sequence<n...>) {
    EXPECT_TRUE((binds_in_order<n + 1>() && ...));
  }(std::make_index_sequence<32>{});
}

class Private {
 public:
  Private() : first_(1), second_(2) {}
  static constexpr auto psyne_fields() { return std::tuple(&Private::first_, &Private::second_); }

 private:
  std::uint8_t first_;
  double second_;
};
class Backwards {
 public:
  static constexpr auto psyne_fields() { return std::tuple(&Backwards::second_, &Backwards::first_); }

 private:
  int first_;
  int second_;
};
class Twice {
 public:
  static constexpr auto psyne_fields() { return std::tuple(&Twice::first_, &Twice::first_); }

 private:
  int first_;
};
TEST(Fields, AClassMayListItsPrivateFieldsInOrder) {
  EXPECT_EQ(Fields<Private>::offsets, (Offsets<2>{0, 8}));
  EXPECT_EQ(message_obstacle<Private>, Obstacle::none);
  EXPECT_EQ(message_obstacle<Backwards>, Obstacle::overlapping);
  EXPECT_EQ(message_obstacle<Twice>, Obstacle::overlapping);
}

struct Pointer {
  int* place;
};
struct DeepPointer {
  std::array<Pointer, 2> pointers[3];
};
struct Function {
  void (*call)();
};
struct MemberPointer {
  int Tick::*member;
};
struct Reference {
  int& place;
};
struct Virtual {
  virtual ~Virtual() = default;
  int value;
};
struct Base {
  int value;
};
struct Derived : Base {
  int more;
};
struct DerivedOfNothing : Nothing {
  int more;
};
union Either {
  int integer;
  float real;
};
struct HoldsUnion {
  int which;
  Either either;
};
struct LongDouble {
  long double value;
};
struct Wide {
  __extension__ __int128 value;
};
struct alignas(128) Far {
  int value;
};
struct Overlaid {
  [[no_unique_address]] Nothing nothing;
  int value;
};
TEST(Obstacle, EachKindOfTypeThatIsNoMessageIsNamed) {
  EXPECT_EQ(message_obstacle<int*>, Obstacle::pointer);
  EXPECT_EQ(message_obstacle<Pointer>, Obstacle::pointer);
  EXPECT_EQ(message_obstacle<DeepPointer>, Obstacle::pointer);
  EXPECT_EQ(message_obstacle<Function>, Obstacle::pointer);
  EXPECT_EQ(message_obstacle<MemberPointer>, Obstacle::pointer);
  EXPECT_EQ(message_obstacle<std::nullptr_t>, Obstacle::pointer);
  EXPECT_EQ(message_obstacle<Reference>, Obstacle::unwalkable);
  EXPECT_EQ(message_obstacle<Virtual>, Obstacle::polymorphic);
  EXPECT_EQ(message_obstacle<std::string>, Obstacle::not_trivially_copyable);
  EXPECT_EQ(message_obstacle<std::vector<int>>, Obstacle::not_trivially_copyable);
  EXPECT_EQ(message_obstacle<std::unique_ptr<int>>, Obstacle::not_trivially_copyable);
  EXPECT_EQ(message_obstacle<std::string_view>, Obstacle::private_fields);
  EXPECT_EQ(message_obstacle<std::span<int>>, Obstacle::private_fields);
  EXPECT_EQ(message_obstacle<Derived>, Obstacle::base_class);
  EXPECT_EQ(message_obstacle<DerivedOfNothing>, Obstacle::base_class);
  EXPECT_EQ(message_obstacle<Either>, Obstacle::is_union);
  EXPECT_EQ(message_obstacle<HoldsUnion>, Obstacle::is_union);
  EXPECT_EQ(message_obstacle<LongDouble>, Obstacle::unportable);
  EXPECT_EQ(message_obstacle<Wide>, Obstacle::unportable);
  EXPECT_EQ(message_obstacle<Far>, Obstacle::over_aligned);
  EXPECT_EQ(message_obstacle<Overlaid>, Obstacle::overlapping);
}

enum class Side : std::uint8_t { buy, sell };
TEST(Obstacle, WhatIsAMessageHasNone) {
  EXPECT_EQ(message_obstacle<int>, Obstacle::none);
  EXPECT_EQ(message_obstacle<bool>, Obstacle::none);
  EXPECT_EQ(message_obstacle<Side>, Obstacle::none);
  EXPECT_EQ(message_obstacle<std::byte>, Obstacle::none);
  EXPECT_EQ(message_obstacle<std::complex<double>>, Obstacle::none);
  EXPECT_EQ(message_obstacle<Tick>, Obstacle::none);
  EXPECT_EQ(message_obstacle<Mixed>, Obstacle::none);
  EXPECT_EQ(message_obstacle<Nothing>, Obstacle::none);
  EXPECT_EQ((message_obstacle<std::array<Tick, 3>>), Obstacle::none);
  EXPECT_EQ(message_obstacle<const Tick>, Obstacle::none);
}

struct Bits {
  static constexpr std::string_view psyne_schema = "u32:low 5, high 27";
  std::uint32_t low : 5;
  std::uint32_t high : 27;
};
struct VouchedPointer {
  static constexpr std::string_view psyne_schema = "nonsense";
  std::string text;
};
TEST(Obstacle, AVouchedTypeIsTakenAtItsWordButMustBeBytes) {
  EXPECT_EQ(message_obstacle<Bits>, Obstacle::none);
  EXPECT_EQ(message_obstacle<VouchedPointer>, Obstacle::not_trivially_copyable);
}

}  // namespace

// Vouched for by another than its author.
template <>
inline constexpr std::string_view psyne::vouched_schema<std::chrono::nanoseconds> = "i64 ns";

namespace {

struct Stamped {
  std::chrono::nanoseconds time;
  std::chrono::microseconds other;
};
TEST(Obstacle, OneMayVouchForAnothersClass) {
  EXPECT_EQ(message_obstacle<std::chrono::nanoseconds>, Obstacle::none);
  EXPECT_EQ(message_obstacle<Stamped>, Obstacle::private_fields);
}

}  // namespace
