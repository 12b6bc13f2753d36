#include <algorithm>
#include <cstdlib>
#include <exception>

#include <explorer/execution.hpp>

namespace psyne::explorer {

namespace {

Execution* running_execution = nullptr;
constexpr Clock::duration step_time = std::chrono::nanoseconds(10);

const char* name(std::memory_order order) noexcept {
  switch (order) {
    case std::memory_order_relaxed: return "relaxed";
    case std::memory_order_release: return "release";
    case std::memory_order_acq_rel: return "acq_rel";
    case std::memory_order_seq_cst: return "seq_cst";
    default: return "acquire";
  }
}

}  // namespace

std::uint32_t Execution::Recorder::thread(std::span<const std::uint8_t> candidates) {
  const std::uint32_t chosen = choices_.thread(candidates);
  schedule.push_back(static_cast<std::uint8_t>(chosen));
  return chosen;
}

std::uint32_t Execution::Recorder::branch(std::uint32_t count) {
  const std::uint32_t chosen = choices_.branch(count);
  schedule.push_back(static_cast<std::uint8_t>(chosen));
  return chosen;
}

Execution::Execution(Choices& choices) : recorder_(choices), memory_(recorder_) {
  for (auto& thread : threads_) {
    thread.execution = this;
    thread.fiber = std::make_unique<Fiber>(&Execution::enter, &thread);
  }
}

Execution::~Execution() = default;

Execution& Execution::current() {
  if (running_execution == nullptr) std::abort();
  return *running_execution;
}

template <class... Parts>
void Execution::note(const Parts&... parts) {
  if (!traced_) return;
  std::ostringstream line;
  line << "  " << int{running_} << ": ";
  (line << ... << parts);
  trace_ += line.str() + '\n';
}

std::optional<std::string> Execution::run(const std::function<void()>& body, const Bounds& bounds, bool traced) {
  bounds_ = bounds;
  traced_ = traced;
  trace_.clear();
  recorder_.schedule.clear();
  memory_.reset(bounds.weak_choices);
  places_.clear();
  preemptions_ = bounds.preemptions;
  spurious_ = bounds.spurious;
  steps_ = 0;
  time_ = std::chrono::hours(1);
  failure_.reset();
  for (auto& thread : threads_) thread.state = State::none;
  threads_[0].body = body;
  threads_[0].state = State::ready;
  threads_[0].gave_way = false;
  thread_count_ = 1;
  running_ = 0;
  running_execution = this;
  Fiber::change(host_, *threads_[0].fiber);
  running_execution = nullptr;
  for (auto& thread : threads_) {
    if (thread.state == State::none || thread.state == State::finished) continue;
    thread.fiber->restart();
    thread.body = nullptr;
  }
  return failure_;
}

void Execution::enter(void* argument) {
  auto& thread = *static_cast<Thread*>(argument);
  for (;;) {  // a fiber is used again by the next execution
    thread.execution->chosen_ = true;
    try {
      thread.body();
    } catch (const std::exception& exception) {
      thread.execution->fail(std::string("exception: ") + exception.what());
    } catch (...) {
      thread.execution->fail("exception");
    }
    thread.execution->end_thread();
  }
}

void Execution::end_thread() {
  Thread& ended = threads_[running_];
  ended.state = State::finished;
  memory_.light_barrier(running_);  // no compiler moves anything past the end
  ended.body = nullptr;
  note("ends");
  for (Number other = 0; other < thread_count_; ++other) {
    Thread& joiner = threads_[other];
    if (joiner.state == State::joining && joiner.joins == running_) joiner.state = State::ready;
  }
  const auto all = std::span(threads_).first(thread_count_);
  if (std::ranges::all_of(all, [](const Thread& thread) { return thread.state == State::finished; })) {
    Fiber::change(*ended.fiber, host_);
    return;
  }
  change_to(pick());
}

void Execution::fail(std::string what) {
  note("fails: ", what);
  failure_ = std::move(what);
  threads_[running_].state = State::ready;  // whatever it was, its fiber is left in the middle
  Fiber::change(*threads_[running_].fiber, host_);
  std::abort();
}

void Execution::change_to(Number next) {
  if (next == running_) return;
  Fiber& from = *threads_[running_].fiber;
  running_ = next;
  Fiber::change(from, *threads_[next].fiber);
}

/// Who runs next: the running thread itself first, then the others that can, in turn; those that gave way only when
/// nobody else can; then sleepers whose deadline is to come. What costs a preemption: not to go on where that is
/// possible, not to take the next in turn after giving way (else two could keep a third waiting for ever), and a
/// deadline that comes while others could run.
Execution::Number Execution::pick() {
  std::array<Number, max_threads> candidates{};
  std::uint32_t count = 0;
  const auto add = [&](auto&& which) {
    for (Number offset = 0; offset < thread_count_; ++offset) {
      const auto number = static_cast<Number>((running_ + offset) % thread_count_);
      if (which(threads_[number])) candidates[count++] = number;
    }
  };
  const Thread& running = threads_[running_];
  add([](const Thread& thread) { return thread.state == State::ready && !thread.gave_way; });
  if (count == 0) add([&](const Thread& thread) { return thread.state == State::ready && &thread != &running; });
  if (count == 0) add([](const Thread& thread) { return thread.state == State::ready; });
  const std::uint32_t awake = count;
  if (awake == 0 || preemptions_ > 0) {
    add([](const Thread& thread) { return thread.state == State::asleep && thread.deadline != no_deadline; });
  }
  if (count == 0) fail("every thread sleeps, and nobody is left to wake one");
  const bool in_turn = awake > 0 && running.state == State::ready;
  if (in_turn && preemptions_ == 0) count = 1;
  const std::uint32_t chosen = count > 1 ? recorder_.thread({candidates.data(), count}) : 0;
  if ((in_turn && chosen != 0) || (awake > 0 && chosen >= awake)) --preemptions_;
  Thread& next = threads_[candidates[chosen]];
  if (next.state == State::asleep) {
    time_ = std::max(time_, next.deadline.time_since_epoch());
    next.timed_out = true;
    next.state = State::ready;
  }
  return candidates[chosen];
}

void Execution::step() {
  if (++steps_ > bounds_.steps) fail("no end after " + std::to_string(bounds_.steps) + " steps");
  time_ += step_time;
  if (!chosen_) change_to(pick());
  chosen_ = false;
  // Something happens now, so those that gave way have reason to look again.
  for (Number other = 0; other < thread_count_; ++other) threads_[other].gave_way &= other == running_;
}

bool Execution::spurious() {
  if (spurious_ == 0 || recorder_.branch(2) == 0) return false;
  --spurious_;
  return true;
}

void Execution::add_atomic(Place place) { places_.at(place.address) = memory_.add_atomic(running_, place.bits()); }

void Execution::remove_atomic(Place place) {
  Number& atomic = places_.at(place.address);
  memory_.remove_atomic(atomic);
  atomic = 0;
}

Execution::Number Execution::atomic_at(Place place) {
  Number& atomic = places_.at(place.address);
  if (atomic == 0) {
    add_atomic(place);
  } else if (place.bits() != memory_.newest(atomic)) {
    memory_.overwrite(atomic, place.bits());
    note("#", int{atomic}, " was overwritten by bytes: ", place.bits());
  }
  return atomic;
}

std::uint64_t Execution::load(Place place, std::memory_order order) {
  step();
  const Number atomic = atomic_at(place);
  const std::uint64_t value = memory_.load(running_, atomic, order);
  note("load #", int{atomic}, " = ", value, ' ', name(order));
  return value;
}

void Execution::store(Place place, std::uint64_t value, std::memory_order order) {
  step();
  const Number atomic = atomic_at(place);
  memory_.store(running_, atomic, value, order);
  place.set_bits(memory_.newest(atomic));
  note("store #", int{atomic}, " = ", value, ' ', name(order));
}

void Execution::note_modified(Number atomic, std::uint64_t before, std::uint64_t after, std::memory_order order) {
  note("modify #", int{atomic}, ' ', before, " -> ", after, ' ', name(order));
}

bool Execution::compare_exchange(Place place, std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                                 std::memory_order failure, bool weak) {
  step();
  const Number atomic = atomic_at(place);
  if (weak && spurious()) {
    expected = memory_.load(running_, atomic, failure);
    note("compare #", int{atomic}, " fails for nothing");
    return false;
  }
  const bool exchanged = memory_.compare_exchange(running_, atomic, expected, desired, success, failure);
  place.set_bits(memory_.newest(atomic));
  note("compare #", int{atomic}, exchanged ? " exchanged for " : " fails for ", exchanged ? desired : expected, ' ',
       name(success));
  return exchanged;
}

void Execution::light_barrier() {
  if (!bounds_.asymmetric_barriers) return full_barrier();
  step();
  memory_.light_barrier(running_);
  note("light barrier");
}

void Execution::full_barrier() {
  step();
  memory_.full_barrier(running_);
  note("full barrier");
}

void Execution::heavy_barrier() {
  full_barrier();
  if (!bounds_.asymmetric_barriers) return;
  bool first = true;
  for (Number other = 0; other < thread_count_; ++other) {
    if (other == running_) continue;
    if (!first && threads_[other].state != State::finished) step();  // it reaches the others one after the other
    first = false;
    memory_.remote_barrier(other);
  }
  memory_.full_barrier(running_);
  note("heavy barrier done");
}

void Execution::give_way() {
  threads_[running_].gave_way = true;
  recorder_.gave_way(running_);
  step();
  threads_[running_].gave_way = false;
  note("looks again");
}

Sleep Execution::wait(Place place, std::uint32_t expected, Sharing sharing, Deadline deadline) {
  step();
  const Number atomic = atomic_at(place);
  memory_.full_barrier(running_);  // the kernel's, before it compares
  if (static_cast<std::uint32_t>(memory_.load(running_, atomic, std::memory_order_relaxed)) != expected) {
    note("does not sleep: #", int{atomic}, " is not ", expected);
    return Sleep::woken;
  }
  Thread& thread = threads_[running_];
  if (deadline != no_deadline && deadline.time_since_epoch() <= time_) return Sleep::timed_out;
  if (spurious()) return Sleep::woken;
  note("sleeps on #", int{atomic});
  thread.state = State::asleep;
  thread.word = place.address;
  thread.sharing = sharing;
  thread.deadline = deadline;
  thread.timed_out = false;
  change_to(pick());
  chosen_ = true;
  note(thread.timed_out ? "timed out" : "woken");
  return thread.timed_out ? Sleep::timed_out : Sleep::woken;
}

void Execution::wake(Place place, std::uint32_t count, Sharing sharing) {
  step();
  memory_.full_barrier(running_);
  note("wakes ", count);
  for (; count > 0; --count) {
    std::array<Number, max_threads> sleepers{};
    std::uint32_t found = 0;
    for (Number number = 0; number < thread_count_; ++number) {
      const Thread& thread = threads_[number];
      if (thread.state == State::asleep && thread.word == place.address && thread.sharing == sharing)
        sleepers[found++] = number;
    }
    if (found == 0) return;
    const std::uint32_t chosen = count < found ? recorder_.branch(found) : 0;
    threads_[sleepers[chosen]].state = State::ready;
  }
}

Deadline Execution::now() {
  step();
  return Deadline(time_);
}

Execution::Number Execution::spawn(std::function<void()> body) {
  if (thread_count_ == max_threads) fail("too many threads");
  const Number number = thread_count_++;
  Thread& thread = threads_[number];
  thread.body = std::move(body);
  thread.state = State::ready;
  thread.gave_way = false;
  chosen_ = false;  // the new one is a choice as well
  memory_.start_thread(running_, number);
  note("starts ", int{number});
  return number;
}

void Execution::join(Number number) {
  if (threads_[number].state != State::finished) {
    threads_[running_].state = State::joining;
    threads_[running_].joins = number;
    change_to(pick());
    chosen_ = true;
  }
  memory_.join_thread(running_, number);
}

void Execution::plain_read(const void* address) {
  if (!memory_.plain_read(running_, address)) fail("race: reads what another thread writes");
}

void Execution::plain_write(const void* address) {
  if (!memory_.plain_write(running_, address)) fail("race: writes what another thread reads or writes");
}

void require(bool condition, const char* what) {
  if (!condition) Execution::current().fail(std::string("required: ") + what);
}

}  // namespace psyne::explorer
