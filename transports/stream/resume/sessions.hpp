#pragma once

#include <psyne/transports/stream/resume/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace psyne::inline v0::stream {

/// The sessions of one who is present at an address. Service thread only.
class Sessions {
 public:
  /// Sessions that were refused and are kept to say why, the latest ones. Their links take no memory any more.
  static constexpr std::ptrdiff_t most_refused = 64;

  /// One for that link, which outlives its connections by `patience` from now on.
  void begin(std::shared_ptr<Session> session, std::chrono::nanoseconds patience);
  /// Who is that presence, and connects to here, begins anew: what links it had it has no more.
  void end_with(std::uint64_t peer);
  /// One whose link goes on, or that was refused, or nullptr.
  std::shared_ptr<Session> find(const Session::Id& id);
  /// Any whose link goes on: where it is the end that connects, and so has one link at a time.
  std::shared_ptr<Session> any();
  /// Nobody can come back here any more: links without a connection end.
  void close();

 private:
  void forget_ended();

  std::vector<std::shared_ptr<Session>> all_;
};

}  // namespace psyne::inline v0::stream
