// Any bytes as what a peer tells of its lane: what is taken for sound keeps the promises that the rest relies on, and
// is told again in the same way.
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/lane/blocks.hpp>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

void check(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto offer = psyne::LaneOffer::decode(bytes)) {
    check(offer->sender && offer->delivery <= psyne::Delivery::routed);
    check(std::has_single_bit(offer->capacity) && offer->reader < psyne::ProducerBlock<>::most_readers);
    check(psyne::LaneOffer::decode(offer->encode())->sender == offer->sender);
  }
  if (const auto answer = psyne::LaneAnswer::decode(bytes)) {
    check(static_cast<bool>(answer->receiver));
    check(psyne::LaneAnswer::decode(answer->encode())->receiver == answer->receiver);
  }
  return 0;
}
