#include <cstdlib>

#include <explorer/memory.hpp>

namespace psyne::explorer {

namespace {

constexpr std::uint32_t gap = 1U << 10U;       // between two stores appended one after the other
constexpr std::size_t most_ways = 4;           // of one load or store; older ones are left out
constexpr std::uint32_t most_stale_reads = 2;  // of one store by one thread

bool acquires(std::memory_order order) noexcept {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}

bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

}  // namespace

void Memory::reset(std::uint32_t weak_choices) {
  weak_left_ = weak_choices;
  for (auto& location : locations_) location.stores.clear();
  spare_.insert(spare_.end(), std::make_move_iterator(locations_.begin()), std::make_move_iterator(locations_.end()));
  locations_.clear();
  locations_.emplace_back();  // number 0 stands for none
  free_.clear();
  views_used_ = 0;
  plains_.clear();
  barriers_.clear();
  threads_[0].view.clear();
  start_thread(0, 0);
}

void Memory::start_thread(Number parent, Number child) {
  Thread& thread = threads_[child];
  if (child != parent) thread.view.copy(threads_[parent].view);
  thread.view.see(barriers_);  // heavy barriers before its start have struck whatever CPU it runs on
  thread.stored = false;
  thread.has_deferred = false;
  thread.stale.fill({0, 0});
}

void Memory::join_thread(Number parent, Number child) { threads_[parent].view.acquire(threads_[child].view); }

Memory::Number Memory::add_atomic(Number thread, std::uint64_t value) {
  Number atomic = 0;
  if (!free_.empty()) {
    atomic = free_.back();
    free_.pop_back();
  } else {
    if (locations_.size() > max_locations) std::abort();
    atomic = static_cast<Number>(locations_.size());
    if (spare_.empty()) {
      locations_.emplace_back();
    } else {
      locations_.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
    locations_.back().last_time = 0;
  }
  Location& location = locations_[atomic];
  location.stores.clear();
  location.last_time += gap;
  location.sequential = location.last_time;
  location.stores.push_back({location.last_time, -1, value, false, false});
  threads_[thread].view.saw(atomic, location.last_time);
  return atomic;
}

void Memory::overwrite(Number atomic, std::uint64_t value) {
  Location& location = locations_[atomic];
  location.stores.push_back({location.last_time += gap, -1, value, false, true});
}

std::uint32_t Memory::weak_choice(std::uint32_t count) {
  if (count < 2 || weak_left_ == 0) return 0;
  const std::uint32_t chosen = choices_.branch(count);
  if (chosen != 0) --weak_left_;
  return chosen;
}

std::uint32_t Memory::sequential(Number atomic) const noexcept {
  return std::max(locations_[atomic].sequential, barriers_.seen(atomic));
}

bool Memory::room(const Location& location, std::size_t before) const noexcept {
  return location.stores[before].time - location.stores[before - 1].time > 1;
}

/// To modify, a store must not have a read-modify-write behind it already; a comparison modifies when the value is the
/// expected one.
std::size_t Memory::choose_read(Number number, Number atomic, std::memory_order order, bool to_modify,
                                const std::uint64_t* expected) {
  Thread& thread = threads_[number];
  const Location& location = locations_[atomic];
  std::uint32_t oldest = thread.view.seen(atomic);
  if (order == std::memory_order_seq_cst) oldest = std::max(oldest, sequential(atomic));
  const std::size_t newest = location.stores.size() - 1;
  if (weak_left_ == 0 || location.stores[newest].time <= oldest) return newest;
  std::array<std::size_t, most_ways> ways{newest};
  std::uint32_t count = 1;
  for (std::size_t index = newest; index-- > 0 && count < most_ways && location.stores[index].time >= oldest;) {
    const Store& store = location.stores[index];
    const bool modifies = to_modify && (expected == nullptr || store.value == *expected);
    if (modifies && location.stores[index + 1].pinned) break;
    if (modifies && (location.stores[index + 1].chained || !room(location, index + 1))) continue;
    const Stale& stale = thread.stale[atomic];
    if (stale.time == store.time && stale.times >= most_stale_reads) continue;
    ways[count++] = index;
  }
  const std::size_t read = ways[weak_choice(count)];
  if (read != newest) {
    Stale& stale = thread.stale[atomic];
    stale = {location.stores[read].time, stale.time == location.stores[read].time ? stale.times + 1 : 1};
  }
  return read;
}

/// The index before which the store goes.
std::size_t Memory::choose_place(Number number, Number atomic, std::memory_order order) {
  const Location& location = locations_[atomic];
  std::uint32_t behind = threads_[number].view.seen(atomic);
  if (order == std::memory_order_seq_cst) behind = std::max(behind, sequential(atomic));
  const std::size_t end = location.stores.size();
  std::array<std::size_t, most_ways> ways{end};
  std::uint32_t count = 1;
  for (std::size_t index = end; index-- > 1 && count < most_ways && location.stores[index].time > behind;) {
    if (location.stores[index].pinned) break;
    if (!location.stores[index].chained && room(location, index)) ways[count++] = index;
  }
  return ways[weak_choice(count)];
}

void Memory::take(Number thread, Number atomic, std::size_t read, std::memory_order order) {
  const Store& store = locations_[atomic].stores[read];
  View& view = threads_[thread].view;
  view.saw(atomic, store.time);
  if (acquires(order) && store.view >= 0) view.acquire(views_[static_cast<std::size_t>(store.view)]);
}

std::int32_t Memory::new_view() {
  if (views_used_ == views_.size()) views_.emplace_back();
  return static_cast<std::int32_t>(views_used_++);
}

void Memory::place(Number number, Number atomic, std::size_t before, std::uint64_t value, std::memory_order order,
                   std::int32_t inherited, bool chained) {
  Thread& thread = threads_[number];
  Location& location = locations_[atomic];
  if (!thread.stored) {
    thread.at_barrier.copy(thread.view);
    thread.stored = true;
  }
  std::uint32_t time = 0;
  if (before == location.stores.size()) {
    time = location.last_time += gap;
  } else {
    time = location.stores[before - 1].time + (location.stores[before].time - location.stores[before - 1].time) / 2;
  }
  thread.view.saw(atomic, time);
  if (order == std::memory_order_seq_cst) location.sequential = std::max(location.sequential, time);
  std::int32_t view = inherited;
  if (releases(order)) {
    view = new_view();
    View& released = views_[static_cast<std::size_t>(view)];
    released.copy(thread.view);
    if (inherited >= 0) released.acquire(views_[static_cast<std::size_t>(inherited)]);
  }
  location.stores.insert(location.stores.begin() + static_cast<std::ptrdiff_t>(before),
                         {time, view, value, chained, false});
}

std::uint64_t Memory::load(Number thread, Number atomic, std::memory_order order) {
  const std::size_t read = choose_read(thread, atomic, order, false, nullptr);
  take(thread, atomic, read, order);
  return locations_[atomic].stores[read].value;
}

void Memory::store(Number thread, Number atomic, std::uint64_t value, std::memory_order order) {
  place(thread, atomic, choose_place(thread, atomic, order), value, order, -1, false);
}

void Memory::take_and_place(Number thread, Number atomic, std::size_t read, std::uint64_t value,
                            std::memory_order order) {
  take(thread, atomic, read, order);
  place(thread, atomic, read + 1, value, order, locations_[atomic].stores[read].view, true);
}

bool Memory::compare_exchange(Number thread, Number atomic, std::uint64_t& expected, std::uint64_t desired,
                              std::memory_order success, std::memory_order failure) {
  const std::size_t read = choose_read(thread, atomic, success, true, &expected);
  const std::uint64_t value = locations_[atomic].stores[read].value;
  if (value == expected) {
    take_and_place(thread, atomic, read, desired, success);
    return true;
  }
  take(thread, atomic, read, failure);
  expected = value;
  return false;
}

void Memory::light_barrier(Number number) {
  Thread& thread = threads_[number];
  thread.stored = false;
  if (thread.has_deferred) thread.view.see(thread.deferred);
  thread.has_deferred = false;
}

void Memory::full_barrier(Number number) {
  light_barrier(number);
  View& view = threads_[number].view;
  for (std::size_t atomic = 1; atomic < locations_.size(); ++atomic) view.saw(atomic, locations_[atomic].sequential);
  view.see(barriers_);
  barriers_.see(view);
}

void Memory::remote_barrier(Number number) {
  Thread& thread = threads_[number];
  if (!thread.stored) return full_barrier(number);
  barriers_.see(thread.at_barrier);
  if (!thread.has_deferred) thread.deferred.copy(barriers_);
  thread.deferred.see(barriers_);
  thread.has_deferred = true;
}

Memory::Plain& Memory::plain(const void* address) {
  for (auto& known : plains_) {
    if (known.address == address) return known;
  }
  return plains_.emplace_back(Plain{address, 0, 0, {}});
}

bool Memory::plain_read(Number thread, const void* address) {
  Plain& accessed = plain(address);
  auto& clock = threads_[thread].view.clock;
  accessed.reads[thread] = ++clock[thread];
  return clock[accessed.writer] >= accessed.write;
}

bool Memory::plain_write(Number thread, const void* address) {
  Plain& accessed = plain(address);
  auto& clock = threads_[thread].view.clock;
  bool ordered = clock[accessed.writer] >= accessed.write;
  for (std::size_t reader = 0; reader < max_threads; ++reader) ordered &= clock[reader] >= accessed.reads[reader];
  accessed.writer = thread;
  accessed.write = ++clock[thread];
  return ordered;
}

}  // namespace psyne::explorer
