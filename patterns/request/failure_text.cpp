#include <psyne/patterns/request/failure_text.hpp>

#include <algorithm>
#include <utility>

namespace psyne::inline v0 {

bool FailureText::take(const AnswerHeader& header, std::span<const std::byte> room) {
  code_ = header.code();
  const std::size_t left = longest - text_.size();
  for (const std::byte byte : room.first(std::min({room.size(), std::size_t{header.characters}, left}))) {
    const auto letter = static_cast<char>(byte);
    text_ += static_cast<unsigned char>(letter) < ' ' ? '?' : letter;
  }
  return header.more == 0;
}

Error FailureText::error(std::string what, std::string who) const {
  return Error(code_, std::move(what)).peer(std::move(who)).because(text_);
}

}  // namespace psyne::inline v0
