#include <psyne/core/message/message.hpp>

#include "core/message/aligned_record.hpp"
#include "core/message/look.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

// Every variable type, against records that nobody who keeps the protocol would write. Run under the address sanitizer,
// these tests show that no view reaches outside of its record, whatever stands in it.
namespace {

using namespace psyne;
using psyne_test::AlignedRecord;
using psyne_test::look;

struct Bid {
  std::uint32_t symbol;
  bool buy;
};

// A valid, filled record of each type: small (one line, dense) or large.
template <class T, class Fill>
AlignedRecord made(const typename Message<T>::Shape& shape, const Fill& fill) {
  AlignedRecord record(Message<T>::bytes(shape).value());
  fill(Message<T>::write(record.span(), shape).value());
  return record;
}
constexpr auto leave = [](const auto&) {};

template <class T>
struct Samples;
template <class E>
struct Samples<Vector<E>> {
  static AlignedRecord make(bool large) { return made<Vector<E>>(large ? 80u : 2u, leave); }
};
template <class E>
struct Samples<Matrix<E>> {
  static AlignedRecord make(bool large) {
    return made<Matrix<E>>(large ? MatrixShape{7, 5} : MatrixShape{2, 1}, leave);
  }
};
template <class C>
struct Samples<Quantized<C>> {
  static AlignedRecord make(bool large) {
    return made<Quantized<C>>({.count = large ? 90u : 9u, .scale = 0.5f, .zero_point = 3}, leave);
  }
};
template <>
struct Samples<Tensor> {
  static AlignedRecord make(bool large) {
    return made<Tensor>(large ? TensorShape::of<float>({3, 4}, Dimensions{8, 2}) : TensorShape::of<double>({3}), leave);
  }
};
template <class E, class I, Indices checking>
struct Samples<Csr<E, I, checking>> {
  static AlignedRecord make(bool large) {
    return made<Csr<E, I, checking>>({.rows = large ? 2u : 1u, .columns = 20, .nonzeros = large ? 16u : 1u},
                                     [](auto matrix) {
                                       matrix.row_pointers()[0] = 0;
                                       matrix.row_pointers()[1] = 1;
                                       matrix.row_pointers().back() = static_cast<I>(matrix.nonzeros());
                                       for (I& column : matrix.column_indices())
                                         column = static_cast<I>(&column - matrix.column_indices().data());
                                     });
  }
};
template <class E, class I, Indices checking>
struct Samples<Coo<E, I, checking>> {
  static AlignedRecord make(bool large) {
    return made<Coo<E, I, checking>>({.rows = 3, .columns = 3, .nonzeros = large ? 16u : 1u}, [](auto matrix) {
      for (I& row : matrix.row_indices()) row = 2;
      for (I& column : matrix.column_indices()) column = 1;
    });
  }
};
template <Indices checking>
struct Samples<GradientOf<checking>> {
  static AlignedRecord make(bool large) {
    const GradientShape sparse{.parameter = 7, .step = 3, .elements = 99, .form = GradientForm::sparse, .values = 20};
    const GradientShape dense{.parameter = 7, .step = 3, .dtype = DType::f16, .elements = 9};
    return made<GradientOf<checking>>(large ? sparse : dense, [](auto gradient) {
      for (std::uint32_t& position : gradient.positions()) position = 98;
    });
  }
};
template <class T>
  requires(Message<T>::fixed)
struct Samples<Batch<T>> {
  static AlignedRecord make(bool large) {
    return made<Batch<T>>(large ? 20u : 3u, [](auto batch) {
      for (std::size_t index = 0; index < batch.size(); ++index) batch.set(index, T{});
    });
  }
};
template <class T>
  requires(!Message<T>::fixed)
struct Samples<Batch<T>> {
  static AlignedRecord make(bool large) {
    return made<Batch<T>>({.records = large ? 3u : 1u, .room = large ? 300u : 16u}, [](auto batch) {
      while (batch.add(2)) {
      }
    });
  }
};

template <class T>
class Hostile : public testing::Test {};
using Types = testing::Types<FloatVector, ByteVector, ComplexVector, DoubleMatrix, Int8Vector, Tensor, CsrMatrix,
                             Csr<double, std::int64_t, Indices::unchecked>, CooMatrix,
                             Coo<std::complex<double>, std::int64_t, Indices::unchecked>, Gradient,
                             GradientOf<Indices::unchecked>, Batch<std::uint32_t>, Batch<Bid>, Batch<FloatVector>>;
TYPED_TEST_SUITE(Hostile, Types);

template <class T>
bool survives(const AlignedRecord& record) {
  const auto message = Message<T>::read(record.received());
  if (!message) return message.error() == Code::corrupted;
  static volatile std::uint64_t seen = 0;
  seen = seen + look(*message);
  return true;
}

TYPED_TEST(Hostile, TheSamplesThemselvesAreGood) {
  for (const bool large : {false, true}) {
    const auto record = Samples<TypeParam>::make(large);
    EXPECT_EQ(record.size() > 64, large);
    const auto message = Message<TypeParam>::read(record.received());
    ASSERT_TRUE(message) << message.error().text();
    EXPECT_TRUE(survives<TypeParam>(record));
  }
}

TYPED_TEST(Hostile, EveryByteWithEveryBitFlipped) {
  for (const bool large : {false, true}) {
    auto record = Samples<TypeParam>::make(large);
    for (std::size_t at = 0; at < record.size(); ++at) {
      const std::byte good = record[at];
      for (int value = 0; value < 256; ++value) {
        record[at] = good ^ static_cast<std::byte>(value);
        ASSERT_TRUE(survives<TypeParam>(record)) << "byte " << at << " changed by " << value;
      }
      record[at] = good;
    }
  }
}

TYPED_TEST(Hostile, EveryWordWithEveryEdgeOfANumber) {
  const std::uint64_t edges[] = {0,          1,         2,          63,         64,         65,
                                 ~0ull,      ~0ull - 1, 1ull << 63, 1ull << 62, 1ull << 61, ~0ull / 2,
                                 ~0ull / 3,  ~0u,       1ull << 32, ~0ull - 63, ~0ull / 4,  ~0ull / 8,
                                 ~0ull / 16, ~0ull - 7, 1u << 31,   1ull << 60};
  for (const bool large : {false, true}) {
    const auto good = Samples<TypeParam>::make(large);
    const std::size_t words = std::min<std::size_t>(good.size() / 8, 8);
    for (std::size_t first = 0; first < words; ++first) {
      for (std::size_t second = first; second < words; ++second) {
        for (const std::uint64_t one : edges) {
          for (const std::uint64_t other : edges) {
            AlignedRecord record(good.received());
            std::memcpy(&record[first * 8], &one, 8);
            std::memcpy(&record[second * 8], &other, 8);
            ASSERT_TRUE(survives<TypeParam>(record)) << first << "=" << one << " " << second << "=" << other;
          }
        }
      }
    }
  }
}

TYPED_TEST(Hostile, EveryTruncationAndSomeGrowth) {
  for (const bool large : {false, true}) {
    const auto good = Samples<TypeParam>::make(large);
    for (std::size_t length = 0; length < good.size(); ++length) {
      const AlignedRecord record(good.received().first(length));
      ASSERT_TRUE(survives<TypeParam>(record)) << "cut to " << length;
    }
    for (std::size_t more = 1; more < 130; ++more) {
      AlignedRecord record(good.size() + more);
      std::memcpy(record.span().data(), good.received().data(), good.size());
      ASSERT_TRUE(survives<TypeParam>(record)) << "longer by " << more;
    }
  }
}

TYPED_TEST(Hostile, RandomBytes) {
  std::mt19937_64 random(42);
  for (int round = 0; round < 20'000; ++round) {
    AlignedRecord record(random() % 400);
    // Small numbers are what lets a header through, so half of the bytes are zero.
    for (std::byte& byte : record.span()) byte = random() % 2 == 0 ? std::byte{0} : static_cast<std::byte>(random());
    ASSERT_TRUE(survives<TypeParam>(record));
  }
}

TYPED_TEST(Hostile, AMisalignedRecordIsTheCallersMistake) {
  const auto good = Samples<TypeParam>::make(true);
  AlignedRecord shifted(good.size() + 1);
  const auto record = shifted.span().subspan(1);
  std::memcpy(record.data(), good.received().data(), good.size());
  EXPECT_EQ(Message<TypeParam>::read(record).error(), Code::invalid_argument);
}

}  // namespace
