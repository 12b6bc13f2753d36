#pragma once

#include "coverage.hpp"
#include "note.hpp"
#include "script.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace step_kill {

inline constexpr auto deadline = std::chrono::seconds(10);

/// Whether it comes true within the deadline.
template <class Condition>
bool eventually(Condition condition) {
  const auto until = psyne::Clock::now() + deadline;
  while (!condition()) {
    if (psyne::Clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

/// A receiver of a survivor, and what it has heard.
template <class T>
class Ear {
 public:
  /// `follows`: letters are copied out while they are still copied in.
  static Ear open(psyne::Delivery delivery, bool follows = false) {
    return Ear(follows, psyne::Receiver<T>::open(
                            uri, {.delivery = delivery, .patience = psyne::no_patience, .wait_for_senders = true})
                            .value());
  }

  psyne::Receiver<T>& receiver() noexcept { return receiver_; }

  /// Takes what there is, and waits for more until `wait` is over; whether there was anything.
  bool hear(std::chrono::microseconds wait) {
    if constexpr (std::is_same_v<T, Letter>) {
      if (follows_) {
        std::array<std::uint64_t, long_letter_words> words{};
        const auto count = receiver_.receive_into(std::span<std::uint64_t>(words), wait);
        if (count) keep(std::span(words).first(*count));
        if (!count) note(count.error());
        return count.has_value();
      }
    }
    auto message = receiver_.receive(wait);
    if (message) keep(words_of(*message));
    if (!message) note(message.error());
    return static_cast<bool>(message);
  }

  /// The numbers of what `sender` sent, as they came.
  std::vector<std::uint64_t> from(std::uint64_t sender) const {
    std::vector<std::uint64_t> numbers;
    for (const Stamp& stamp : heard_) {
      if (stamp.sender == sender) numbers.push_back(stamp.number);
    }
    return numbers;
  }
  /// Senders that it was told have died.
  unsigned lost() const noexcept { return lost_; }

  void expect_sound(Findings& findings) const {
    findings.expect(torn_ == 0, std::to_string(torn_) + " torn messages were delivered");
    findings.expect(other_.empty(), "a receiver says: " + other_);
  }

 private:
  Ear(bool follows, psyne::Receiver<T> receiver) : receiver_(std::move(receiver)), follows_(follows) {}

  void keep(std::span<const std::uint64_t> words) {
    const auto stamp = whole(words);
    torn_ += stamp ? 0 : 1;
    if (stamp) heard_.push_back(*stamp);
  }
  void note(const psyne::Error& error) {
    if (error == psyne::Code::peer_lost) {
      ++lost_;
    } else if (!(error == psyne::Code::timed_out)) {
      other_ += error.text() + "; ";
    }
  }

  psyne::Receiver<T> receiver_;
  std::vector<Stamp> heard_;
  bool follows_;
  unsigned torn_ = 0, lost_ = 0;
  std::string other_;
};

/// first, first + 1, ...
inline bool is_run_from(std::uint64_t first, const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) {
    if (number != first++) return false;
  }
  return true;
}

inline bool is_ascending(const std::vector<std::uint64_t>& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] <= numbers[i - 1]) return false;
  }
  return true;
}

inline std::string text_of(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (const std::uint64_t number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  return "[" + text + "]";
}

}  // namespace step_kill
