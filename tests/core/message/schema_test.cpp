#include <psyne/core/message/message.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

using namespace psyne;

// Published vectors of FNV-1a, 64 bits (Noll's test suite).
TEST(SchemaHash, IsFnv1a) {
  static_assert(schema_hash("") == 0xcbf29ce484222325u);
  static_assert(schema_hash("a") == 0xaf63dc4c8601ec8cu);
  static_assert(schema_hash("foobar") == 0x85944171f73967e8u);
}

TEST(SchemaHash, TakesATextPieceByPiece) {
  SchemaHash hash;
  hash += "foo";
  hash += "";
  hash += "bar";
  EXPECT_EQ(hash.value(), schema_hash("foobar"));
}

TEST(Canonical, NumbersAreDecimal) {
  std::string text;
  canonical::append_number(text, 0);
  text += ' ';
  canonical::append_number(text, 1234567890123456789u);
  EXPECT_EQ(text, "0 1234567890123456789");
}

struct Quote {
  std::uint64_t time_ns;
  double price;
};

// The vectors of docs/messages.md: other languages are tested against the same ones.
TEST(Schema, VectorsOfTheSpecification) {
  EXPECT_EQ(Message<double>::schema, 0xdd744c18ff7ea1abu);
  EXPECT_EQ(Message<Quote>::schema, 0xbf224a665234d26fu);
  EXPECT_EQ(Message<FloatVector>::schema, 0x555195a3bed7faf0u);
  EXPECT_EQ(Message<ByteVector>::schema, 0x5bc3a765f65cce96u);
  EXPECT_EQ(Message<FloatMatrix>::schema, 0xcca436f0f8ed603eu);
  EXPECT_EQ(Message<Int8Vector>::schema, 0x30b179d457bf543eu);
  EXPECT_EQ(Message<Tensor>::schema, 0xba65019f6d0b6460u);
  EXPECT_EQ(Message<CsrMatrix>::schema, 0xebeed05f74f14b4du);
  EXPECT_EQ(Message<CooMatrix>::schema, 0xfdd3e6097bc04838u);
  EXPECT_EQ(Message<Gradient>::schema, 0x80b7adef58f2e8fdu);
  EXPECT_EQ(Message<Batch<Quote>>::schema, 0xa9e173807e44520au);
  EXPECT_EQ(Message<Batch<FloatVector>>::schema, 0x513755ea90661a53u);
}

template <class... T>
void expect_all_different() {
  const std::set<std::uint64_t> schemas{Message<T>::schema...};
  EXPECT_EQ(schemas.size(), sizeof...(T));
  EXPECT_TRUE(((Message<T>::schema == schema_hash(Message<T>::describe())) && ...));
}

TEST(Schema, EveryVariableTypeHasItsOwnAndItIsTheHashOfItsDescription) {
  expect_all_different<FloatVector, DoubleVector, ByteVector, ComplexVector, DoubleComplexVector, FloatMatrix,
                       DoubleMatrix, Int8Vector, UInt8Vector, Tensor, CsrMatrix, DoubleCsrMatrix,
                       Csr<float, std::int64_t>, CooMatrix, Coo<float, std::int64_t>, Gradient, Batch<float>,
                       Batch<FloatVector>, Batch<Batch<FloatVector>>>();
}

TEST(Schema, CheckingIsTheReceiversOwnAffair) {
  EXPECT_EQ(Message<CsrMatrix>::schema, (Message<Csr<float, std::int32_t, Indices::unchecked>>::schema));
  EXPECT_EQ(Message<Gradient>::schema, Message<GradientOf<Indices::unchecked>>::schema);
}

}  // namespace
