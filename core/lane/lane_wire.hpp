#pragma once

#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

class LentRecord;

/// How the writer of a lane reaches what it cannot reach by loads and stores: the seam between lanes and links.
class LaneWire {
 public:
  virtual ~LaneWire() = default;
  /// The sleeping other end is to look again.
  virtual void wake() noexcept = 0;
  /// Not mapped: carries the records from the last flush to `position` over; the consumer then sees them.
  virtual void flush(std::uint64_t position) noexcept { static_cast<void>(position); }
  /// Not mapped: whether it carries payloads from outside of the ring.
  virtual bool lends() const noexcept { return false; }
  /// And whether it would post one of that many bytes now, rather than have it gather with others.
  virtual bool posts(std::uint64_t bytes) const noexcept {
    static_cast<void>(bytes);
    return true;
  }
  /// As flush(), where posts() said so of the last record, which is lent. What is lent may be read where it lies until
  /// taken_back().
  virtual void flush_lent(std::uint64_t position) noexcept { flush(position); }
  /// The payload of `lent` is not read any more when this returns, but `place` in the ring: it is filled, or what is
  /// read there does not matter any more. The record is about to be none of the lane's, or this reader is.
  virtual void taken_back(const LentRecord& lent, const std::byte* place) noexcept {
    static_cast<void>(lent);
    static_cast<void>(place);
  }
  /// Not mapped: the consumer's cursor as far as it came back. Where that is before `needed`, the consumer is asked to
  /// tell it at once when it gets there.
  virtual std::uint64_t credit(std::uint64_t needed) noexcept {
    static_cast<void>(needed);
    return 0;
  }
  /// Not mapped: what is before may have been handed to the program; nobody can know whether it was.
  virtual std::uint64_t reached() noexcept { return 0; }
};

}  // namespace psyne::inline v0
