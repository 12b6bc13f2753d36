#include <psyne/core/message/record.hpp>
#include <psyne/core/message/tensor/tensor.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace psyne::inline v0 {

namespace {

constexpr std::uint8_t host_memory = 0;  // of TensorHeader::device, the only one so far

/// The header as it lies in a record: these eight bytes, the extents, and for a strided layout the strides.
struct TensorHeader {
  std::uint8_t dtype;
  std::uint8_t rank;
  std::uint8_t layout;
  std::uint8_t device;
  std::uint32_t device_index;
};
constexpr std::size_t most_numbers = 2 * most_dimensions;

std::size_t numbers_of(const TensorShape& shape) { return shape.dims.size() + shape.strides.size(); }

record::Layout<1> layout_of(const TensorShape& shape, const TensorExtent& extent) {
  const std::size_t header = sizeof(TensorHeader) + numbers_of(shape) * sizeof(std::uint64_t);
  return record::lay_out<1>(header, {{{extent.span, size_of(shape.dtype)}}});
}

/// Header and numbers, copied out of the record once.
struct HeaderCopy {
  TensorHeader header;
  std::array<std::uint64_t, most_numbers> numbers;
};
static_assert(sizeof(HeaderCopy) == sizeof(TensorHeader) + most_numbers * sizeof(std::uint64_t));

Result<TensorShape> shape_of(const HeaderCopy& copy, std::size_t copied) {
  constexpr std::string_view type = Message<Tensor>::text;
  const TensorHeader& header = copy.header;
  const auto dtype = dtype_from(header.dtype);
  if (!dtype) return record::corrupted(type, "there is no dtype " + std::to_string(header.dtype));
  if (header.layout > static_cast<std::uint8_t>(TensorLayout::strided)) {
    return record::corrupted(type, "there is no layout " + std::to_string(header.layout));
  }
  if (header.device != host_memory || header.device_index != 0) {
    return record::corrupted(type, "its elements are on device " + std::to_string(header.device) + ":" +
                                       std::to_string(header.device_index) +
                                       " and a record holds only those of the host");
  }
  if (header.rank > most_dimensions) {
    return record::corrupted(type, "it has " + std::to_string(header.rank) + " dimensions and 8 are the most");
  }
  const auto layout = static_cast<TensorLayout>(header.layout);
  const std::size_t rank = header.rank, strides = layout == TensorLayout::strided ? rank : 0;
  if (copied < sizeof header + (rank + strides) * sizeof(std::uint64_t)) {
    return record::corrupted(type, "its header is cut off");
  }
  const std::span numbers(copy.numbers);
  return TensorShape{.dtype = *dtype,
                     .dims = Dimensions(numbers.first(rank)),
                     .layout = layout,
                     .strides = Dimensions(numbers.subspan(rank, strides))};
}

}  // namespace

Result<std::size_t> Message<Tensor>::bytes(const Shape& shape) {
  const auto extent = check_shape(shape);
  if (!extent) return extent.error();
  return record::to_reserve(layout_of(shape, *extent).bytes, text);
}

Result<Message<Tensor>::Writable> Message<Tensor>::write(std::span<std::byte> record, const Shape& shape) {
  const auto extent = check_shape(shape);
  if (!extent) return extent.error();
  const auto where = layout_of(shape, *extent);
  if (auto space = record::check_space(record, where.bytes, text); !space) return space.error();

  const TensorHeader header{.dtype = static_cast<std::uint8_t>(shape.dtype),
                            .rank = static_cast<std::uint8_t>(shape.dims.size()),
                            .layout = static_cast<std::uint8_t>(shape.layout),
                            .device = host_memory,
                            .device_index = 0};
  record::write_header(record, header, where);
  std::byte* numbers = record.data() + sizeof header;
  if (!shape.dims.empty()) std::memcpy(numbers, shape.dims.begin(), shape.dims.size() * sizeof(std::uint64_t));
  if (!shape.strides.empty()) {
    numbers += shape.dims.size() * sizeof(std::uint64_t);
    std::memcpy(numbers, shape.strides.begin(), shape.strides.size() * sizeof(std::uint64_t));
  }
  const auto elements = record.subspan(where.begin[0]);
  if (!extent->dense) std::fill(elements.begin(), elements.end(), std::byte{0});
  return Writable(elements, shape, *extent);
}

Result<Message<Tensor>::Readable> Message<Tensor>::read(std::span<const std::byte> record) {
  if (!record::is_aligned(record)) return record::misaligned(text);
  const std::size_t copied = std::min(record.size(), sizeof(HeaderCopy));
  if (copied < sizeof(TensorHeader)) return record::corrupted(text, "its header is cut off");
  HeaderCopy copy{};
  record::copy_once(&copy, record.first(copied));
  const auto shape = shape_of(copy, copied);
  if (!shape) return shape.error();
  const auto extent = check_shape(*shape);
  if (!extent) return record::corrupted(text, extent.error().text());
  const auto where = layout_of(*shape, *extent);
  if (auto length = record::check_length(record, where.bytes, text); !length) return length.error();
  return Readable(record.subspan(where.begin[0]), *shape, *extent);
}

}  // namespace psyne::inline v0
