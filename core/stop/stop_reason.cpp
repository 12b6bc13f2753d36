#include <psyne/core/stop/stop_reason.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::array plain_causes{
    StopCause{StopReason::user, {}},     StopCause{StopReason::deadline, {}}, StopCause{StopReason::parent, {}},
    StopCause{StopReason::shutdown, {}}, StopCause{StopReason::error, {}},
};

std::string_view plain_words(StopReason reason) noexcept {
  switch (reason) {
    case StopReason::user: return "stop was requested";
    case StopReason::deadline: return "its deadline passed";
    case StopReason::parent: return "what it is a part of was stopped";
    case StopReason::shutdown: return "it is being shut down";
    case StopReason::error: return "something it belongs to failed";
  }
  return "stop was requested";
}

}  // namespace

std::string_view name(StopReason reason) noexcept {
  switch (reason) {
    case StopReason::user: return "user";
    case StopReason::deadline: return "deadline";
    case StopReason::parent: return "parent";
    case StopReason::shutdown: return "shutdown";
    case StopReason::error: return "error";
  }
  return "unknown";
}

const StopCause& StopCause::plain(StopReason reason) noexcept { return plain_causes[static_cast<std::size_t>(reason)]; }

Error stop_error(StopReason reason, std::string_view text, std::string what) {
  std::string why(plain_words(reason));
  if (!text.empty()) why.append(" (").append(text).append(")");
  const Code code = reason == StopReason::deadline ? Code::timed_out : Code::stopped;
  return Error(code, std::move(what)).because(std::move(why));
}

}  // namespace psyne::inline v0
