#pragma once

namespace psyne::inline v0 {

/// Told by a thread that it is about to sleep and that it runs again, so that a worker pool can let a spare worker take
/// the CPU meanwhile. Every sleep of psyne goes through Parker, EventCount or Bell, and these tell; spinning is not
/// told.
///
/// Both calls come on the sleeping thread, in pairs, and must neither sleep themselves nor wake the structure slept on.
class BlockingObserver {
 public:
  virtual ~BlockingObserver() = default;
  virtual void blocking() noexcept = 0;
  virtual void resumed() noexcept = 0;

  /// The calling thread's observer, null when it has none, as every thread has at first.
  static BlockingObserver* current() noexcept;
};

/// Makes `observer` the calling thread's own until the end of the scope; then the one before is in place again.
/// Null hides the sleeps of this scope. Does not own the observer.
class ObserveBlocking {
 public:
  explicit ObserveBlocking(BlockingObserver* observer) noexcept;
  ~ObserveBlocking();
  ObserveBlocking(const ObserveBlocking&) = delete;
  ObserveBlocking& operator=(const ObserveBlocking&) = delete;

 private:
  BlockingObserver* before_;
};

/// Stands around one real sleep.
class Blocking {
 public:
  Blocking() noexcept : observer_(BlockingObserver::current()) {
    if (observer_ != nullptr) observer_->blocking();
  }
  ~Blocking() {
    if (observer_ != nullptr) observer_->resumed();
  }
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;

 private:
  BlockingObserver* observer_;
};

}  // namespace psyne::inline v0
