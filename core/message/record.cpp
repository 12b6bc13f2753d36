#include <psyne/core/message/record.hpp>

namespace psyne::inline v0::record {

Error corrupted(std::string_view type, std::string why) {
  return Error(Code::corrupted, "cannot read a message of type " + std::string(type)).because(std::move(why));
}

Error too_short(std::span<const std::byte> record, std::string_view type) {
  return corrupted(type, std::to_string(record.size()) + " bytes are less than its header");
}

Error misaligned(std::string_view type) {
  return Error(Code::invalid_argument, "cannot use memory for a message of type " + std::string(type))
      .because("it is not aligned");
}

Error too_large(std::string_view type) {
  return Error(Code::too_large, "cannot make a message of type " + std::string(type))
      .because("its size overflows 63 bits");
}

Error wrong_space(std::span<const std::byte> record, Size needed, std::string_view type) {
  if (!needed.fits()) return too_large(type);
  if (!is_aligned(record)) return misaligned(type);
  return Error(Code::invalid_argument, "cannot write a message of type " + std::string(type))
      .because("the record has " + std::to_string(record.size()) + " bytes and the shape needs " +
               std::to_string(needed.value()));
}

Error wrong_length(std::span<const std::byte> record, Size expected, std::string_view type) {
  if (!expected.fits()) return corrupted(type, "the size in its header overflows");
  return corrupted(type, "it has " + std::to_string(record.size()) + " bytes and its header says " +
                             std::to_string(expected.value()));
}

}  // namespace psyne::inline v0::record
