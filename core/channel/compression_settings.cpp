#include <psyne/core/channel/compression_settings.hpp>
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/channel/unless_asked.hpp>
#include <psyne/core/compression/packer.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/lane/record.hpp>

#include <string>

namespace psyne::inline v0 {

Result<CompressionSettings> CompressionSettings::settle(const Config& config, const Uri& uri,
                                                        const SenderOptions& given, const LaneType& type,
                                                        std::uint64_t capacity) {
  const auto cannot = [&](Code code) { return Error(code, "cannot open " + std::string(uri.address())); };
  CompressionSettings settings;
  const auto own = unless_asked(uri, "compress", given.compress);
  settings.codec = own.value_or(config.choice<Compress>(option::channel_compress));
  if (settings.codec == Compress::none) return settings;
  if (type.payload != 0) {
    if (!own && !is_asked(uri, "compress")) return CompressionSettings();
    return cannot(Code::unsupported)
        .because("compress is asked for, and its messages, " + type.description +
                 ", have one size: they go as they are")
        .mend("Leave compress out, or send them many at once, as a Vector or a Batch.");
  }
  if (capacity > Record::largest_packing_ring) {
    return cannot(Code::too_large)
        .because("capacity_bytes is " + std::to_string(capacity) + ", and a ring with compress takes at most " +
                 std::to_string(Record::largest_packing_ring))
        .mend("Ask for a smaller capacity_bytes, or for compress=none.");
  }
  settings.above =
      unless_asked(uri, "compress_above", given.compress_above).value_or(config.bytes(option::channel_compress_above));
  const std::uint64_t level =
      unless_asked(uri, "compress_level", given.compress_level).value_or(config.count(option::channel_compress_level));
  if (level < 1 || level > static_cast<std::uint64_t>(Packer::most_level())) {
    return cannot(Code::invalid_argument)
        .because("compress_level is " + std::to_string(level))
        .mend("Use 1, the quickest, to " + std::to_string(Packer::most_level()) + ", the shortest.");
  }
  settings.level = static_cast<int>(level);
  return settings;
}

}  // namespace psyne::inline v0
