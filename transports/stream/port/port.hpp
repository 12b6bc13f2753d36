#pragma once

#include <psyne/core/service/alarm.hpp>
#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/meeting/meeting.hpp>
#include <psyne/transports/stream/meeting/reception.hpp>
#include <psyne/transports/stream/port/socket_file.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace psyne::inline v0::stream {

/// A listening socket, and all who are present at it: one of each side for every name. Who connects says whom he wants.
///
/// Bounded: so many handshakes at once, each for so long; who comes beyond that waits in the kernel's queue, and takes
/// the seat of whoever has not shown for a while that he may come. A stranger costs a descriptor, and no more memory
/// than a hello, until he has proved that he may come. Service thread only.
class Port final : private Service::Watcher, private Meeting::Owner, private Reception {
 public:
  static constexpr std::size_t most_meetings = 64;
  /// A whole round trip around the earth: whoever connected can have shown by then that he may come.
  static constexpr auto grace = std::chrono::milliseconds(250);

  /// `listener`: a socket that listens and does not block; `uri`: what it is called in errors; `tls`: what encrypts, or
  /// nullptr. Errors: exhausted.
  static Result<std::shared_ptr<Port>> open(std::string uri, Descriptor listener, SocketFile file, MakeLink make_link,
                                            std::shared_ptr<const TlsContext> tls = {});
  ~Port() override;

  /// Whether there is one of this side for the name.
  bool has(const std::string& name, Side side) const noexcept;
  /// Lets him be found from now on, until remove(); outlives that. Not while there is another.
  void add(const Attendant& attendant);
  /// No call into its host comes after this.
  void remove(const Attendant& attendant);

  /// What encrypts all connections to it, whomever they are for: that is known only behind it; nullptr where nothing.
  const TlsContext* tls() const noexcept { return tls_.get(); }
  /// The port of an internet address; 0 of a unix socket.
  std::uint16_t number() const noexcept { return number_; }

 private:
  /// One who was let in to an attendant, and is there as long as his connection is.
  struct Visitor {
    std::weak_ptr<LifeLine> line;
    std::uint64_t presence;
    bool exclusive;
  };
  struct Seat {
    const Attendant* attendant;
    std::vector<Visitor> visitors;
  };

  Port(std::string uri, Descriptor listener, SocketFile file, MakeLink make_link,
       std::shared_ptr<const TlsContext> tls);
  void ready(int descriptor, std::uint32_t events) noexcept override;
  void begin(Descriptor socket);
  Deadline make_room();
  void rest(Deadline until);
  void go_on();
  void set_alarm();

  void missed(const Meeting& meeting, const Error& error, bool told) override;
  void over(Meeting& meeting) override;

  const std::string& uri() const override { return uri_; }
  Result<const Attendant*> find(const Hello& hello) override;
  Result<void> let_in(const Attendant& attendant, const Hello& hello, const Caller& caller) override;
  Seat* seat_of(const Attendant* attendant) noexcept;

  const std::string uri_;
  const std::unique_ptr<LifeLine> listener_;
  const SocketFile file_;
  const MakeLink make_link_;
  const std::shared_ptr<const TlsContext> tls_;
  std::uint16_t number_ = 0;
  std::unique_ptr<Alarm> alarm_;
  bool resting_ = false;  // comers wait in the kernel's queue
  bool full_ = false;     // it rests for want of a seat: until one is free, or can be made free
  Deadline rests_until_ = no_deadline;
  std::vector<Seat> seats_;
  std::vector<std::unique_ptr<Meeting>> meetings_;  // in the order in which they began
};

}  // namespace psyne::inline v0::stream
