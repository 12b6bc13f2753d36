#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/transports/greeting/bytes.hpp>

#include <cstddef>
#include <string>

namespace psyne::inline v0 {

inline constexpr std::size_t longest_refusal = 1024;

/// Writes a plain no: the error's code, and its text as a sentence for people, cut at `longest_refusal`.
void put_refusal(ByteWriter& writer, const Error& error);

/// The refusal that takes all that is left of `reader`, as an error of ours: that `what` failed with `peer`, and its
/// text made fit for a line. A code that only this side may state, such as that a deadline passed, becomes refused; a
/// garbled refusal corrupted.
Error take_refusal(ByteReader& reader, std::string what, std::string peer);

}  // namespace psyne::inline v0
