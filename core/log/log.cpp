#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/log/log.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

namespace psyne::inline v0::logging {

namespace {

spdlog::level::level_enum spdlog_level(Level level) noexcept {
  switch (level) {
    case Level::trace: return spdlog::level::trace;
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

/// "2026-11-21 10:04:12.123456 [812] psyne warning ipc: ...". A logger of our own, not in spdlog's registry, which
/// belongs to the program. Never destroyed: static objects may log while they go.
void write_to_standard_error(const Line& line) {
  static spdlog::logger& logger = *[] {
    auto* made = new spdlog::logger("psyne", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%d %H:%M:%S.%f [%P] %n %l %v");
    made->set_level(spdlog::level::trace);  // what is enabled has been decided
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  std::string text(line.module);
  text += ": ";
  text += line.message;
  // One line each, whatever a peer has called itself.
  std::ranges::replace_if(
      text, [](char letter) { return static_cast<unsigned char>(letter) < 0x20; }, '?');
  logger.log(spdlog_level(line.level), spdlog::string_view_t(text));
}

std::atomic<const Sink*> current{nullptr};

/// Asks the configuration once; an explicit set_level() that comes between stays.
std::uint8_t asked_threshold() {
  std::uint8_t least = unasked;
  const auto configured = static_cast<std::uint8_t>(Config::process().choice_index(option::log_level));
  threshold.compare_exchange_strong(least, configured, std::memory_order_relaxed);
  return least == unasked ? configured : least;
}

/// Set while this thread is inside a sink.
thread_local bool in_sink = false;

}  // namespace

std::string_view name(Level level) noexcept {
  switch (level) {
    case Level::trace: return "trace";
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
    case Level::off: return "off";
  }
  return "unknown";
}

void set_level(Level level) noexcept { threshold.store(static_cast<std::uint8_t>(level), std::memory_order_relaxed); }

void set_sink(Sink sink) {
  static auto& kept = *new std::vector<std::unique_ptr<const Sink>>;  // see the contract; never destroyed either
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (!sink) return current.store(nullptr, std::memory_order_release);
  kept.push_back(std::make_unique<const Sink>(std::move(sink)));
  current.store(kept.back().get(), std::memory_order_release);  // its content before its address
}

void emit(Level level, std::string_view module, std::string_view message) noexcept {
  if (in_sink || level >= Level::off) return;
  in_sink = true;
  try {
    std::uint8_t least = threshold.load(std::memory_order_relaxed);
    if (least == unasked) least = asked_threshold();
    if (static_cast<std::uint8_t>(level) >= least) {
      const Sink* sink = current.load(std::memory_order_acquire);
      const Line line{level, module, message};
      sink ? (*sink)(line) : write_to_standard_error(line);
    }
  } catch (...) {  // a log line is not worth a failure of what it tells of
  }
  in_sink = false;
}

}  // namespace psyne::inline v0::logging
