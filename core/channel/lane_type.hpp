#pragma once

#include <psyne/core/channel/draft.hpp>
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/message/message.hpp>

#include <cstdint>

namespace psyne::inline v0 {

/// What a lane says that it carries when its messages are of type T.
template <class T>
LaneType lane_type_of() {
  return {.schema = Message<T>::schema,
          .description = Message<T>::describe(),
          .payload = Message<T>::fixed ? static_cast<std::uint32_t>(sizeof(T)) : 0,
          .alignment = static_cast<std::uint32_t>(RecordsOf<T>::alignment)};
}

}  // namespace psyne::inline v0
