#pragma once

#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/task/task.hpp>
#include <psyne/patterns/publication/interest_sender.hpp>
#include <psyne/patterns/publication/known_publishers.hpp>
#include <psyne/patterns/publication/publication_options.hpp>
#include <psyne/patterns/publication/published.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Both channels of a subscriber: what all ways to receive have in common. Of whoever receives: the subscriber's
/// thread, the callback's, or the task's.
template <class T>
class SubscriberState {
 public:
  using Record = Publication<T>;

  SubscriberState(Receiver<Record> messages, std::unique_ptr<InterestSender> interests, std::string uri,
                  bool wait_for_publishers)
      : what_("cannot receive from " + std::move(uri)),
        wait_for_publishers_(wait_for_publishers),
        interests_(std::move(interests)),
        messages_(std::move(messages)) {}

  Receiver<Record>& messages() noexcept { return messages_; }
  InterestSender& interests() noexcept { return *interests_; }
  const SubscriberCounters& counters() const noexcept { return counters_; }
  bool waits_for_publishers() const noexcept { return wait_for_publishers_; }

  /// Whether it is one for the program, and how many messages were `missed` before it; else take() says what it is.
  bool count(const Received<Record>& message, std::uint64_t& missed) {
    if (!message || !message->header().holds_value()) [[unlikely]]
      return false;
    missed = publishers_.count(message.sender(), message->header());
    if (missed == KnownPublishers::nonsense) [[unlikely]]
      return false;
    counters_.missed += missed;
    ++counters_.received;
    return true;
  }
  /// What the program is given for what came; nothing, where that was between the two sides.
  std::optional<Published<T>> take(Received<Record> message) {
    std::uint64_t missed = 0;
    if (count(message, missed)) return Published<T>(std::move(message), missed);
    return take_other(std::move(message));
  }
  /// The same, for what count() does not count.
  std::optional<Published<T>> take_other(Received<Record> message) {
    if (!message) {
      if (auto error = fail(message.error())) return *std::move(error);
      return std::nullopt;
    }
    const PublicationHeader& header = message->header();
    if (header.kind == PublicationKind::greeting) {
      static_cast<void>(interests_->tell());  // where it fails, publishers are asked again
      return std::nullopt;
    }
    if (header.holds_value()) return corrupted(message.who());
    const std::uint64_t missed = publishers_.count(message.sender(), header);
    if (missed == KnownPublishers::nonsense) return corrupted(message.who());
    counters_.missed += missed;
    return std::nullopt;
  }

  /// Before anything is waited for: an error when nobody is left.
  bool may_be_over() const noexcept { return somebody_went_ && !wait_for_publishers_; }
  std::optional<Error> over() {
    if (publishers() != 0) {
      somebody_went_ = false;
      return std::nullopt;
    }
    return Error(Code::closed, what_).because("all its publishers have gone, and all was delivered");
  }
  /// Publishers from which something may come.
  std::size_t publishers() const {
    const auto gone = std::ranges::count_if(broke_off_, [this](EndId id) { return messages_.has_sender(id); });
    return messages_.senders() - static_cast<std::size_t>(gone);
  }

 private:
  // What the program is told of it, if anything.
  std::optional<Error> fail(Error error) {
    switch (error.code()) {
      case Code::would_block:
      case Code::timed_out:
      case Code::stopped:
      case Code::cancelled:
      case Code::invalid_state:
      case Code::exhausted:
      case Code::forked: return error;
      default: break;
    }
    somebody_went_ = true;
    const auto broke_off = publishers_.forget_gone([this](EndId id) { return messages_.has_sender(id); });
    if (error != Code::closed) return error;
    if (broke_off.empty()) return may_be_over() ? over() : std::nullopt;
    broke_off_.insert(broke_off_.end(), broke_off.begin(), broke_off.end());
    return Error(Code::refused, what_)
        .peer(std::string(error.peer()))
        .because("it ended this subscription: messages were not taken in time")
        .mend("Take them faster, raise the publisher's capacity_bytes, or have it drop messages; then open anew.");
  }

  Error corrupted(std::string who) const {
    return Error(Code::corrupted, what_).peer(std::move(who)).because("it numbers its messages as no publisher does");
  }

  const std::string what_;
  const bool wait_for_publishers_;
  const std::unique_ptr<InterestSender> interests_;
  KnownPublishers publishers_;
  std::vector<EndId> broke_off_;  // they ended this subscription: their lanes may come again, and stay silent
  bool somebody_went_ = false;
  SubscriberCounters counters_;
  Receiver<Record> messages_;  // goes first: its subscription uses all the others
};

}  // namespace psyne::inline v0
