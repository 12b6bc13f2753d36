#pragma once

#include <psyne/core/result/error.hpp>

#include <cstdint>
#include <string_view>

namespace psyne::inline v0 {

/// What stands in front of every answer, and of every piece of the words in which one failed.
struct AnswerHeader {
  static constexpr std::string_view psyne_name = "answer/1";

  std::uint64_t number = 0;      ///< of the query
  std::uint16_t failure = 0;     ///< 0: an answer; else a Code plus one, and text
  std::uint16_t characters = 0;  ///< of text in this record
  std::uint32_t more = 0;        ///< pieces of text that follow

  static AnswerHeader of(std::uint64_t number) { return {.number = number}; }
  static AnswerHeader of(std::uint64_t number, Code failure) {
    return {.number = number, .failure = static_cast<std::uint16_t>(static_cast<unsigned>(failure) + 1)};
  }
  bool holds_text() const noexcept { return failure != 0; }
  /// Of a failure. What a stranger made up is `refused`.
  Code code() const noexcept {
    return failure <= static_cast<unsigned>(Code::system) + 1 ? static_cast<Code>(failure - 1) : Code::refused;
  }
};

}  // namespace psyne::inline v0
