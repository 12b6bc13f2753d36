#pragma once

#include <psyne/core/channel/asynchronous/message_subscription.hpp>
#include <psyne/core/channel/asynchronous/receive_queue.hpp>
#include <psyne/core/channel/asynchronous/subscription.hpp>
#include <psyne/core/channel/copy_out.hpp>
#include <psyne/core/channel/lane_type.hpp>
#include <psyne/core/channel/receive_buffer.hpp>
#include <psyne/core/channel/received.hpp>
#include <psyne/core/channel/receiver_state.hpp>
#include <psyne/core/channel/take_front.hpp>
#include <psyne/core/completion/completer.hpp>
#include <psyne/core/completion/completion.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
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
/// (all senders closed and everything was delivered; see ReceiverOptions::tell_closed as well), and once for each
/// sender: peer_lost (it died; all that it committed was delivered), corrupted (it wrote nonsense; it is not read from
/// any more), incompatible or refused (it was not let in, with the reason). After these the other senders go on.
template <class T>
class Receiver {
  using Records = RecordsOf<T>;
  using State = ReceiverState<Records>;
  using Lane = typename State::Lane;
  using View = typename ReadableFor<T>::type;
  using Held = HeldFor<T>;

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
    queue_ = std::move(other.queue_);
    subscribed_ = std::move(other.subscribed_);
    uri_ = std::move(other.uri_);
    options_ = std::move(other.options_);
    passes_over_ = std::move(other.passes_over_);
    return *this;
  }
  /// Ends a subscription, as stop() does, and what is pending, with Code::closed.
  ~Receiver() {
    if (state_ && state_->end().forked()) {
      static_cast<void>(state_.release());  // it is the parent's
    } else if (state_) {
      if (subscribed_) subscription().receiver_goes();
      if (queue_) queue_->close();
    }
  }

  /// Another receiver on the same name with the same options (not delivery single), with an id of its own.
  Result<Receiver> clone() const {
    ReceiverOptions options = options_;
    options.id = {};
    return open(uri_, options);
  }

  /// The next message; waits as long as `wait` allows.
  Received<T> receive(const Wait& wait = {}) {
    if (!disturbed()) [[likely]] {
      if (Lane* lane = state_->find()) [[likely]]
        return take_front<T>(*state_, *lane);
    }
    return receive_late(wait);
  }
  /// The next message if there is one now.
  Received<T> try_receive() {
    if (!disturbed()) [[likely]] {
      if (Lane* lane = state_->find()) [[likely]]
        return take_front<T>(*state_, *lane);
    }
    return try_receive_late();
  }

  /// Vectors: copies the next message into `buffer` and gives it back; returns how many elements it has. While the
  /// sender is still copying a long one in, this copies out what is there: the two copies take the time of one. Errors
  /// beside those of receive(): too_large, when the buffer is too small; the message stays the next one. After an error
  /// the buffer's content is unspecified.
  template <class Kind = Message<T>, class Element = typename Kind::Writable::element_type>
    requires BareElements<Kind>
  Result<std::size_t> receive_into(std::span<Element> buffer, const Wait& wait = {}) {
    CopyOut copy(std::as_writable_bytes(buffer));
    std::optional<ReceiveBuffer<Records>> redirected;
    for (bool follow = true;;) {
      if (disturbed()) [[unlikely]] {
        redirected.reset();
        if (auto first = before_lanes()) return copy_back(*std::move(first), buffer);
      }
      if (!redirected) redirected.emplace(*state_, std::as_writable_bytes(buffer));
      auto found = state_->wait(wait, follow);
      if (!found) return found.error();
      if (*found == nullptr) continue;
      LaneReader<Records>& reader = (*found)->reader();
      follow = copy.follow(reader, state_->end().settings().patience);
      if (!follow) continue;  // its sender takes its time: waits until it has committed
      if (reader.packed()) [[unlikely]]
        return unpack_into(**found, buffer);
      const auto payload = reader.front();
      auto view = read_payload<T>(payload);
      if (!view) {
        reader.pop();
        return state_->told(**found, view.error());
      }
      if (payload.size() > buffer.size_bytes()) return too_small((*found)->who(), view->size(), buffer.size());
      if (!state_->take_redirected(**found)) copy.finish(payload);
      state_->end().count(1, payload.size());
      reader.pop();
      return view->size();
    }
  }

  /// Waits for one message and takes up to `most` (64 at most) of the same sender that are there.
  ReceivedBatch<T> receive_batch(std::size_t most, const Wait& wait = {}) {
    for (;;) {
      if (disturbed()) [[unlikely]] {
        if (auto first = before_lanes()) return *std::move(first);
      }
      auto lane = state_->wait(wait);
      if (!lane) return lane.error();
      if (*lane != nullptr) [[likely]]
        return take_batch(**lane, std::min(most, ReceivedBatch<T>::most));
    }
  }

  /// The next message once it is there, for `co_await`, wait_any, on_complete; `wait` ends it with timed_out or
  /// stopped.
  ///
  /// Several may be pending: each gets one message, in the order in which they were asked for. While one is pending,
  /// the service thread looks at the lanes when something rings, or a thread that waits for one does so itself (wait,
  /// take and get cost no hop); every call that receives otherwise is then Code::invalid_state, and arm() false.
  /// Nothing is lost: a receive that was cancelled took nothing, one to which nobody refers any more takes nothing, and
  /// what one had taken that went unseen is given first by the next call that receives.
  ///
  /// Allocates one operation from the thread's pool (core/task/frame_pool.hpp); when a message is there it makes no
  /// system call. What is told of the result runs on an executor, or on a thread for callbacks: never on the service
  /// thread. The result says why it failed as that of receive() does; exhausted as well, where that thread cannot
  /// start.
  Completion<Received<T>> receive_async(const Wait& wait = {}) {
    if (!state_ || state_->end().forked()) return failed(*unusable());
    if (subscribed_ && !subscribed_.test()) return failed(*taken_by_others());
    if (!queue_) {
      auto queue = ReceiveQueue<T>::make(*state_, passes_over_);
      if (!queue) return failed(queue.error());
      queue_ = std::move(*queue);
    }
    return queue_->receive(wait);
  }

  /// For patterns: asynchronous receives are not given what `passes_over` says, but what comes after it. To be said
  /// before the first of them.
  void pass_over(typename ReceiveQueue<T>::PassesOver passes_over) { passes_over_ = std::move(passes_over); }

  /// Hands every message to `callback`, in order and one at a time, until the subscription is stopped or goes, or all
  /// senders have closed. The callback takes a Received<T>, which it may keep, or a view that goes back when it
  /// returns.
  ///
  /// It runs on the executor of the options, else on a thread of the subscription's own; never on the service thread.
  /// While it runs, messages wait in their rings: a slow callback slows the senders down, and nothing is queued
  /// besides. It may stop or destroy its subscription, and this receiver. What it throws ends the subscription. Until
  /// the end, all other receiving is Code::invalid_state; status(), senders() and counters() are for the callback
  /// alone.
  ///
  /// Errors: invalid_state (another subscription, or asynchronous receives pending), exhausted, forked.
  template <TakesMessages<T> Callback>
  Result<Subscription> on_message(Callback callback, SubscriptionOptions options = {}) {
    if (auto error = unusable()) return *error;
    if (auto others = taken_by_others()) return *others;
    auto service = Service::with_callbacks();
    if (!service) return service.error();
    state_->awake();
    Subscription subscription(
        new MessageSubscription<T, Callback>(**service, *state_, queue_, std::move(options), std::move(callback)));
    subscribed_ = subscription.ended();
    state_->call(lent);
    if (auto started = this->subscription().start(); !started) return started.error();
    return subscription;
  }

  /// for (auto& message : receiver): each message is given back at the end of its turn. Ends when all senders closed or
  /// died; status() says whether one died.
  class Iterator;
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Fine, or the last thing that went wrong with a sender.
  Result<void> status() const {
    const auto owned = own();
    return state_ ? state_->status() : Result<void>(Code::invalid_state);
  }

  /// Becomes readable (poll, epoll) after arm() returned true, when there may be something to receive.
  int fd() const noexcept { return state_ ? state_->end().bell().descriptor() : -1; }
  /// Prepares for sleeping in the program's own poll loop. False: there is something now, receive first. No wake is
  /// lost between a true answer and poll. Ends with the next receiving call.
  bool arm() { return state_ && !state_->end().forked() && state_->arm(); }
  /// For WaitSet::add.
  Result<WaitSetEntry> wait_set_entry() {
    if (auto error = unusable()) return *error;
    if (auto others = taken_by_others()) return *others;
    return state_->wait_set_entry();
  }

  /// Senders that are there now, as far as they have been taken in.
  std::size_t senders() const noexcept {
    const auto owned = own();
    return state_ ? state_->senders() : 0;
  }
  /// Whether that sender is there, and was taken in. O(senders).
  bool has_sender(EndId sender) const noexcept {
    const auto owned = own();
    return state_ && state_->has(sender);
  }
  /// Waits until that sender was taken in. Errors: what receive() says of other senders meanwhile, timed_out, stopped.
  /// No message is taken; while some lie there, it does not sleep.
  Result<void> wait_for_sender(EndId sender, const Wait& wait = {}) {
    if (auto error = unusable()) return *error;
    if (auto others = taken_by_others()) return *others;
    state_->awake();
    return state_->wait_for(sender, wait);
  }
  /// Of this receiver.
  EndId id() const noexcept { return state_ ? state_->end().settings().id : EndId{}; }
  ChannelCounters counters() const {
    const auto owned = own();
    return state_ ? state_->end().metrics().counters() : ChannelCounters{};
  }
  const std::string& uri() const noexcept { return uri_; }

 private:
  Receiver(std::unique_ptr<State> state, std::string uri, ReceiverOptions options)
      : state_(std::move(state)), uri_(std::move(uri)), options_(std::move(options)) {}

  // Keeps others from the lanes for reading what they may be writing.
  std::unique_lock<std::mutex> own() const { return queue_ ? queue_->own() : std::unique_lock<std::mutex>(); }

  std::optional<Error> unusable() const {
    if (!state_)
      return Error(Code::invalid_state, "cannot receive from " + uri_).because("the receiver was moved from");
    if (state_->end().forked()) return forked_error("cannot receive from " + uri_);
    return std::nullopt;
  }

  // Why only others may look at the lanes now.
  std::optional<Error> taken_by_others() {
    const bool subscribed = subscribed_ && !subscribed_.test();
    if (!subscribed && (!queue_ || queue_->idle())) return std::nullopt;
    return Error(Code::invalid_state, "cannot receive from " + uri_)
        .because(subscribed ? "its messages go to a subscription" : "asynchronous receives are pending")
        .mend(subscribed ? "Stop the subscription first." : "Wait for them, or cancel them, first.");
  }

  SubscriptionState& subscription() const { return static_cast<SubscriptionState&>(*subscribed_.state()); }

  static Completion<Received<T>> failed(Error error) {
    Completer<Received<T>> completer;
    completer.complete(std::move(error));
    return completer.completion();
  }

  void told(Error error) {
    const auto owned = own();
    if (state_) state_->tell(std::move(error));
  }

  // Whether a receiving call must not simply look at the lanes.
  bool disturbed() const noexcept { return !state_ || state_->attention() != 0 || state_->end().forked(); }

  // What it gives instead then: an error, or a message that came back; nothing when it may look now.
  [[gnu::cold, gnu::noinline]] std::optional<Received<T>> before_lanes() {
    if (auto error = unusable()) return *error;
    if (auto others = taken_by_others()) return *others;
    state_->awake();
    return queue_ ? queue_->next_back() : std::nullopt;
  }

  // The rest of try_receive() and receive(), apart from them: so that these stay short enough to be inlined.
  [[gnu::noinline]] Received<T> try_receive_late() {
    const bool looked = !disturbed();
    if (!looked) {
      if (auto first = before_lanes()) return *std::move(first);
    }
    auto lane = looked ? state_->look_again() : state_->look();
    if (!lane) return lane.error();
    return take_front<T>(*state_, **lane);
  }

  [[gnu::noinline]] Received<T> receive_late(const Wait& wait) {
    for (;;) {
      if (disturbed()) {
        if (auto first = before_lanes()) return *std::move(first);
      }
      auto lane = state_->wait(wait);
      if (!lane) return lane.error();
      if (*lane != nullptr) return take_front<T>(*state_, **lane);
    }
  }

  template <class Element>
  Result<std::size_t> copy_back(Received<T> message, std::span<Element> buffer) {
    if (!message) return message.error();
    const std::size_t size = message->size();
    if (size > buffer.size()) {
      Error error = too_small(message.who(), size, buffer.size());
      queue_->put_back(std::move(message));
      return error;
    }
    std::ranges::copy(*message, buffer.begin());
    return size;
  }

  template <class Element>
  [[gnu::noinline]] Result<std::size_t> unpack_into(Lane& lane, std::span<Element> buffer) {
    LaneReader<Records>& reader = lane.reader();
    const std::uint64_t bytes = reader.unpacked_bytes();
    if (bytes % sizeof(Element) != 0) {
      reader.pop();
      return state_->told(lane, record::corrupted(Message<T>::describe(),
                                                  std::to_string(bytes) + " bytes are no whole number of elements"));
    }
    if (bytes > buffer.size_bytes()) return too_small(lane.who(), bytes / sizeof(Element), buffer.size());
    const std::uint64_t packed = reader.front().size();
    state_->end_redirect();  // what another sender's message has left in the buffer goes where it belongs
    if (const auto how = lane.unpack_into(std::as_writable_bytes(buffer).first(bytes)); how != Unpacked::whole) {
      return not_unpacked(*state_, lane, how);
    }
    state_->end().count(1, bytes);
    state_->end().metrics().add_packed(bytes, packed);
    reader.pop();
    return bytes / sizeof(Element);
  }

  Error too_small(std::string sender, std::size_t sent, std::size_t room) const {
    return state_->end()
        .error(Code::too_large)
        .peer(std::move(sender))
        .because("the message has " + std::to_string(sent) + " elements and the buffer takes " + std::to_string(room))
        .mend("Call again with a larger buffer: the message waits.");
  }

  ReceivedBatch<T> take_batch(Lane& lane, std::size_t most) {
    if (!lane.reader().can_hold()) return too_many_held(*state_, lane);
    typename ReceivedBatch<T>::Views views;
    std::uint64_t bytes = 0;
    do {
      auto payload = lane.reader().front();
      if (const auto how = unpack_front<T>(*state_, lane, payload, Stays::until_given_back); how != Unpacked::whole) {
        if (!views.empty()) break;  // told by the next call
        return not_unpacked(*state_, lane, how);
      }
      auto view = read_payload<T>(payload);
      if (!view) {
        if (!views.empty()) break;  // told by the next call
        lane.reader().pop();
        return state_->told(lane, view.error());
      }
      views.push_back(std::move(*view));
      bytes += payload.size();
      lane.reader().step();
    } while (views.size() < most && lane.reader().look() == Look::record);
    state_->end().count(views.size(), bytes);
    return ReceivedBatch<T>(lane, lane.reader().hold(), std::move(views));
  }

  std::unique_ptr<State> state_;
  std::shared_ptr<ReceiveQueue<T>> queue_;  // since the first asynchronous receive
  Completion<void> subscribed_;             // the end of the last subscription
  std::string uri_;
  ReceiverOptions options_;
  typename ReceiveQueue<T>::PassesOver passes_over_;
};

}  // namespace psyne::inline v0

#include <psyne/core/channel/receiver_iterator.hpp>  // completes it
