#include <psyne/collectives/runner/call_record.hpp>

namespace psyne::inline v0 {

CallRecord::Words CallRecord::encoded() const noexcept {
  const auto arguments = static_cast<std::uint64_t>(call.operation) | static_cast<std::uint64_t>(call.dtype) << 8U |
                         static_cast<std::uint64_t>(call.fold) << 16U |
                         static_cast<std::uint64_t>(call.average) << 24U |
                         static_cast<std::uint64_t>(static_cast<std::uint32_t>(call.root)) << 32U;
  return {sequence, arguments, call.count, before, fingerprint()};
}

std::optional<CallRecord> CallRecord::decoded(const Words& from) noexcept {
  const auto operation = static_cast<std::uint8_t>(from[1]);
  const auto dtype = dtype_from(static_cast<std::uint8_t>(from[1] >> 8U));
  const auto fold = static_cast<std::uint8_t>(from[1] >> 16U);
  if (operation > static_cast<std::uint8_t>(Operation::exclusive_scan) || !dtype ||
      fold > static_cast<std::uint8_t>(Fold::bit_xor)) {
    return std::nullopt;
  }
  CallRecord record;
  record.sequence = from[0];
  record.call.operation = static_cast<Operation>(operation);
  record.call.dtype = *dtype;
  record.call.fold = static_cast<Fold>(fold);
  record.call.average = (from[1] >> 24U & 1U) != 0;
  record.call.root = static_cast<Rank>(static_cast<std::uint32_t>(from[1] >> 32U));
  record.call.count = from[2];
  record.before = from[3];
  if (record.sequence == 0 || record.encoded() != from) return std::nullopt;
  return record;
}

}  // namespace psyne::inline v0
