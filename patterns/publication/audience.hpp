#pragma once

#include <psyne/core/channel/recipient.hpp>
#include <psyne/patterns/publication/interest.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace psyne::inline v0 {

/// One subscriber, as its publisher knows it.
struct Listener {
  enum class State : std::uint8_t {
    awaited,    ///< its prefixes are known, and its lane is not there yet
    listening,  ///< it is sent what matches
    cut_off,    ///< it was too slow; nothing is sent to it any more
  };

  Recipient recipient;
  Interest interest;
  State state = State::awaited;
  std::uint64_t number = 0;   ///< of the last message that was meant for it
  std::uint64_t matched = 0;  ///< the look in which it was last found

  EndId id() const noexcept { return recipient.id(); }
};

/// All subscribers of a publisher, and who of them wants a topic: looked up by the topic's prefixes of those lengths
/// that anybody asked for, so that those who do not want it cost nothing. What was found is remembered for some topics.
///
/// One thread at a time.
class Audience {
 public:
  Audience() = default;
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  /// Who it is, new or not, wants that from now on; returns what it wanted before.
  Interest set(EndId id, Interest interest);
  void remove(EndId id);
  /// Null where nothing was heard of it.
  Listener* find(EndId id) noexcept;
  /// In the order of their ids.
  const std::map<EndId, std::unique_ptr<Listener>>& all() const noexcept { return listeners_; }

  /// Each once who wants that topic. Until the next change; amortised O(lengths of prefixes + listeners found), O(1)
  /// for a topic that was asked for recently.
  const std::vector<Listener*>& wanting(std::string_view topic);

 private:
  struct HashText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using Listeners = std::vector<Listener*>;
  using ByText = std::unordered_map<std::string, Listeners, HashText, std::equal_to<>>;

  static constexpr std::size_t most_remembered = 1024;  // topics

  void add_prefixes(Listener& listener);
  void take_prefixes(Listener& listener);
  void forget_topics() noexcept;

  std::map<EndId, std::unique_ptr<Listener>> listeners_;
  ByText by_prefix_;
  std::map<std::size_t, std::size_t> lengths_;  // of prefixes, and how many have each
  ByText found_;                                // by topic
  const ByText::value_type* last_ = nullptr;    // in found_
  std::uint64_t looks_ = 0;
};

}  // namespace psyne::inline v0
