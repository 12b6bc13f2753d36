#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/park/time_left.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>
#include <psyne/core/transport/descriptor.hpp>
#include <psyne/core/wait_set/wait_set.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Members that are not armed are looked at; those that are, the kernel tells of. The lock is held but for sleeping.
class WaitSet::State final : public WaitSetMembers, public std::enable_shared_from_this<WaitSet::State> {
 public:
  struct Entry {
    int descriptor = -1;
    std::uint32_t events = 0;
    std::unique_ptr<Waitable> waitable{};  // none: a descriptor of the program
    std::uint64_t reported = 0;            // in which answer last
  };

  State(Descriptor epoll, Descriptor event, const Patience& patience)
      : epoll_(std::move(epoll)), event_(std::move(event)), patience_(patience) {}

  static Result<std::shared_ptr<State>> make(const Patience& patience) {
    Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
    Descriptor event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!epoll || !event) {
      return system_error(errno, "cannot make a wait set").mend("Raise the limit of open files (ulimit -n).");
    }
    auto state = std::make_shared<State>(std::move(epoll), std::move(event), patience);
    if (auto watched = state->watch(state->event_.get(), EPOLLIN, own); !watched) return watched.error();
    return state;
  }

  Result<std::uint64_t> add(Entry entry) {
    if (forked()) return forked_error("cannot add to a wait set");
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = next_++;
    if (auto watched = watch(entry.descriptor, entry.events, number); !watched) return watched.error();
    entries_.emplace(number, std::move(entry));
    changed();
    return number;
  }

  bool remove(std::uint64_t number) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(number);
    if (found == entries_.end()) return false;
    if (!forked()) {  // it is the parent's set, that it shares
      if (found->second.waitable && found->second.waitable->armed()) found->second.waitable->disarm();
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.descriptor, nullptr);
    }
    entries_.erase(found);
    changed();
    return true;
  }
  void leave(std::uint64_t number) noexcept override { static_cast<void>(remove(number)); }
  bool has(std::uint64_t number) const noexcept override {
    const std::lock_guard lock(mutex_);
    return entries_.contains(number);
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

  Result<std::span<const Ready>> wait(const Wait& wait) {
    if (forked()) return forked_error("cannot wait for a wait set");
    if (waits_.exchange(true, std::memory_order_acquire)) {
      return Error(Code::invalid_state, "cannot wait for a wait set").because("another thread waits for it");
    }
    const WaitEnd end = wait_alone(wait);
    waits_.store(false, std::memory_order_release);
    if (end == WaitEnd::ready) return std::span<const Ready>(ready_);
    if (end == WaitEnd::stopped) return wait.stop.error("cannot wait for a wait set");
    return Error(Code::timed_out, "cannot wait for a wait set")
        .because("none of its " + std::to_string(size()) + " members had something in time");
  }

 private:
  static constexpr std::uint64_t own = 0;  // the number of event_
  static constexpr std::chrono::microseconds often{50};

  bool forked() const noexcept { return epoch_ != fork_epoch(); }
  void ring() noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(event_.get(), &one, sizeof one));
  }
  void changed() noexcept {
    ++changes_;
    ring();
  }

  Result<void> watch(int descriptor, std::uint32_t events, std::uint64_t number) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = number;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
    const std::string what = "cannot add descriptor " + std::to_string(descriptor) + " to a wait set";
    if (errno == EEXIST) return Error(Code::in_use, what).because("it is in this set already");
    if (errno == EBADF) return Error(Code::invalid_argument, what).because("it is not open");
    if (errno == EPERM) return Error(Code::invalid_argument, what).because("it is a file, which is always ready");
    return system_error(errno, what);
  }

  WaitEnd wait_alone(const Wait& wait) {
    ready_.clear();
    ++answers_;
    {
      const std::lock_guard lock(mutex_);
      find_awake();
    }
    // Those that always have something keep nobody out who sleeps.
    if (Clock::now() - asked_ >= often) take(ask(timespec{}));
    looked_ = false;
    const auto look = [this] { return look_at_awake(); };
    const auto doze = [this](auto& found, Deadline until, const Patience& looks) {
      if (look_patiently<StandardAtomics>(found, until, looks)) return;
      do {
        if (lie_down()) take(sleep(until));
        get_up();
      } while (!found() && Clock::now() < until);
    };
    // Whoever looks at many looks at each as often as patience has it for one alone, all together.
    const auto several = static_cast<std::uint32_t>(std::max<std::size_t>(awake_.size(), 1));
    const Patience patience{.spins = awake_.empty() ? 0 : patience_.spins / several,
                            .pauses = awake_.empty() ? 0 : patience_.pauses / several,
                            .yields = awake_.empty() ? 0 : patience_.yields / several};
    return wait_or_stop<StandardAtomics>(look, wait.deadline, wait.stop, patience, doze, [this] { ring(); });
  }

  // Under the lock: who is to be looked at, beginning behind him who was first last time.
  void find_awake() {
    awake_.clear();
    seen_ = changes_;
    const auto take = [this](auto begin, auto end) {
      for (; begin != end; ++begin) {
        if (begin->second.waitable && !begin->second.waitable->armed()) awake_.push_back(begin->first);
      }
    };
    const auto after = entries_.upper_bound(first_);
    take(after, entries_.end());
    take(entries_.begin(), after);
    if (!awake_.empty()) first_ = awake_.front();
  }

  bool look_at_awake() {
    const std::lock_guard lock(mutex_);
    if (seen_ != changes_) find_awake();
    if (looked_) return !ready_.empty();  // once found, what else there is can wait
    for (const std::uint64_t number : awake_) {
      Entry& entry = entries_.at(number);
      if (entry.reported == answers_ || entry.waitable->armed()) continue;
      if (entry.waitable->ready()) report(number, entry, 0);
    }
    looked_ = !ready_.empty();
    return looked_;
  }

  void report(std::uint64_t number, Entry& entry, short events) {
    if (std::exchange(entry.reported, answers_) != answers_) ready_.push_back({Member{number}, events});
  }

  // Whether to sleep: nobody has anything, and all were told.
  bool lie_down() {
    const std::lock_guard lock(mutex_);
    if (seen_ != changes_) find_awake();
    bool quiet = true;
    for (const std::uint64_t number : awake_) {
      Entry& entry = entries_.at(number);
      if (entry.waitable->armed() || entry.waitable->arm()) continue;
      quiet = false;  // perhaps a peer has come, which is nothing to its owner
      if (entry.waitable->ready()) report(number, entry, 0);
    }
    report_closed();
    looked_ = !ready_.empty();
    return quiet && !looked_;
  }
  // Those that must not stay armed while nobody waits.
  void get_up() {
    const std::lock_guard lock(mutex_);
    for (auto& [number, entry] : entries_) {
      if (entry.waitable && !entry.waitable->stays_armed() && entry.waitable->armed()) entry.waitable->disarm();
    }
    find_awake();
  }

  // The kernel forgets a descriptor that is closed, and says nothing.
  void report_closed() {
    polled_.clear();
    for (const auto& [number, entry] : entries_) {
      if (!entry.waitable) polled_.push_back({.fd = entry.descriptor, .events = 0, .revents = 0});
    }
    if (polled_.empty() || ::poll(polled_.data(), polled_.size(), 0) <= 0) return;
    for (auto& [number, entry] : entries_) {
      if (entry.waitable) continue;
      const auto gone = std::ranges::any_of(
          polled_, [&](const pollfd& one) { return one.fd == entry.descriptor && (one.revents & POLLNVAL) != 0; });
      if (gone) report(number, entry, POLLNVAL);
    }
  }

  using Events = std::span<const epoll_event>;
  Events ask(const timespec& left) { return ask(&left); }
  Events ask(const timespec* left) {
    const int count = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()), left, nullptr);
    return Events(events_).first(static_cast<std::size_t>(std::max(count, 0)));  // an interrupted sleep is a wake
  }
  Events sleep(Deadline deadline) {
    const Blocking blocking;
    return deadline == no_deadline ? ask(nullptr) : ask(time_left(deadline));
  }

  void take(Events events) {
    const std::lock_guard lock(mutex_);
    asked_ = Clock::now();
    for (const epoll_event& event : events) take(event);
  }
  void take(const epoll_event& event) {
    if (event.data.u64 == own) {
      std::uint64_t rings = 0;
      static_cast<void>(!::read(event_.get(), &rings, sizeof rings));
      return;
    }
    const std::uint64_t key =
        event.data.u64;  // a copy: the event is packed, so what is in it lies at no aligned address
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;  // it was removed meanwhile
    auto& [number, entry] = *found;
    if (!entry.waitable) return report(number, entry, static_cast<short>(event.events));
    if (entry.waitable->armed()) entry.waitable->disarm();
    if (entry.waitable->ready()) report(number, entry, 0);
    ++changes_;  // it is awake
  }

  const Descriptor epoll_;
  const Descriptor event_;
  const Patience patience_;
  const std::uint32_t epoch_ = fork_epoch();
  std::atomic<bool> waits_{false};

  mutable std::mutex mutex_;
  std::map<std::uint64_t, Entry> entries_;
  std::uint64_t next_ = own + 1;
  std::uint64_t changes_ = 0;

  // Of the thread that waits:
  std::vector<Ready> ready_;
  std::array<epoll_event, 64> events_{};
  std::uint64_t answers_ = 0;
  std::vector<std::uint64_t> awake_;
  std::vector<pollfd> polled_;
  std::uint64_t seen_ = 0;  // changes_ when awake_ was found
  std::uint64_t first_ = 0;
  bool looked_ = false;
  Deadline asked_{};  // when the kernel was
};

WaitSet::WaitSet(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
WaitSet::~WaitSet() = default;

Result<WaitSet> WaitSet::make(const Patience& patience) {
  StandardAtomics::join_barriers();
  auto state = State::make(patience);
  if (!state) return state.error();
  return WaitSet(std::move(*state));
}

Result<WaitSet::Member> WaitSet::add_entry(Result<WaitSetEntry> entry) {
  if (!entry) return entry.error();
  if (!state_) return Error(Code::invalid_state, "cannot add to a wait set").because("the set was moved from");
  if (entry->membership->joined()) {
    return Error(Code::in_use, "cannot add a member to a wait set").because("it is in one already");
  }
  const int descriptor = entry->waitable->descriptor();
  auto number = state_->add({.descriptor = descriptor, .events = EPOLLIN, .waitable = std::move(entry->waitable)});
  if (!number) return number.error();
  entry->membership->join(state_, *number);
  return Member{*number};
}

Result<WaitSet::Member> WaitSet::add(int descriptor, short events) {
  if (!state_) return Error(Code::invalid_state, "cannot add to a wait set").because("the set was moved from");
  auto number = state_->add({.descriptor = descriptor, .events = static_cast<std::uint16_t>(events)});
  if (!number) return number.error();
  return Member{*number};
}

Result<void> WaitSet::remove(Member member) {
  if (state_ && state_->remove(static_cast<std::uint64_t>(member))) return {};
  return Error(Code::not_found, "cannot remove a member of a wait set").because("it is not there");
}

std::size_t WaitSet::size() const { return state_ ? state_->size() : 0; }

Result<std::span<const WaitSet::Ready>> WaitSet::wait(const Wait& wait) {
  if (!state_) return Error(Code::invalid_state, "cannot wait for a wait set").because("it was moved from");
  return state_->wait(wait);
}

}  // namespace psyne::inline v0
