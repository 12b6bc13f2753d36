#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// A record whose payload lies outside of its ring, in memory that somebody lends: wires carry it from there.
class LentRecord {
 public:
  LentRecord() noexcept = default;
  virtual ~LentRecord() = default;
  LentRecord(const LentRecord&) = delete;
  LentRecord& operator=(const LentRecord&) = delete;

  bool lent() const noexcept { return lent_; }
  std::span<const std::byte> payload() const noexcept { return payload_; }
  /// Where in the lane the payload begins, and where the next record does.
  std::uint64_t place() const noexcept { return place_; }
  std::uint64_t next() const noexcept { return next_; }
  const LentRecord* earlier() const noexcept { return earlier_; }
  const LentRecord* later() const noexcept { return later_; }

 private:
  friend class LentRecords;
  /// Its memory is not read any more; the record may go. By the producer's thread, within any call of its LaneWriter.
  virtual void returned() noexcept = 0;

  std::span<const std::byte> payload_;
  std::uint64_t place_ = 0;
  std::uint64_t next_ = 0;
  LentRecord* earlier_ = nullptr;
  LentRecord* later_ = nullptr;
  bool lent_ = false;
};

/// The lent records of a lane, oldest first, linked through themselves. By the producer's thread only.
class LentRecords {
 public:
  bool empty() const noexcept { return oldest_ == nullptr; }
  LentRecord* oldest() const noexcept { return oldest_; }
  const LentRecord* newest() const noexcept { return newest_; }

  /// It is the lane's last one.
  void push(LentRecord& record, std::span<const std::byte> payload, std::uint64_t place, std::uint64_t next) noexcept {
    record.payload_ = payload;
    record.place_ = place;
    record.next_ = next;
    record.earlier_ = newest_;
    record.later_ = nullptr;
    record.lent_ = true;
    (newest_ != nullptr ? newest_->later_ : oldest_) = &record;
    newest_ = &record;
  }
  /// Tells it so as well: it may be gone afterwards.
  void remove(LentRecord& record) noexcept {
    (record.earlier_ != nullptr ? record.earlier_->later_ : oldest_) = record.later_;
    (record.later_ != nullptr ? record.later_->earlier_ : newest_) = record.earlier_;
    record.lent_ = false;
    record.returned();
  }

  /// The first that does not end before `position`, or null. O(those behind it).
  const LentRecord* from(std::uint64_t position) const noexcept {
    const LentRecord* found = nullptr;
    for (const LentRecord* one = newest_; one != nullptr && one->next_ > position; one = one->earlier_) found = one;
    return found;
  }

 private:
  LentRecord* oldest_ = nullptr;
  LentRecord* newest_ = nullptr;
};

}  // namespace psyne::inline v0
