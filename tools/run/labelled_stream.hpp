#pragma once

#include <string>
#include <string_view>

namespace psyne_tool {

/// What one rank writes to one of its streams, passed on line by line, each behind the rank's label: "[ 3] text". Lines
/// of several ranks are not mixed. A line longer than 64 KiB is passed on in parts.
class LabelledStream {
 public:
  /// `from` is read, and `to` written; both belong to the caller. `label` begins each line.
  LabelledStream(int from, int to, std::string label) : from_(from), to_(to), label_(std::move(label)) {}

  int from() const { return from_; }
  bool ended() const { return ended_; }
  /// Reads once, what is there or comes, and writes the lines that are whole.
  void pass_on();
  /// Reads what is there, and writes all: no more is awaited, though somebody may still have the other end.
  void finish();

 private:
  static constexpr std::size_t longest = 64 * 1024;

  void write_lines();
  void write_line(std::string_view line) const;

  int from_, to_;
  std::string label_;
  std::string rest_;  // a line that has not ended
  bool ended_ = false;
};

}  // namespace psyne_tool
