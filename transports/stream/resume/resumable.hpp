#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/resume/standing.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace psyne::inline v0::stream {

class Session;

/// A link that can go on by another connection. All members on the service thread.
class Resumable {
 public:
  virtual ~Resumable() = default;
  /// From its start on it outlives each connection by `patience`; until it ends it is what `session` names.
  virtual void outlive(std::shared_ptr<Session> session, std::chrono::nanoseconds patience) = 0;
  /// Whether it is live, with a connection or without.
  virtual bool goes_on() const noexcept = 0;
  /// Gives up the connection that it has, having read what is there, and says how far it is. Nothing where it has
  /// ended, perhaps by what was read.
  virtual std::optional<Standing> stand() = 0;
  /// Goes on by that connection, which is open; `first` leaves before all else. After stand(). Errors: closed, where it
  /// has ended; corrupted, where `theirs` cannot be, and then it ends; exhausted.
  virtual Result<void> resume(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream,
                              const Standing& theirs, std::vector<std::byte> first) = 0;
  /// The other end does not go on: ends it, where it has no connection.
  virtual void give_up() = 0;
  /// The same, and it said so: see Link::refusal.
  virtual void refused(std::string why) = 0;
  /// Nobody can come back for it any more: it ends with its connection.
  virtual void retire() = 0;
};

}  // namespace psyne::inline v0::stream
