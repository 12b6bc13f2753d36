#include "tools/run/labelled_stream.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace psyne_tool {

void LabelledStream::pass_on() {
  std::array<char, 16 * 1024> piece{};
  const ssize_t got = read(from_, piece.data(), piece.size());
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) {
    ended_ = true;
    if (!rest_.empty()) write_line(rest_);
    rest_.clear();
    return;
  }
  rest_.append(piece.data(), static_cast<std::size_t>(got));
  write_lines();
}

void LabelledStream::finish() {
  for (pollfd readable{.fd = from_, .events = POLLIN, .revents = 0}; !ended_ && poll(&readable, 1, 0) > 0;) pass_on();
  if (!rest_.empty()) write_line(rest_);
  rest_.clear();
  ended_ = true;
}

void LabelledStream::write_lines() {
  std::size_t begin = 0;
  for (;;) {
    const auto end = rest_.find('\n', begin);
    if (end == std::string::npos) break;
    write_line(std::string_view(rest_).substr(begin, end - begin));
    begin = end + 1;
  }
  rest_.erase(0, begin);
  if (rest_.size() < longest) return;
  write_line(rest_);
  rest_.clear();
}

void LabelledStream::write_line(std::string_view line) const {
  const std::string text = label_ + std::string(line) + "\n";
  for (std::string_view left = text; !left.empty();) {
    const ssize_t written = write(to_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // nobody reads it any more
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace psyne_tool
