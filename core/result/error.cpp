#include <psyne/core/result/error.hpp>

#include <cerrno>
#include <cstring>
#include <utility>

namespace psyne::inline v0 {

std::string_view name(Code code) noexcept {
  switch (code) {
    case Code::would_block: return "would_block";
    case Code::timed_out: return "timed_out";
    case Code::stopped: return "stopped";
    case Code::cancelled: return "cancelled";
    case Code::closed: return "closed";
    case Code::peer_lost: return "peer_lost";
    case Code::peer_unreachable: return "peer_unreachable";
    case Code::refused: return "refused";
    case Code::incompatible: return "incompatible";
    case Code::corrupted: return "corrupted";
    case Code::invalid_argument: return "invalid_argument";
    case Code::invalid_state: return "invalid_state";
    case Code::too_large: return "too_large";
    case Code::exhausted: return "exhausted";
    case Code::not_found: return "not_found";
    case Code::in_use: return "in_use";
    case Code::unsupported: return "unsupported";
    case Code::forked: return "forked";
    case Code::thrown: return "thrown";
    case Code::system: return "system";
  }
  return "unknown";
}

namespace {

std::string_view plain_words(Code code) noexcept {
  switch (code) {
    case Code::would_block: return "nothing to do right now";
    case Code::timed_out: return "the deadline passed";
    case Code::stopped: return "stop was requested";
    case Code::cancelled: return "the operation was cancelled";
    case Code::closed: return "the other side closed";
    case Code::peer_lost: return "the other process is gone";
    case Code::peer_unreachable: return "nothing is heard of the other side";
    case Code::refused: return "the other side refused";
    case Code::incompatible: return "the two sides do not fit together";
    case Code::corrupted: return "the other side wrote what its protocol does not allow";
    case Code::invalid_argument: return "invalid argument";
    case Code::invalid_state: return "not allowed in this state";
    case Code::too_large: return "larger than allowed";
    case Code::exhausted: return "a limit of this process was reached";
    case Code::not_found: return "not found";
    case Code::in_use: return "taken by another";
    case Code::unsupported: return "not supported here";
    case Code::forked: return "opened before fork(), used in the child";
    case Code::thrown: return "an exception was thrown";
    case Code::system: return "the operating system failed";
  }
  return "unknown error";
}

Code code_of(int number) noexcept {
  switch (number) {
    case EAGAIN: return Code::would_block;
    case ETIMEDOUT: return Code::timed_out;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC: return Code::exhausted;
    case EACCES:
    case EPERM:
    case ECONNREFUSED: return Code::refused;
    case ENOENT: return Code::not_found;
    case EADDRINUSE:
    case EEXIST: return Code::in_use;
    case ECONNRESET:
    case EPIPE: return Code::peer_lost;
    case EINVAL: return Code::invalid_argument;
    case ENOSYS:
    case EOPNOTSUPP: return Code::unsupported;
    default: return Code::system;
  }
}

}  // namespace

Error::Error(Code code, std::string what) : code_(code), details_(std::make_shared<Details>()) {
  own().what = std::move(what);
}

// Details are shared only between finished errors; the builders run on temporaries, where they are alone.
Error::Details& Error::own() {
  if (!details_ || details_.use_count() > 1) {
    details_ = details_ ? std::make_shared<Details>(*details_) : std::make_shared<Details>();
  }
  return const_cast<Details&>(*details_);  // NOLINT(cppcoreguidelines-pro-type-const-cast): made non-const above
}

Error&& Error::peer(std::string who) && {
  own().peer = std::move(who);
  return std::move(*this);
}

Error&& Error::because(std::string why) && {
  own().reason = std::move(why);
  return std::move(*this);
}

Error&& Error::mend(std::string advice) && {
  own().advice = std::move(advice);
  return std::move(*this);
}

std::string_view Error::what() const noexcept {
  return details_ ? std::string_view(details_->what) : std::string_view();
}
std::string_view Error::peer() const noexcept {
  return details_ ? std::string_view(details_->peer) : std::string_view();
}
std::string_view Error::reason() const noexcept {
  return details_ ? std::string_view(details_->reason) : std::string_view();
}
std::string_view Error::advice() const noexcept {
  return details_ ? std::string_view(details_->advice) : std::string_view();
}

std::string Error::text() const {
  std::string text(what());
  if (!peer().empty()) {
    text += text.empty() ? "" : ", ";
    text += peer();
  }
  if (!text.empty()) text += ": ";
  text += reason().empty() ? plain_words(code_) : reason();
  text += '.';
  if (!advice().empty()) {
    text += ' ';
    text += advice();
  }
  return text;
}

std::string system_reason(int number) {
  std::string words = strerrordesc_np(number) ? strerrordesc_np(number) : "unknown system error";
  if (const char* symbol = strerrorname_np(number)) words += " (" + std::string(symbol) + ")";
  return words;
}

Error system_error(int number, std::string what) {
  return Error(code_of(number), std::move(what)).because(system_reason(number));
}

}  // namespace psyne::inline v0
