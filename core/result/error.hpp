#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// What kind of thing went wrong: what a program branches on. The sentence for people is Error::text().
enum class Code : std::uint8_t {
  would_block,       ///< nothing there, or no room, right now
  timed_out,         ///< the deadline passed; text() names the operation and the peer waited for
  stopped,           ///< a stop token asked for the end of the wait
  cancelled,         ///< somebody cancelled this operation
  closed,            ///< the other side closed; all that it committed has been delivered
  peer_lost,         ///< the kernel says that the other process is gone
  peer_unreachable,  ///< nothing is heard of the other side; it may live
  refused,           ///< the other side answered, and said no
  incompatible,      ///< another version, layout, byte order or message type
  corrupted,         ///< the other side wrote what its protocol does not allow
  invalid_argument,  ///< the call cannot be meant like this
  invalid_state,     ///< the call is not allowed now (a draft is already open, the object was closed or moved from)
  too_large,         ///< larger than the ring, queue or budget allows; text() names the option
  exhausted,         ///< memory, descriptors or another limit of this process ran out
  not_found,         ///< no such name, scheme or option
  in_use,            ///< the name or role is taken by another
  unsupported,       ///< this build or this machine cannot do it
  forked,            ///< the object was opened before fork(); open a new one in the child
  thrown,            ///< code of the program threw an exception; text() has its what()
  system,            ///< another failure of the operating system; text() has its words
};

/// The name of a code as written above.
std::string_view name(Code code) noexcept;

/// One failure: a code for the program, and for people what was tried, with whom, why it failed and what to do.
///
/// A bare code costs no allocation, so that hot paths may return one; details are shared between copies.
/// Thread safety: as a value.
class [[nodiscard]] Error {
 public:
  /// A failure without details; text() says what the code says.
  constexpr Error(Code code) noexcept : code_(code) {}  // NOLINT(google-explicit-constructor): a code is an error
  /// `what`: the thing that failed, beginning a sentence: "cannot open ipc://ticks".
  Error(Code code, std::string what);

  /// With whom: "rank 3 (host b, pid 812)".
  Error&& peer(std::string who) &&;
  /// Why: "its message type is Tick{u64,f64}, ours is Tick{u64}".
  Error&& because(std::string why) &&;
  /// What to do next, a whole sentence: "Rebuild one of them."
  Error&& mend(std::string advice) &&;

  Code code() const noexcept { return code_; }
  std::string_view what() const noexcept;
  std::string_view peer() const noexcept;
  std::string_view reason() const noexcept;
  std::string_view advice() const noexcept;

  /// The whole as one or two sentences: what failed, with whom, why; what to do.
  std::string text() const;

  /// Equal codes; the words are for people.
  friend bool operator==(const Error& error, Code code) noexcept { return error.code_ == code; }
  friend bool operator==(const Error& one, const Error& other) noexcept { return one.code_ == other.code_; }

 private:
  struct Details {
    std::string what, peer, reason, advice;
  };
  Details& own();

  Code code_;
  std::shared_ptr<const Details> details_;
};

/// The words of the operating system for `number` (errno), thread safe: "No space left on device (ENOSPC)".
std::string system_reason(int number);

/// An Error with the code that fits `number` (EMFILE and ENOMEM: exhausted, EACCES: refused, ...) and its words.
Error system_error(int number, std::string what);

}  // namespace psyne::inline v0
