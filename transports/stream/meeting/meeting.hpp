#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/service/life_line.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/meeting/handshake.hpp>

#include <memory>
#include <string>

namespace psyne::inline v0::stream {

/// One handshake over its connection, behind the stream's own where that encrypts: moved when the socket has something,
/// ended when it takes too long. After a refusal the connection stays for a moment, so that the refusal arrives: closed
/// with something unread in it, it would be reset.
///
/// Service thread only.
class Meeting final : private Service::Watcher {
 public:
  /// A peer answers within a round trip unless it is stopped or malicious.
  static constexpr auto patience = std::chrono::seconds(5);
  /// How long a refusal may take to arrive.
  static constexpr auto parting = std::chrono::seconds(1);

  /// Whoever began it.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// It came to nothing. `told`: the host knows already, since the link had been lent to it.
    virtual void missed(const Meeting& meeting, const Error& error, bool told) = 0;
    /// It is over, linked or not: this may and should destroy it.
    virtual void over(Meeting& meeting) = 0;
  };

  /// At the end that connected, for `attendant`, who outlives it; or at the one that listens. `owner` outlives it.
  Meeting(Owner& owner, const Attendant& attendant, const Caller& caller, const MakeLink& make_link);
  Meeting(Owner& owner, Reception& reception, const Caller& caller, const MakeLink& make_link);
  ~Meeting() override;

  /// Begins; it may be over, and gone, when this returns.
  void start();
  /// Ends it because it took too long. Gone when this returns, or waiting for its refusal to arrive.
  void stall();
  /// Ends it because the end that it is for goes; tells the host where the link had been lent to it. To be destroyed
  /// next.
  void abandon();

  Clock::time_point begun() const noexcept { return begun_; }
  /// When stall() is to be called.
  Deadline deadline() const noexcept { return deadline_; }
  bool linked() const noexcept { return state_ == State::linked; }
  bool let_in() const noexcept { return handshake_.let_in(); }
  bool continues() const noexcept { return handshake_.continues(); }
  /// For whom it is; nullptr where that is not known yet, or does not matter any more.
  const Attendant* attendant() const noexcept { return state_ == State::parting ? nullptr : handshake_.attendant(); }
  const std::shared_ptr<LifeLine>& line() const noexcept { return line_; }

 private:
  enum class State : std::uint8_t { talking, parting, linked };

  void ready(int descriptor, std::uint32_t events) noexcept override;
  bool open();
  void hear();
  bool flush();
  void broke_off();
  bool hung_up();
  void fail(const Error& error, bool gone);
  void part();
  Error named(Code code, const char* why) const;

  Owner& owner_;
  const std::string uri_;
  const std::string address_;  // of the peer
  const Clock::time_point begun_ = Clock::now();
  Deadline deadline_ = begun_ + patience;
  State state_ = State::talking;
  std::shared_ptr<LifeLine> line_;
  std::shared_ptr<ByteStream> stream_;
  bool open_ = false;   // stream_ is
  bool waits_ = false;  // for room in the socket
  Handshake handshake_;
};

}  // namespace psyne::inline v0::stream
