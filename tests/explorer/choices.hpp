#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::explorer {

/// Who decides wherever an execution could go on in several ways. Answer 0 is always the plain way: the running thread
/// goes on, a load reads the newest store.
class Choices {
 public:
  virtual ~Choices() = default;
  /// Which of these threads (by number) runs next; the answer is an index.
  virtual std::uint32_t thread(std::span<const std::uint8_t> candidates) = 0;
  /// The thread waits for others by looking again and again.
  virtual void gave_way(std::uint8_t) {}
  /// Any other choice among `count` ways.
  virtual std::uint32_t branch(std::uint32_t count) = 0;
};

/// Every choice of an execution in order; as text, one character each, trailing zeros left out.
using Schedule = std::vector<std::uint8_t>;

std::string to_text(const Schedule& schedule);
Schedule from_text(std::string_view text);

}  // namespace psyne::explorer
