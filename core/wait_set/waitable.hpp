#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace psyne::inline v0 {

/// A member of a WaitSet, seen by the set: what may be waited for beside others. Each call comes under the set's lock,
/// from the thread that waits, or from one that adds or removes.
class Waitable {
 public:
  virtual ~Waitable() = default;

  /// Becomes readable (poll, epoll) when there may be something, after arm() said true.
  virtual int descriptor() const noexcept = 0;
  /// Whether its owner has something to do now. Takes nothing; may say so in vain. While it is not armed.
  virtual bool ready() = 0;
  /// Tells its peers that somebody sleeps. False when there is something now: then nobody was told.
  virtual bool arm() = 0;
  /// Also false once its owner has ended that by a call of his.
  virtual bool armed() const noexcept = 0;
  virtual void disarm() = 0;
  /// Whether it may stay armed while nobody waits.
  virtual bool stays_armed() const noexcept = 0;
};

/// A set, seen by its members.
class WaitSetMembers {
 public:
  virtual ~WaitSetMembers() = default;
  virtual void leave(std::uint64_t number) noexcept = 0;
  virtual bool has(std::uint64_t number) const noexcept = 0;
};

/// What a member keeps of its set: it leaves it when it goes, in which it may be beaten by the set.
class WaitSetMembership {
 public:
  WaitSetMembership() = default;
  ~WaitSetMembership() { leave(); }
  WaitSetMembership(const WaitSetMembership&) = delete;
  WaitSetMembership& operator=(const WaitSetMembership&) = delete;

  void join(std::weak_ptr<WaitSetMembers> set, std::uint64_t number) noexcept {
    set_ = std::move(set);
    number_ = number;
  }
  /// Afterwards the set touches this member no more.
  void leave() noexcept {
    if (const auto set = set_.lock()) set->leave(number_);
  }
  bool joined() const noexcept {
    const auto set = set_.lock();
    return set && set->has(number_);
  }

 private:
  std::weak_ptr<WaitSetMembers> set_;
  std::uint64_t number_ = 0;
};

/// What WaitSet::add is given of a member.
struct WaitSetEntry {
  std::unique_ptr<Waitable> waitable;
  WaitSetMembership* membership;
};

}  // namespace psyne::inline v0
