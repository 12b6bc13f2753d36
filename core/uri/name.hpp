#pragma once

#include <psyne/core/result/result.hpp>

#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// The name of a channel that lives in a directory or a table of this machine (memory://, ipc://, sim://), checked: 1
/// to 100 of A-Z a-z 0-9 . _ -, neither "." nor with ".." in it. So it is one component of a path, and fits with a
/// directory before it and a socket's file name behind it.
class Name {
 public:
  static constexpr std::size_t longest = 100;

  /// Code::invalid_argument with the character that is not allowed, or Code::too_large.
  static Result<Name> parse(std::string_view text);

  const std::string& text() const noexcept { return text_; }
  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  explicit Name(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace psyne::inline v0
