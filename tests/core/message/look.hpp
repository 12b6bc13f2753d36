#pragma once

#include <psyne/core/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne_test {

/// Reads every byte that a view of a received message gives access to, by every way it gives, so that a sanitizer sees
/// the one that is outside. Returns something of them all, lest the compiler leave the reading out.
template <class E>
std::uint64_t look(std::span<E> values) {
  std::uint64_t sum = values.size();
  for (const std::byte byte : std::as_bytes(values)) sum = sum * 31 + static_cast<std::uint8_t>(byte);
  return sum;
}

template <class E>
std::uint64_t look(const psyne::MatrixView<E>& matrix) {
  std::uint64_t sum = look(matrix.span());
  // A matrix of no elements may have any number of rows.
  const std::size_t rows = matrix.size() == 0 ? 0 : matrix.rows();
  for (std::size_t row = 0; row < rows; ++row) sum += look(matrix.row(row));
  if (matrix.size() != 0) sum += look(std::span(&matrix(matrix.rows() - 1, matrix.columns() - 1), 1));
  return sum;
}

template <class C>
std::uint64_t look(const psyne::QuantizedView<C>& quantized) {
  std::uint64_t sum = look(quantized.codes());
  for (std::size_t index = 0; index < quantized.size(); ++index) sum += quantized[index] > 0 ? 1 : 2;
  return sum;
}

template <class Byte>
std::uint64_t look(const psyne::TensorView<Byte>& tensor) {
  std::uint64_t sum = look(tensor.bytes());
  if (tensor.size() != 0 && tensor.rank() == 2 && tensor.template holds<float>()) {
    const auto last = tensor.template grid<float, 2>().value()(tensor.dims()[0] - 1, tensor.dims()[1] - 1);
    sum += look(std::span(&last, 1));
  }
  if (const auto values = tensor.template as<double>()) sum += look(*values);
  return sum;
}

template <class E, class I>
std::uint64_t look(const psyne::CsrView<E, I>& matrix) {
  std::uint64_t sum = look(matrix.values()) + look(matrix.row_pointers()) + look(matrix.column_indices());
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    sum += look(matrix.row(row).values) + look(matrix.row(row).columns);
  }
  return sum + (matrix.validate() ? 1 : 0);
}

template <class E, class I>
std::uint64_t look(const psyne::CooView<E, I>& matrix) {
  return look(matrix.values()) + look(matrix.row_indices()) + look(matrix.column_indices()) +
         (matrix.validate() ? 1 : 0);
}

template <class Byte>
std::uint64_t look(const psyne::GradientView<Byte>& gradient) {
  std::uint64_t sum = look(gradient.values().bytes()) + look(gradient.positions());
  if (const auto values = gradient.values().template as<float>()) sum += look(*values);
  return sum;
}

template <class T>
std::uint64_t look(const psyne::BatchView<T>& batch) {
  std::uint64_t sum = batch.size();
  for (std::size_t index = 0; index < batch.size(); ++index) {
    if (const auto message = batch[index]) sum += look(*message);
  }
  return sum;
}

}  // namespace psyne_test
