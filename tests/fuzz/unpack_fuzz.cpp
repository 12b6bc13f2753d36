// Any bytes as a compressed message of any length: nothing outside is touched; and whatever is packed comes back.
#include <psyne/core/channel/unpacking.hpp>
#include <psyne/core/compression/packer.hpp>

#include "input.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

using psyne::Compress;

void check(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  psyne_fuzz::Input input(data, size);
  const Compress codec = input.take<std::uint8_t>() % 2 == 0 ? Compress::lz4 : Compress::zstd;
  const std::size_t said = input.take<std::uint16_t>();
  const auto bytes = std::as_bytes(std::span(data, size).subspan(std::min<std::size_t>(size, 3)));

  psyne::Unpacking unpacking(codec, 128 * 1024);
  const auto room = std::make_unique<std::byte[]>(said);  // exactly, so that a sanitizer sees the first byte beyond
  static_cast<void>(unpacking.unpack(bytes, {room.get(), said}));

  std::vector<std::byte> packed(2 * bytes.size() + 1024);
  psyne::Packer packer(codec, 1);
  packed.resize(packer.pack(bytes, packed));
  const auto back = std::make_unique<std::byte[]>(bytes.size());
  check(unpacking.unpack(packed, {back.get(), bytes.size()}));
  check(std::ranges::equal(std::span(back.get(), bytes.size()), bytes));
  return 0;
}
