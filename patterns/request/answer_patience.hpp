#pragma once

#include <psyne/core/park/patience.hpp>
#include <psyne/core/result/result.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace psyne::inline v0 {

/// A receiver looks for about as long as one wake takes; an answer of a responder that slept comes one wake later than
/// that, just when the asker has gone to sleep as well. So who waits for an answer looks on, for another wake or two,
/// and offers its CPU to others between two looks: the responder may be one of them.
inline constexpr std::uint32_t looks_for_answer = 128;

/// How long a requester at `uri` looks for an answer: as `given` by the program, else as configured and then on.
/// Whoever is configured to sleep at once does.
Result<Patience> answer_patience(std::string_view uri, const std::optional<Patience>& given);

}  // namespace psyne::inline v0
