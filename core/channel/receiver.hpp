#pragma once

#include <psyne/core/channel/copy_out.hpp>
#include <psyne/core/channel/lane_type.hpp>
#include <psyne/core/channel/received.hpp>
#include <psyne/core/channel/receiver_state.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Receives messages of type T from every sender of a name, merged fairly; order holds within a sender. Used by one
/// thread at a time.
///
/// Errors of every receiving call: timed_out (names whom we waited for), stopped, would_block (try_receive), closed
/// (all senders closed and everything was delivered), and once for each sender: peer_lost (it died; all that it
/// committed was delivered), corrupted (it wrote nonsense; it is not read from any more), incompatible or refused (it
/// was not let in, with the reason). After these the other senders go on.
template <class T>
class Receiver {
  using Records = RecordsOf<T>;
  using State = ReceiverState<Records>;
  using Lane = typename State::Lane;
  using View = typename ReadableFor<T>::type;
  using Held = std::conditional_t<Message<T>::fixed, const T*, View>;

 public:
  /// `uri`: memory://name, ipc://name, ... Neither side needs to be there first.
  static Result<Receiver> open(std::string_view uri, const ReceiverOptions& options = {}) {
    auto end = ReceiverEnd::open(uri, options, lane_type_of<T>(), &make_lane<Records>);
    if (!end) return end.error();
    return Receiver(std::make_unique<State>(std::move(*end)), std::string(uri), options);
  }

  Receiver(Receiver&&) noexcept = default;
  Receiver& operator=(Receiver&& other) noexcept {
    Receiver gone(std::move(*this));
    state_ = std::move(other.state_);
    uri_ = std::move(other.uri_);
    options_ = std::move(other.options_);
    return *this;
  }
  ~Receiver() {
    if (state_ && state_->end().forked()) static_cast<void>(state_.release());  // it is the parent's
  }

  /// Another receiver on the same name with the same options (delivery all or any).
  Result<Receiver> clone() const { return open(uri_, options_); }

  /// The next message; waits as long as `wait` allows.
  Received<T> receive(const Wait& wait = {}) {
    for (;;) {
      auto lane = wait_for_lane(wait);
      if (!lane) return lane.error();
      return take(**lane);
    }
  }
  /// The next message if there is one now.
  Received<T> try_receive() {
    auto lane = find_now();
    if (!lane) return lane.error();
    return take(**lane);
  }

  /// Vectors: copies the next message into `buffer` and gives it back; returns how many elements it has. While the
  /// sender is still copying a long one in, this copies out what is there: the two copies take the time of one. Errors
  /// beside those of receive(): too_large, when the buffer is too small; the message stays the next one. After an error
  /// the buffer's content is unspecified.
  template <class Kind = Message<T>, class Element = typename Kind::Writable::element_type>
    requires(!Kind::fixed && std::is_same_v<typename Kind::Writable, std::span<Element>>)
  Result<std::size_t> receive_into(std::span<Element> buffer, const Wait& wait = {}) {
    CopyOut copy(std::as_writable_bytes(buffer));
    for (bool follow = true;;) {
      auto found = wait_for_lane(wait, follow);
      if (!found) return found.error();
      LaneReader<Records>& reader = (*found)->reader();
      follow = copy.follow(reader, state_->end().settings().patience);
      if (!follow) continue;  // its sender takes its time: waits until it has committed
      const auto payload = reader.front();
      auto view = read(payload);
      if (!view) {
        reader.pop();
        return state_->told(**found, view.error());
      }
      if (payload.size() > buffer.size_bytes()) return too_small(**found, view->size(), buffer.size());
      copy.finish(payload);
      count(1, payload.size());
      reader.pop();
      return view->size();
    }
  }

  /// Waits for one message and takes up to `most` (64 at most) of the same sender that are there.
  ReceivedBatch<T> receive_batch(std::size_t most, const Wait& wait = {}) {
    auto found = wait_for_lane(wait);
    if (!found) return found.error();
    Lane& lane = **found;
    if (!lane.reader().can_hold()) return too_many_held(lane);
    typename ReceivedBatch<T>::Views views;
    most = std::min(most, ReceivedBatch<T>::most);
    do {
      auto view = read(lane.reader().front());
      if (!view) {
        if (!views.empty()) break;  // told by the next call
        lane.reader().pop();
        return state_->told(lane, view.error());
      }
      views.push_back(std::move(*view));
      lane.reader().step();
    } while (views.size() < most && lane.reader().look() == Look::record);
    count(views.size(), 0);
    return ReceivedBatch<T>(lane, lane.reader().hold(), std::move(views));
  }

  /// for (auto& message : receiver): each message is given back at the end of its turn. Ends when all senders closed or
  /// died; status() says whether one died.
  class Iterator;
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Fine, or the last thing that went wrong with a sender.
  Result<void> status() const { return state_ ? state_->status() : Result<void>(Code::invalid_state); }

  /// Becomes readable (poll, epoll) after arm() returned true, when there may be something to receive.
  int fd() const noexcept { return state_ ? state_->end().bell().descriptor() : -1; }
  /// Prepares for sleeping in the program's own poll loop. False: there is something now, receive first. No wake is
  /// lost between a true answer and poll. Ends with the next receiving call.
  bool arm() {
    if (!state_ || state_->end().forked()) return false;
    if (state_->announced()) state_->awake();
    state_->end().bell().clear();
    if (state_->settle()) return false;
    state_->announce();
    if (state_->find() == nullptr && !state_->end().arrivals()) return true;
    state_->awake();
    return false;
  }

  /// Senders that are there now, as far as this thread has taken them in.
  std::size_t senders() const noexcept { return state_ ? state_->senders() : 0; }
  ChannelCounters counters() const { return state_ ? state_->end().counters() : ChannelCounters{}; }
  const std::string& uri() const noexcept { return uri_; }

 private:
  Receiver(std::unique_ptr<State> state, std::string uri, ReceiverOptions options)
      : state_(std::move(state)), uri_(std::move(uri)), options_(std::move(options)) {}

  // Payload bytes of a stranger become a checked view.
  static Result<Held> read(std::span<const std::byte> payload) {
    if constexpr (Message<T>::fixed) {
      const auto* value = reinterpret_cast<const T*>(payload.data());
      if constexpr (Message<T>::needs_check) {
        if (auto checked = Message<T>::check(*value); !checked) return checked.error();
      }
      return value;
    } else {
      return Message<T>::read(payload);
    }
  }

  void count(std::uint64_t messages, std::uint64_t bytes) noexcept {
    state_->end().counters().messages += messages;
    state_->end().counters().bytes += bytes;
  }

  Received<T> take(Lane& lane) {
    const auto payload = lane.reader().front();
    if (!lane.reader().can_hold()) [[unlikely]]
      return too_many_held(lane);
    auto view = read(payload);
    if (!view) [[unlikely]] {
      lane.reader().pop();
      return state_->told(lane, view.error());
    }
    count(1, payload.size());
    lane.reader().step();
    return Received<T>(lane, lane.reader().hold(), std::move(*view));
  }

  Error too_small(const Lane& lane, std::size_t sent, std::size_t room) const {
    return state_->end()
        .error(Code::too_large)
        .peer(lane.who())
        .because("the message has " + std::to_string(sent) + " elements and the buffer takes " + std::to_string(room))
        .mend("Call again with a larger buffer: the message waits.");
  }

  Error too_many_held(const Lane& lane) const {
    return state_->end()
        .error(Code::exhausted)
        .peer(lane.who())
        .because("all " + std::to_string(state_->end().settings().given.most_held) + " views of its lane are held")
        .mend("Release some, or raise ReceiverOptions::most_held.");
  }

  Result<Lane*> find_now() {
    if (!state_)
      return Error(Code::invalid_state, "cannot receive from " + uri_).because("the receiver was moved from");
    if (state_->end().forked()) [[unlikely]]
      return forked_error("cannot receive from " + uri_);
    if (state_->announced()) [[unlikely]]
      state_->awake();
    if (Lane* lane = state_->find()) [[likely]]
      return lane;
    if (auto told = state_->settle()) return *told;
    if (Lane* lane = state_->find()) return lane;
    return Code::would_block;
  }

  // `under_way`: a lane whose next message is still being copied in will do.
  Result<Lane*> wait_for_lane(const Wait& wait, bool under_way = false) {
    auto found = find_now();
    if (found || found.error() != Code::would_block) [[likely]]
      return found;
    Lane* lane = nullptr;
    std::optional<Error> told;
    std::uint32_t looks = 0;
    const auto ready = [&] {
      lane = state_->find(under_way);
      // Long spinning must not hide that others have come or gone.
      if (lane != nullptr || (!state_->end().arrivals() && (++looks & 255U) != 0)) return lane != nullptr;
      told = state_->settle();
      if (!told) lane = state_->find(under_way);
      return told || lane != nullptr;
    };
    const auto doze = [&](auto& look, Deadline until, const Patience& patience) {
      if (look_patiently<StandardAtomics>(look, until, patience)) return;
      do {
        state_->sleep(until);
        looks = ~0U;  // who woke us may have come or gone
      } while (!look() && Clock::now() < until);
    };
    const WaitEnd end =
        wait_or_stop<StandardAtomics>(ready, wait.deadline, wait.stop, state_->end().settings().patience, doze,
                                      [this] { state_->end().bell().ring(); });
    if (told) return *std::move(told);
    if (end == WaitEnd::ready) return lane;
    if (end == WaitEnd::stopped) return wait.stop.error("cannot receive from " + uri_);
    return state_->end().error(Code::timed_out).peer(state_->waited_for()).because("no message came in time");
  }

  std::unique_ptr<State> state_;
  std::string uri_;
  ReceiverOptions options_;
};

/// See Receiver::begin.
template <class T>
class Receiver<T>::Iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = View;

  explicit Iterator(Receiver& receiver) : receiver_(&receiver) { find(); }
  Iterator(Iterator&&) noexcept = default;
  Iterator& operator=(Iterator&&) noexcept = default;

  const View& operator*() const noexcept {
    if constexpr (Message<T>::fixed) {
      return *view_.value();
    } else {
      return *view_;
    }
  }
  const View* operator->() const noexcept { return &**this; }
  Iterator& operator++() {
    lane_->reader().pop();
    find();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept {
    return iterator.lane_ == nullptr;
  }

 private:
  void find() {
    lane_ = nullptr;
    for (;;) {
      auto lane = receiver_->wait_for_lane({});
      if (!lane) {
        if (lane.error() == Code::closed || receiver_->senders() == 0) return;  // else: one died, the others go on
        continue;
      }
      const auto payload = (*lane)->reader().front();
      auto view = read(payload);
      if (view) {
        view_ = std::move(*view);
        receiver_->count(1, payload.size());
        lane_ = *lane;
        return;
      }
      (*lane)->reader().pop();
      receiver_->state_->tell(receiver_->state_->told(**lane, view.error()));
    }
  }

  Receiver* receiver_;
  Lane* lane_ = nullptr;
  std::optional<Held> view_;
};

}  // namespace psyne::inline v0
