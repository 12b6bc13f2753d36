#pragma once

#include <psyne/core/channel/asynchronous/driven_queue.hpp>
#include <psyne/core/channel/asynchronous/send_operation.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/completion/completion.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/core/timer/timer_heap.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace psyne::inline v0 {

/// The asynchronous sends of one sender: those that wait for room (pending), and those whose message is sent and whose
/// payload is read from the program's memory still (under way).
///
///   send, reclaim, close                  the sender's thread
///   withdraw, limit_reached, let_go       any thread
///   returned                              inside the sender's gate
///
/// Who looks after them says DrivenQueue; while some wait, who holds its lock is the owner of the sender's gate.
///
/// Sends come in streams, and to announce a sleep, which takes a barrier through all CPUs and system calls, after each
/// of them would cost more than sending. So what nobody drives is left to a timer first: the service thread comes by
/// after 20 us, then less and less often, and announces once it finds that nobody has been here since it looked last.
///
/// A send ends under the lock: of a place in the ring, a cancellation, a stop, a deadline and the end of the sender
/// exactly one ends it. One that is under way is sent already: whatever would end it early takes its memory back, by a
/// copy into the ring, and it succeeds. The queue holds no reference to its operations, so that it hears when nobody
/// does: then the program's memory is copied, and the message goes all the same.
template <class Records>
class SendQueue final : public DrivenQueue<SendQueue<Records>, SendOperation<Records>>, private Work {
  using Base = DrivenQueue<SendQueue, SendOperation<Records>>;

 public:
  using State = SenderState<Records>;
  using Operation = SendOperation<Records>;

  /// Errors: exhausted.
  static Result<std::shared_ptr<SendQueue>> make(State& state) {
    auto service = Service::with_callbacks();
    if (!service) return service.error();
    return std::shared_ptr<SendQueue>(new SendQueue(**service, state));
  }

  /// Another one at the end; takes over its first reference.
  Completion<void> send(Operation& operation, const Wait& wait) {
    Completion<void> completion(&operation);
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      lent_ = true;
      pending_.push(operation);
      put_pending(ended);
      if (operation.stage_ == Stage::pending) find_no_room(operation, ended);
      leave();
    }
    tell(ended);
    if (!completion.test()) operation.set(this->service(), wait.deadline, wait.stop);
    return completion;
  }

  /// Takes the lanes back, for who sends otherwise: what is pending goes first, and the memory of what is under way is
  /// its owner's again. Errors: those of waiting for room; would_block, where there is no `wait`.
  Result<void> reclaim(const Wait* wait) {
    for (;;) {
      Operation* last = nullptr;
      bool idle = false;
      Ended ended;
      {
        const std::lock_guard lock(mutex_);
        serve(ended);
        idle = pending_.empty();
        if (idle) {
          recall_all(ended);
          leave_lanes();
        } else if (wait != nullptr) {
          last = pending_.last();
          if (!refer_to(*last)) last = nullptr;
        }
      }
      tell(ended);
      if (idle) {
        this->wait_for_driver();
        return {};
      }
      if (wait == nullptr) return Error(Code::would_block, what_).because("asynchronous sends wait for room before it");
      if (last == nullptr) {
        std::this_thread::yield();  // its last reference is on its way
        continue;
      }
      const WaitEnd end = this->wait(*last, wait->deadline, wait->stop);
      last->release();
      if (end != WaitEnd::ready) return no_room(*wait);
    }
  }

  /// The sender goes: waits so long for what is pending to be sent. What is left ends with Code::closed, and nobody
  /// looks at the lanes any more.
  void close(const Wait& wait) {
    static_cast<void>(reclaim(&wait));
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      end_all(Error(Code::closed, what_).because("its sender has closed"), ended);
      recall_all(ended);
      leave_lanes();
      closed_ = true;
    }
    this->unwatch();
    // A look that is under way, and did not see this yet, may set the timer once more while the first waits for it.
    closing_.store(true, std::memory_order_release);
    for (int times = 0; times < 2; ++times) static_cast<void>(this->service().cancel(timer_));
    tell(ended);
    this->wait_for_driver();
  }

  template <class MakeError>
  void withdraw(Operation& operation, const MakeError& error) noexcept {
    if (this->forked()) return;
    Ended ended;
    {
      const std::lock_guard lock(mutex_);
      if (operation.stage_ == Stage::pending) {
        pending_.remove(operation);
        end(operation, error(), ended);
      } else if (operation.stage_ == Stage::under_way) {
        recall(operation, ended);
      }
      serve(ended);
      leave();
    }
    tell(ended);
  }
  void limit_reached(Operation& operation) noexcept {
    withdraw(operation, [&] {
      const Error reached = operation.OperationLimit::error(what_);
      return reached == Code::timed_out ? no_room_now(Wait(Deadline::min())).error() : reached;
    });
  }

  /// Nobody refers to it any more.
  void let_go(Operation& operation) noexcept {
    if (this->forked()) return;
    const auto own = this->shared_from_this();  // the operation's may be the last but this
    Ended ended;
    bool over = false;
    {
      const std::lock_guard lock(mutex_);
      over = operation.stage_ == Stage::ended;
      if (!over) {
        operation.forsaken_ = true;
        operation.stage_ == Stage::pending ? operation.keep_payload() : recall(operation, ended);
      }
    }
    tell(ended);
    if (over) destroy(operation, operation.untold_);
  }

  /// Its memory is not read any more.
  void returned(Operation& operation) noexcept { returned_.push(operation); }

 private:
  friend Base;
  using Stage = typename Operation::Stage;
  using Ended = typename Base::Ended;
  using Base::bell;
  using Base::closed_;
  using Base::lent_;
  using Base::mutex_;
  using Base::what_;

  static constexpr std::chrono::microseconds first_look{20};
  static constexpr std::chrono::microseconds last_look{1600};

  SendQueue(Service& service, State& state)
      : Base(service, state.end().bell(), "cannot send on " + state.end().uri(), state.end().settings().patience),
        Work([](Work& self) noexcept { static_cast<SendQueue&>(self).look_after(); }),
        state_(&state),
        timer_(static_cast<Work&>(*this), service.executor()) {}

  // All below, save tell, destroy, no_room and look_after: under the lock.

  bool waits() const noexcept { return !pending_.empty() || !under_way_.empty(); }
  bool waits(const Operation& operation) const noexcept { return operation.stage_ != Stage::ended; }

  void serve(Ended& ended) {
    if (!lent_) return;
    state_->gate().enter();
    look();
    static_cast<void>(state_->gate().leave());
    put_pending(ended);
  }

  // Looks for credit only where there is no room: what gathers would leave with it.
  void put_pending(Ended& ended) {
    ++turns_;
    awake();
    do {
      state_->gate().enter();
      while (Operation* first = pending_.first()) {
        std::byte* place = state_->try_room(first->bytes());
        if (place == nullptr) break;
        pending_.remove(*first);
        first->put(*state_, place);
        if (first->lent()) {
          first->stage_ = Stage::under_way;
          under_way_.push(*first);
        } else {
          end(*first, {}, ended);
        }
      }
      take_returned(ended);
    } while (state_->gate().leave());  // visitors may have returned some as well
  }

  // Inside the gate.
  void look() {
    if ((++looks_ & 255U) == 0) state_->end().drop_lost_receivers();
    if (!under_way_.empty()) state_->look_for_credit();
  }
  void take_returned(Ended& ended) noexcept {
    while (Operation* operation = returned_.pop()) {
      under_way_.remove(*operation);
      end(*operation, {}, ended);
    }
  }

  // The ring is full: what when_full drops is dropped.
  void find_no_room(Operation& operation, Ended& ended) {
    state_->gate().enter();
    const auto room = state_->room_at_once(operation.bytes());
    if (room.place != nullptr) {
      pending_.remove(operation);
      if (!room.dropped) operation.put(*state_, room.place);
      end(operation, {}, ended);
    }
    static_cast<void>(state_->gate().leave());
  }

  // A driver goes on, or else the service thread comes.
  void leave() {
    if (!lent_) return;
    if (this->driven()) return bell().ring();
    if (!waits()) return leave_lanes();
    if (std::exchange(called_, true)) return;
    pause_ = first_look;
    this->service().start(timer_, Clock::now() + pause_);
  }
  void serve_and_leave(Ended& ended) {
    serve(ended);
    leave();
  }
  void leave_lanes() {
    if (!lent_) return;
    awake();
    lent_ = false;
  }

  // On the service thread.
  void look_after() noexcept {
    Ended ended;
    {
      const std::unique_lock lock(mutex_, std::try_to_lock);
      if (!lock) {  // somebody is here
        if (!closing_.load(std::memory_order_acquire)) this->service().start(timer_, Clock::now() + last_look);
        return;
      }
      if (closed_) return;
      if (std::exchange(seen_, turns_) != turns_ || this->driven()) {
        pause_ = std::min<std::chrono::nanoseconds>(2 * pause_, last_look);
        return this->service().start(timer_, Clock::now() + pause_);
      }
      called_ = false;
      if (!waits()) return;
      this->rest_on_service(ended);
      seen_ = turns_;
    }
    tell(ended);
  }

  bool announce(Ended& ended) {
    state_->gate().enter();
    state_->announce_sleep();
    announced_ = true;
    state_->end().drop_lost_receivers();
    look();
    const bool waits_for_room = !pending_.empty();
    bool something = waits_for_room && state_->try_room(pending_.first()->bytes()) != nullptr;
    Result<void> may_wait;
    if (waits_for_room && !something) may_wait = state_->end().may_wait(Wait(), "send on");
    take_returned(ended);
    // As in SenderEnd::sleep: what is done here after the look may have been what is waited for.
    something = state_->gate().leave() || something || !may_wait || !waits();
    if (!something) return true;
    awake();
    if (!may_wait) end_all(may_wait.error(), ended);
    return false;
  }
  void announced() noexcept {}
  void awake() {
    if (!std::exchange(announced_, false)) return;
    state_->gate().enter();
    state_->end_sleep();
    static_cast<void>(state_->gate().leave());
  }

  void recall(Operation& operation, Ended& ended) {
    state_->gate().enter();
    if (operation.lent()) operation.lender_->recall(operation);
    take_returned(ended);
    static_cast<void>(state_->gate().leave());
  }
  void recall_all(Ended& ended) {
    while (Operation* first = under_way_.first()) recall(*first, ended);
  }

  // What is pending ends so.
  void end_all(const Error& error, Ended& ended) {
    while (Operation* operation = pending_.pop()) end(*operation, error, ended);
  }

  void end(Operation& operation, Result<void> outcome, Ended& ended) noexcept {
    operation.stage_ = Stage::ended;
    operation.settle(std::move(outcome));
    // Whose last reference has gone already, or goes now: then who lets it go finds that it has ended.
    if (operation.forsaken_ || operation.try_retain()) return ended.push(operation);
    operation.untold_ = true;
  }

  bool refer_to(Operation& operation) noexcept {
    if (!std::exchange(operation.forsaken_, false)) return operation.try_retain();
    operation.retain();
    return true;
  }

  // Without the lock: subscribers are called. In the end this may be gone with the last operation.
  void tell(Ended& ended) noexcept {
    while (Operation* operation = ended.pop()) {
      if (operation->forsaken_) {
        destroy(*operation, true);
      } else {
        operation->clear();
        operation->tell();
        operation->release();
      }
    }
  }
  static void destroy(Operation& operation, bool watched) noexcept {
    if (watched) operation.clear();
    delete &operation;
  }

  Error no_room(const Wait& wait) {
    const std::lock_guard lock(mutex_);
    return no_room_now(wait).error();
  }
  Result<void> no_room_now(const Wait& wait) {
    state_->gate().enter();
    auto why = state_->end().may_wait(wait, "send on");
    static_cast<void>(state_->gate().leave());
    return why ? Result<void>(Code::timed_out) : why;
  }

  State* const state_;  // until closed_
  Timer timer_;
  std::atomic<bool> closing_{false};

  // Under the lock.
  OperationList<Operation> pending_;
  OperationList<Operation> under_way_;
  std::uint32_t turns_ = 0;  // how often somebody was here
  std::uint32_t looks_ = 0;
  bool announced_ = false;  // that somebody sleeps
  bool called_ = false;     // the service thread comes by
  std::uint32_t seen_ = 0;  // of turns_, by the service thread
  std::chrono::nanoseconds pause_ = first_look;

  EndedOperations<Operation> returned_;  // inside the gate
};

}  // namespace psyne::inline v0
