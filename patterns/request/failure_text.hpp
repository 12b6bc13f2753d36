#pragma once

#include <psyne/core/result/error.hpp>
#include <psyne/patterns/request/answer_header.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// The words of a failure on their way to the asker: whole where answers may have any size, else in pieces that fit one
/// each. What comes from a stranger is bounded, and shows no control characters.
class FailureText {
 public:
  static constexpr std::size_t longest = 1000;

  /// Takes in a piece. True when it was the last.
  bool take(const AnswerHeader& header, std::span<const std::byte> room);
  /// The failure that it was, of `what` ("cannot get an answer from ipc://quotes") with `who`.
  Error error(std::string what, std::string who) const;

  /// What is to be sent of `text`.
  static std::string_view whole(std::string_view text) { return text.substr(0, longest); }
  static std::size_t pieces(std::string_view text, std::size_t room) {
    return text.empty() ? 1 : (text.size() + room - 1) / room;
  }

 private:
  Code code_ = Code::refused;
  std::string text_;
};

}  // namespace psyne::inline v0
