#pragma once

#include <psyne/core/channel/received.hpp>
#include <psyne/core/channel/receiver_state.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// Payload bytes of a stranger become a checked view.
template <class T>
Result<HeldFor<T>> read_payload(std::span<const std::byte> payload) {
  if constexpr (Message<T>::fixed) {
    if constexpr (Message<T>::needs_check) {
      const CheckedCopy<T> own(payload.first(sizeof(T)));
      if (auto checked = Message<T>::check(*own); !checked) return checked.error();
      return own;
    } else {
      return reinterpret_cast<const T*>(payload.data());
    }
  } else {
    return Message<T>::read(payload);
  }
}

/// exhausted: all views of this lane are held.
template <class Records>
Error too_many_held(const ReceiverState<Records>& state, const TypedLane<Records>& lane) {
  return state.end()
      .error(Code::exhausted)
      .peer(lane.who())
      .because("all " + std::to_string(state.end().settings().given.most_held) + " views of its lane are held")
      .mend("Release some, or raise ReceiverOptions::most_held.");
}

/// Why the front of a lane, which is packed, became no message. exhausted; or what settle() says of the lane, which may
/// be no more afterwards.
template <class Records>
[[gnu::cold]] Error not_unpacked(ReceiverState<Records>& state, const TypedLane<Records>& lane, Unpacked how) {
  if (how == Unpacked::lie) {
    if (auto told = state.settle()) return *std::move(told);
    return state.end().error(Code::corrupted);
  }
  return state.end()
      .error(Code::exhausted)
      .peer(lane.who())
      .because("views of its lane hold " + std::to_string(lane.offer().capacity) +
               " bytes of compressed messages, as many as its ring has")
      .mend("Release some, or raise the sender's capacity_bytes.");
}

/// How long an unpacked message is to stay where it is.
enum class Stays : std::uint8_t { until_given_back, until_the_next };

/// Makes of the front of a lane, where it is packed, what was sent, and counts that; `payload` is its bytes, before and
/// after. Where it is not Unpacked::whole, not_unpacked() says why.
template <class T>
[[gnu::always_inline]] inline Unpacked unpack_front(ReceiverState<RecordsOf<T>>& state, TypedLane<RecordsOf<T>>& lane,
                                                    std::span<const std::byte>& payload, Stays stays) {
  if constexpr (!Message<T>::fixed) {
    if (lane.reader().packed()) [[unlikely]] {
      const auto packed = payload.size();
      const auto how = stays == Stays::until_given_back ? lane.unpack(payload) : lane.unpack_for_now(payload);
      if (how == Unpacked::whole) state.end().metrics().add_packed(payload.size(), packed);
      return how;
    }
  }
  return Unpacked::whole;
}

/// The front of a lane, on which look() found a record, as a view. The owner of `state`.
template <class T>
[[gnu::always_inline]] inline Received<T> take_front(ReceiverState<RecordsOf<T>>& state,
                                                     TypedLane<RecordsOf<T>>& lane) {
  auto payload = lane.reader().front();
  if (!lane.reader().can_hold()) [[unlikely]]
    return too_many_held(state, lane);
  if (const auto how = unpack_front<T>(state, lane, payload, Stays::until_given_back); how != Unpacked::whole)
    return not_unpacked(state, lane, how);
  auto view = read_payload<T>(payload);
  if (!view) [[unlikely]] {
    lane.reader().pop();
    return state.told(lane, view.error());
  }
  state.end().count(1, Message<T>::fixed ? sizeof(T) : payload.size());
  lane.reader().step();
  return Received<T>(lane, lane.reader().hold(), std::move(*view));
}

}  // namespace psyne::inline v0
