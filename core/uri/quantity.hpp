#pragma once

#include <psyne/core/result/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

inline constexpr std::size_t KiB = 1024;
inline constexpr std::size_t MiB = 1024 * KiB;
inline constexpr std::size_t GiB = 1024 * MiB;

/// The duration that never ends, written "forever".
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

/// How people write values in a URI's query, in the environment and in the configuration file. Each function takes the
/// whole text or fails with Code::invalid_argument (Code::too_large where only the range is exceeded) and an Error that
/// shows the text and says how to write it. Pure, thread safe, linear in the length.

/// A whole number, and then nothing, B, K, M, G, T or KiB, MiB, GiB, TiB; letters in any case, K is 1024. "64M".
/// KB and MB are refused, since half of the world means 1000 by them.
Result<std::size_t> parse_bytes(std::string_view text);

/// A whole number not below zero and ns, us, ms, s, min or h: "10ms". "0" needs no unit. "forever".
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// 1, true, yes, on; 0, false, no, off.
Result<bool> parse_boolean(std::string_view text);

/// A decimal whole number with an optional minus.
Result<std::int64_t> parse_integer(std::string_view text);

/// A finite decimal number: "0.25", "1e-3".
Result<double> parse_real(std::string_view text);

/// The shortest text that the functions above read back as the same value: "64M", "10ms".
std::string bytes_text(std::size_t bytes);
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace psyne::inline v0
