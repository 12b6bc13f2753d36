#pragma once

#include <psyne/core/channel/wait.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/wait_set/waitable.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace psyne::inline v0 {

/// One thread waits for many: receivers of any transport, pullers, pairs, subscribers, responders, respondents; senders
/// until they have room; and descriptors of the program.
///
///   add, remove, size      any thread, at any time
///   wait                   one thread at a time: the one that receives from the members
///
///   while (auto ready = set.wait(stop)) {
///     for (const auto& [member, events] : *ready) {
///       if (member == ticks) while (auto tick = receiver.try_receive()) use(*tick);
///
/// A member is reported as long as it has something, and once in each answer; so whoever handles one answer after the
/// other keeps nobody out, however much another has. It may be reported in vain: try_receive() says would_block then.
/// A member that has ended, or lost a peer, is reported as well, for receiving from it says so; one that has ended in
/// every answer, until it is removed.
///
/// Members may be moved, and leave the set when they go. After remove() returned, the set does not touch the member
/// any more, though another thread waits; an answer that it was given before may still name it.
///
/// Sleeping costs an idle member nothing: it stays announced until it has something. So an answer takes time for the
/// members that had something lately, a load for each other, and one epoll_wait where all were idle.
/// A member over a socket is read by the thread that waits. There is no thread behind this.
class WaitSet {
 public:
  enum class Member : std::uint64_t {};

  struct Ready {
    Member member{};
    short events = 0;  ///< of a descriptor: those of poll() that came, POLLNVAL when it was closed. Else 0
  };

  /// `patience`: how long a waiting thread looks at members that had something lately, before it sleeps.
  static Result<WaitSet> make(const Patience& patience = {});

  /// Errors: invalid_state (moved from, asynchronous receives pending), in_use (it is in a set), forked, exhausted.
  template <class Channel>
    requires requires(Channel& channel) {
      { channel.wait_set_entry() } -> std::same_as<Result<WaitSetEntry>>;
    }
  Result<Member> add(Channel& channel) {
    return add_entry(channel.wait_set_entry());
  }
  /// A sender: ready when a message of that many bytes finds room, or never will (the sender was closed, its receivers
  /// died). With delivery=routed, room at one receiver is not room at another: unsupported. While asynchronous sends
  /// wait for room: would_block.
  template <class Channel>
    requires requires(Channel& channel) {
      { channel.wait_set_entry(std::size_t{}) } -> std::same_as<Result<WaitSetEntry>>;
    }
  Result<Member> add(Channel& sender, std::size_t bytes) {
    return add_entry(sender.wait_set_entry(bytes));
  }
  /// A descriptor that poll() works with, and the events as those of poll(): POLLIN, POLLOUT, ... Stays the program's.
  /// Errors: in_use (it is in this set), invalid_argument (it is closed, or a file that is always ready).
  Result<Member> add(int descriptor, short events);

  /// not_found, where it has left already.
  Result<void> remove(Member member);
  std::size_t size() const;

  /// Those that have something; waits until there is one, as long as `wait` allows. Valid until the next call. Errors:
  /// timed_out, stopped, invalid_state (another thread waits, moved from), forked.
  Result<std::span<const Ready>> wait(const Wait& wait = {});

  WaitSet(WaitSet&&) noexcept = default;
  WaitSet& operator=(WaitSet&&) noexcept = default;
  ~WaitSet();

 private:
  class State;
  explicit WaitSet(std::shared_ptr<State> state) noexcept;
  Result<Member> add_entry(Result<WaitSetEntry> entry);

  std::shared_ptr<State> state_;
};

}  // namespace psyne::inline v0
