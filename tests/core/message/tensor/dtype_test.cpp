#include <psyne/core/message/tensor/boolean.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <gtest/gtest.h>

#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>

namespace {

using psyne::Boolean;
using psyne::DType;
using psyne::dtype_of;
using psyne::Number;

TEST(DType, NumbersOfTheWireNeverChange) {
  const std::pair<int, const char*> wire[] = {
      {1, "i8"},      {2, "i16"},     {3, "i32"},   {4, "i64"},        {5, "u8"},         {6, "u16"},
      {7, "u32"},     {8, "u64"},     {9, "f16"},   {10, "bf16"},      {11, "f32"},       {12, "f64"},
      {13, "f8e4m3"}, {14, "f8e5m2"}, {15, "bool"}, {16, "complex64"}, {17, "complex128"}};
  for (const auto& [number, text] : wire) {
    const auto dtype = psyne::dtype_from(static_cast<std::uint8_t>(number));
    ASSERT_TRUE(dtype);
    EXPECT_EQ(name(*dtype), text);
  }
}

TEST(DType, NoOtherByteIsOne) {
  EXPECT_FALSE(psyne::dtype_from(0));
  for (int number = 18; number < 256; ++number) EXPECT_FALSE(psyne::dtype_from(static_cast<std::uint8_t>(number)));
}

TEST(DType, SizesAreThoseOfTheTypes) {
  EXPECT_EQ(size_of(dtype_of<std::int8_t>), 1u);
  EXPECT_EQ(size_of(dtype_of<std::uint16_t>), 2u);
  EXPECT_EQ(size_of(dtype_of<psyne::Float16>), sizeof(psyne::Float16));
  EXPECT_EQ(size_of(dtype_of<psyne::BFloat16>), sizeof(psyne::BFloat16));
  EXPECT_EQ(size_of(dtype_of<psyne::Float8E4M3>), sizeof(psyne::Float8E4M3));
  EXPECT_EQ(size_of(dtype_of<psyne::Float8E5M2>), sizeof(psyne::Float8E5M2));
  EXPECT_EQ(size_of(dtype_of<Boolean>), sizeof(Boolean));
  EXPECT_EQ(size_of(dtype_of<float>), 4u);
  EXPECT_EQ(size_of(dtype_of<std::int64_t>), 8u);
  EXPECT_EQ(size_of(dtype_of<std::complex<float>>), 8u);
  EXPECT_EQ(size_of(dtype_of<std::complex<double>>), 16u);
}

TEST(DType, BytesAreUnsignedOnEveryMachine) {
  EXPECT_EQ(dtype_of<char>, DType::u8);
  EXPECT_EQ(dtype_of<std::byte>, DType::u8);
  EXPECT_EQ(dtype_of<char8_t>, DType::u8);
  EXPECT_EQ(dtype_of<signed char>, DType::i8);
  EXPECT_EQ(dtype_of<long long>, DType::i64);
  EXPECT_EQ(dtype_of<unsigned long>, DType::u64);
}

TEST(DType, WhatAPeerCouldMakeUndefinedIsNoElement) {
  static_assert(!Number<bool>);
  static_assert(!Number<long double>);
  static_assert(!Number<int*>);
  static_assert(!Number<std::complex<long double>>);
}

TEST(Boolean, IsOneByteAndTrueForEveryByteButZero) {
  for (int byte = 0; byte < 256; ++byte) {
    Boolean value;
    const auto raw = static_cast<std::uint8_t>(byte);
    std::memcpy(&value, &raw, 1);
    EXPECT_EQ(value, byte != 0);
  }
  const Boolean yes = true, no = false;
  std::uint8_t raw[2];
  std::memcpy(&raw[0], &yes, 1);
  std::memcpy(&raw[1], &no, 1);
  EXPECT_EQ(raw[0], 1);
  EXPECT_EQ(raw[1], 0);
}

}  // namespace
