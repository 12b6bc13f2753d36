#include <psyne/core/channel/asynchronous/subscription_state.hpp>
#include <psyne/core/process/own_thread.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr int messages_in_turn = 64;

}  // namespace

SubscriptionState::SubscriptionState(Service& service, const Bell& bell, SubscriptionOptions options, std::string what)
    : BellWatch(service, bell),
      Work([](Work& self) noexcept { static_cast<SubscriptionState&>(self).run_turn(); }),
      options_(std::move(options)),
      what_(std::move(what)),
      last_(Error(Code::stopped, what_).because("its subscription was stopped")) {}

// Joined by stop(), unless that came from the thread itself.
SubscriptionState::~SubscriptionState() {
  if (thread_.joinable()) thread_.detach();
}

Result<void> SubscriptionState::start() {
  if (options_.executor != nullptr) {
    posted_ = true;
    post();
    return {};
  }
  Result<void> started;
  {
    const std::lock_guard lock(mutex_);  // keeps the thread until thread_ is set
    auto thread = start_own_thread("psyne-messages", [this] { run_thread(); });
    if (thread) {
      retain();
      thread_ = std::move(*thread);
      return {};
    }
    stopping_ = over_ = true;
    started = thread.error();
  }
  give_back();
  complete(Result<void>(started));
  return started;
}

void SubscriptionState::stop() noexcept {
  if (epoch_ != fork_epoch()) return;  // neither the thread nor the turn are in this process
  source_.request_stop();
  const std::thread::id here = std::this_thread::get_id();
  bool ours = false;
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (turn_of_ == here) return;
    ours = turn_of_ == std::thread::id() && !over_;
    if (ours) turn_of_ = here;
    if (thread_.get_id() != here) std::swap(thread, thread_);
  }
  if (ours) end();
  is_over_.await([this] {
    const std::lock_guard lock(mutex_);
    return over_;
  });
  if (thread.joinable()) thread.join();
}

void SubscriptionState::receiver_goes() noexcept {
  stop();
  {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    gone_ = true;  // from within the callback: the turn is this thread's
  }
  unwatch();
}

// Does not wait: the turn that is under way, or else one that is posted for it, ends it.
void SubscriptionState::cancel_requested(StopReason reason, std::string text) {
  source_.request_stop(reason, std::move(text));
  if (options_.executor != nullptr) rung();
}

void SubscriptionState::rung() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || posted_ || turn_of_ != std::thread::id()) return;
    posted_ = true;
  }
  post();
}

void SubscriptionState::post() noexcept {
  retain();
  options_.executor->post(*this);
}

void SubscriptionState::run_turn() noexcept {
  if (begin_turn()) {
    awake();
    Turn how = Turn::more;
    for (int i = 0; i < messages_in_turn && how == Turn::more; ++i) how = step(nullptr);
    end_turn(how);
  }
  release();
}

void SubscriptionState::run_thread() noexcept {
  if (begin_turn()) {
    const Wait until_stopped(source_.token());
    while (step(&until_stopped) != Turn::over) {
    }
    end_turn(Turn::over);
  }
  release();
}

bool SubscriptionState::begin_turn() noexcept {
  const std::lock_guard lock(mutex_);
  posted_ = false;
  if (stopping_) return false;  // who stopped it has ended it, or is about to
  turn_of_ = std::this_thread::get_id();
  return true;
}

SubscriptionState::Turn SubscriptionState::step(const Wait* wait) noexcept {
  if (source_.stop_requested()) return Turn::over;
  try {
    auto handed = hand_over(wait);
    if (!handed) return told(handed.error());
    return *handed ? Turn::more : Turn::idle;
  } catch (...) {
    thrown_ = std::current_exception();
    return Turn::over;
  }
}

SubscriptionState::Turn SubscriptionState::told(const Error& error) {
  if (is_last(error)) {
    last_ = {};
    return Turn::over;
  }
  switch (error.code()) {
    case Code::stopped: return Turn::over;
    case Code::exhausted:  // it would be told again and again
      last_ = error;
      return Turn::over;
    default: break;
  }
  if (options_.on_error) options_.on_error(error);
  return Turn::more;
}

void SubscriptionState::end_turn(Turn how) noexcept {
  if (how == Turn::idle && !announce()) how = Turn::more;
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && how == Turn::idle) {
      if (auto watched = watch()) {
        turn_of_ = {};
        return;
      } else {
        last_ = watched.error();
        how = Turn::over;
      }
    }
    if (!stopping_ && how == Turn::more) {
      turn_of_ = {};
      posted_ = true;
    } else {
      stopping_ = true;
      how = Turn::over;
    }
  }
  if (how == Turn::over) {
    end();
  } else {
    post();
  }
}

// By the one whose turn it is. The lanes go back before anybody hears of the end.
void SubscriptionState::end() noexcept {
  bool gone = false;
  {
    const std::lock_guard lock(mutex_);
    gone = gone_;
  }
  if (!gone) {
    unwatch();
    give_back();
  }
  if (thrown_ != nullptr) {
    fail(std::move(thrown_));
  } else {
    complete(std::move(last_));
  }
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    turn_of_ = {};
  }
  is_over_.wake_all();
}

}  // namespace psyne::inline v0
