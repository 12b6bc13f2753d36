// Any bytes as a record of every variable message type: reading must neither reach outside of the record nor return a
// view that does. The first byte says which type, the rest is the record.
#include <psyne/core/message/message.hpp>

#include "../core/message/aligned_record.hpp"
#include "../core/message/look.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>

namespace {

struct Order {
  std::uint32_t symbol;
  bool buy;
};

template <class T>
std::uint64_t read_as(std::span<const std::byte> record) {
  const auto message = psyne::Message<T>::read(record);
  if (message) return psyne_test::look(*message);
  if (!(message.error() == psyne::Code::corrupted)) std::abort();
  return message.error().text().size();
}

using Read = std::uint64_t (*)(std::span<const std::byte>);
constexpr Read readers[] = {
    read_as<psyne::FloatVector>,
    read_as<psyne::ByteVector>,
    read_as<psyne::DoubleComplexVector>,
    read_as<psyne::FloatMatrix>,
    read_as<psyne::Int8Vector>,
    read_as<psyne::UInt8Vector>,
    read_as<psyne::Tensor>,
    read_as<psyne::CsrMatrix>,
    read_as<psyne::Csr<double, std::int64_t, psyne::Indices::unchecked>>,
    read_as<psyne::CooMatrix>,
    read_as<psyne::Coo<std::complex<double>, std::int64_t, psyne::Indices::unchecked>>,
    read_as<psyne::Gradient>,
    read_as<psyne::GradientOf<psyne::Indices::unchecked>>,
    read_as<psyne::Batch<Order>>,
    read_as<psyne::Batch<psyne::FloatVector>>,
    read_as<psyne::Batch<psyne::Batch<psyne::Tensor>>>,
};

volatile std::uint64_t seen = 0;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const psyne_test::AlignedRecord record(std::as_bytes(std::span(data + 1, size - 1)));
  seen = seen + readers[data[0] % std::size(readers)](record.received());
  return 0;
}
