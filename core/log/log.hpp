#pragma once

#include <psyne/core/result/error.hpp>

#include <atomic>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace psyne::inline v0::logging {

/// In the order of the option log.level.
enum class Level : std::uint8_t { trace, debug, info, warn, error, off };

/// "warn".
std::string_view name(Level level) noexcept;

/// What a sink gets. The views live until it returns.
struct Line {
  Level level;
  std::string_view module;  ///< "ipc"
  std::string_view message;
};

/// Where lines go. Called on the thread that logs, which may be the service thread or be inside an end of a channel: so
/// it must not wait for anything of psyne's, nor use the end that the line is about. Maybe by several at once; an
/// exception out of it is swallowed, and what it logs itself is not logged.
using Sink = std::function<void(const Line&)>;

/// psyne logs nothing unless it is asked to: the level is off until log.level, PSYNE_LOG or set_level() says otherwise,
/// and then lines go to the standard error output, or to the sink that the program has set.
///
///   enabled      any thread, wait-free: one relaxed load and a comparison: 4 instructions (tests/hot_path counts them)
///   write        any thread; allocates, and may wait for the sink. Never on a hot path unless the level is enabled
///   set_*        any thread; a line that is being written may still see what was set before

/// Overrides the configuration.
void set_level(Level level) noexcept;
/// Replaces where lines go; an empty one brings back the standard error output. A sink that was set is kept until the
/// process ends, since another thread may be in it; what it refers to must live as long.
void set_sink(Sink sink);

/// The level in force; begins as `unasked`, at which everything seems enabled and the first write asks the
/// configuration.
inline constexpr std::uint8_t unasked = 0xff;
inline std::atomic<std::uint8_t> threshold{unasked};

/// Whether a line of this level would be written.
inline bool enabled(Level level) noexcept {
  const std::uint8_t least = threshold.load(std::memory_order_relaxed);
  return static_cast<std::uint8_t>(level) >= least || least == unasked;
}

/// Gives a finished line to the sink, where its level is enabled.
void emit(Level level, std::string_view module, std::string_view message) noexcept;

inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, char letter) { out += letter; }
inline void append(std::string& out, const Error& error) { out += error.text(); }
/// Exactly bool: a pointer to characters would rather become true than a string_view.
template <std::same_as<bool> Truth>
void append(std::string& out, Truth truth) {
  out += truth ? "true" : "false";
}
template <class Number>
  requires((std::integral<Number> && !std::same_as<Number, bool>) || std::floating_point<Number>)
void append(std::string& out, Number number) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

/// Logs `parts` one after the other: text, numbers, bool and Error. Builds nothing when the level is not enabled.
///   logging::write(Level::info, "ipc", "connected to ", uri.address(), " in ", microseconds, " us");
template <class... Parts>
void write(Level level, std::string_view module, const Parts&... parts) noexcept {
  if (!enabled(level)) [[likely]]
    return;
  try {
    std::string message;
    (append(message, parts), ...);
    emit(level, module, message);
  } catch (...) {  // out of memory: the line is lost, and nothing else may be
    return;
  }
}

}  // namespace psyne::inline v0::logging
