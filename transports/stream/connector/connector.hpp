#pragma once

#include <psyne/core/service/alarm.hpp>
#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/connector/hang_up.hpp>
#include <psyne/transports/stream/connector/pause.hpp>
#include <psyne/transports/stream/meeting/meeting.hpp>
#include <psyne/transports/stream/place/place.hpp>
#include <psyne/transports/stream/place/resolution.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace psyne::inline v0::stream {

/// The end that connects: to the first address of its place where somebody listens, and again, after ever longer
/// pauses, whenever nobody did, whoever did refused, or the link it had has ended. It has one connection at a time.
/// Never gives up, for whoever listens there may be another one by then. Service thread only.
class Connector final : private Service::Watcher, private Meeting::Owner {
 public:
  /// The longest pauses: where nobody listens; after a refusal whose reason may pass by itself; after any other.
  static constexpr auto nobody = std::chrono::milliseconds(1000);
  static constexpr auto passing = std::chrono::milliseconds(5000);
  static constexpr auto lasting = std::chrono::milliseconds(30'000);
  /// A link that lived longer was no failure: the next try comes soon.
  static constexpr auto good_life = std::chrono::seconds(5);

  /// `attendant` outlives it. Errors: exhausted, not_found (the interface).
  static Result<std::unique_ptr<Connector>> start(const Place& place, const Attendant& attendant, MakeLink make_link);
  ~Connector() override;

 private:
  Connector(const Place& place, const Attendant& attendant, MakeLink make_link);
  void ready(int descriptor, std::uint32_t events) noexcept override;
  void missed(const Meeting& meeting, const Error& error, bool told) override;
  void over(Meeting& meeting) override;

  void go_on();
  void set_alarm();
  void try_now();
  void look_up();
  void connect_next();
  Result<Descriptor> socket_for(const SocketAddress& address) const;
  void connected();
  void not_this_one(int number);
  void try_later(std::chrono::nanoseconds longest_pause);
  std::shared_ptr<LifeLine> line_of(std::unique_ptr<LifeLine> socket);
  void ended(std::uint64_t connection);
  void tell(const Error& error);

  const Place place_;
  const Attendant& attendant_;
  const MakeLink make_link_;
  std::vector<SocketAddress> from_;  // where to connect from; empty: wherever
  Pause pause_;
  std::string told_;  // the last error that the host heard of
  std::unique_ptr<Alarm> alarm_;
  std::unique_ptr<HangUp> hang_up_;

  Deadline next_try_ = no_deadline;
  std::unique_ptr<Resolution> resolution_;  // under way
  std::vector<SocketAddress> addresses_;    // of this try, of which
  std::size_t address_ = 0;                 // this one is being connected
  std::unique_ptr<LifeLine> connecting_;    // until it is
  Deadline connect_by_ = no_deadline;
  std::unique_ptr<Meeting> meeting_;
  Clock::time_point linked_at_;
  std::uint64_t connection_ = 0;       // the last one, counted from 1
  std::uint64_t linked_ = 0;           // the one that has become a link, until it has ended
  std::shared_ptr<Connector*> alive_;  // for those who outlive it
};

}  // namespace psyne::inline v0::stream
