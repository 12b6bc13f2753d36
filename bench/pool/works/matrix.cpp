#include "pool/works/matrix.hpp"

namespace pool_bench {

[[gnu::aligned(64)]] void multiply_leaf(Square<double> c, Square<const double> a, Square<const double> b) noexcept {
  for (std::size_t i = 0; i < leaf_size; ++i) {
    double* row = c.first + i * row_length;
    for (std::size_t k = 0; k < leaf_size; ++k) {
      const double factor = a.first[i * row_length + k];
      const double* other = b.first + k * row_length;
      for (std::size_t j = 0; j < leaf_size; ++j) row[j] += factor * other[j];
    }
  }
}

}  // namespace pool_bench
