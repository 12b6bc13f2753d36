#pragma once

#include <psyne/core/atomics/step.hpp>
#include <psyne/core/channel/asynchronous/send_queue.hpp>
#include <psyne/core/channel/channel_options.hpp>
#include <psyne/core/channel/draft.hpp>
#include <psyne/core/channel/lane_type.hpp>
#include <psyne/core/channel/sender_state.hpp>
#include <psyne/core/completion/completer.hpp>
#include <psyne/core/copy/copy.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Sends messages of type T on a name. Many senders may open one name: each has a lane of its own, and order holds
/// within a lane. Used by one thread at a time; clone() gives another thread its own.
///
/// What was committed before close(), or before the process died, is delivered. Up to 8 KiB on a mapped transport,
/// sending makes no system call while the receiver is awake, allocates nothing and takes no lock.
///
/// Errors of every sending call: timed_out, stopped, peer_lost (the ring is full and its receiver is gone), too_large
/// (names the option), would_block (try_send, retry, callback), invalid_state (closed, moved from, a draft is open). Of
/// send_to and reserve_to, which are for delivery=routed, beside these: not_found, when no receiver of that id is here.
template <class T>
class Sender {
  using Records = RecordsOf<T>;
  using State = SenderState<Records>;

 public:
  /// `uri`: memory://name, ipc://name, ... Neither side needs to be there first; messages wait in the ring.
  static Result<Sender> open(std::string_view uri, const SenderOptions& options = {}) {
    auto end = SenderEnd::open(uri, options, lane_type_of<T>(), &make_outlet<Records>);
    if (!end) return end.error();
    return Sender(std::make_unique<State>(std::move(*end)), std::string(uri), options);
  }

  Sender(Sender&&) noexcept = default;
  Sender& operator=(Sender&& other) noexcept {
    Sender gone(std::move(*this));
    state_ = std::move(other.state_);
    queue_ = std::move(other.queue_);
    uri_ = std::move(other.uri_);
    options_ = std::move(other.options_);
    return *this;
  }
  /// Closes, waiting for as long as `linger` says.
  ~Sender() { drop(); }

  /// Another sender on the same name with the same options, with a lane and an id of its own.
  Result<Sender> clone() const {
    SenderOptions options = options_;
    options.id = {};
    return open(uri_, options);
  }

  /// One copy, into the ring.
  Result<void> send(const T& value, const Wait& wait = {})
    requires(Message<T>::fixed)
  {
    if (auto usable = enter(&wait); !usable) [[unlikely]]
      return usable;
    return put(value, wait);
  }
  /// The same to that receiver.
  Result<void> send_to(EndId receiver, const T& value, const Wait& wait = {})
    requires(Message<T>::fixed)
  {
    if (auto usable = enter(&wait); !usable) [[unlikely]]
      return usable;
    if (!state_->routed()) [[unlikely]] {
      state_->gate().leave();
      return not_routed();
    }
    const Route route(state_.get(), receiver);
    return put(value, wait);
  }

  /// The same for `co_await`, wait_any, on_complete: completes once the message is in the ring; `wait` ends it with
  /// timed_out or stopped. The value is copied.
  ///
  /// Several may be pending: they go in the order in which they were asked for. Every other call that sends waits until
  /// all have gone (try_send and writable do not, and have no room until then). Where when_full drops, none is pending;
  /// with all else it waits for room. One that was cancelled in time was not sent; one to which nobody refers any more
  /// is sent all the same. At the end of the sender, what did not find room within `linger` ends with Code::closed.
  ///
  /// While some wait, the service thread sees to them; a thread that waits for one (wait, take, get) does so itself.
  /// One operation from the thread's pool (core/task/frame_pool.hpp), no system call where there is room. What is told
  /// of the result runs on an executor, or on a thread for callbacks. Errors as those of send(); unsupported with
  /// delivery=routed.
  Completion<void> send_async(const T& value, const Wait& wait = {})
    requires(Message<T>::fixed)
  {
    return begin<FixedSend<T>>(value, wait);
  }

  /// The same, never waiting: would_block when there is no room, whatever when_full says.
  Result<void> try_send(const T& value)
    requires(Message<T>::fixed)
  {
    if (auto usable = enter(); !usable) [[unlikely]]
      return usable;
    std::byte* place = state_->try_room(sizeof(T));
    if (place != nullptr) {
      write(place, value);
      state_->commit(sizeof(T));
    }
    state_->gate().leave();
    return place != nullptr ? Result<void>() : Result<void>(Code::would_block);
  }

  /// All of them in order; publishes as many at once as lie side by side in the ring. On an error, `sent` says how many
  /// were sent.
  Result<void> send_batch(std::span<const T> values, const Wait& wait = {}, std::size_t* sent = nullptr)
    requires(Message<T>::fixed)
  {
    std::size_t done = 0;
    Result<void> result;
    while (result && done < values.size()) {
      const std::size_t count = send_some(values.subspan(done));
      done += count;
      if (count == 0) {
        result = send(values[done], wait);
        done += result ? 1 : 0;
      }
    }
    if (sent != nullptr) *sent = done;
    return result;
  }

  /// Room for one message inside the ring, to be filled and committed.
  Draft<T> reserve(const Wait& wait = {})
    requires(Message<T>::fixed)
  {
    return draft(sizeof(T), wait, [](std::byte* place) -> Result<T*> { return reinterpret_cast<T*>(place); });
  }

  /// The same to that receiver.
  Draft<T> reserve_to(EndId receiver, const Wait& wait = {})
    requires(Message<T>::fixed)
  {
    if (state_ && !state_->routed()) return not_routed();
    const Route route(state_.get(), receiver);
    return reserve(wait);
  }

  /// The same for messages of any size: `shape` says how large, in the message type's own terms.
  template <class Kind = Message<T>>
    requires(!Kind::fixed)
  Draft<T> reserve(const typename Kind::Shape& shape, const Wait& wait = {}) {
    auto bytes = Kind::bytes(shape);
    if (!bytes) return bytes.error();
    if (*bytes > longest()) [[unlikely]]
      return too_large(*bytes);
    return draft(*bytes, wait, [&](std::byte* place) { return Kind::write({place, *bytes}, shape); });
  }
  /// The same to that receiver.
  template <class Kind = Message<T>>
    requires(!Kind::fixed)
  Draft<T> reserve_to(EndId receiver, const typename Kind::Shape& shape, const Wait& wait = {}) {
    if (state_ && !state_->routed()) return not_routed();
    const Route route(state_.get(), receiver);
    return reserve(shape, wait);
  }
  /// The same, never waiting: would_block when there is no room at that receiver, whatever when_full says.
  template <class Kind = Message<T>>
    requires(!Kind::fixed)
  Draft<T> try_reserve_to(EndId receiver, const typename Kind::Shape& shape) {
    if (state_ && !state_->routed()) return not_routed();
    auto bytes = Kind::bytes(shape);
    if (!bytes) return bytes.error();
    if (*bytes > longest()) [[unlikely]]
      return too_large(*bytes);
    if (auto usable = enter(); !usable) [[unlikely]]
      return usable.error();
    const Route route(state_.get(), receiver);
    typename State::Room room{.place = state_->try_room(*bytes)};
    const bool is_here = room.place != nullptr || state_->reaches(receiver);
    state_->gate().leave();
    if (room.place == nullptr) [[unlikely]]
      return Error(is_here ? Code::would_block : Code::not_found);
    return open_draft(*bytes, room, [&](std::byte* place) { return Kind::write({place, *bytes}, shape); });
  }
  /// For patterns, see burst().
  class Burst {
   public:
    Burst(Burst&& other) noexcept
        : state_(std::exchange(other.state_, nullptr)), messages_(other.messages_), bytes_(other.bytes_) {}
    Burst& operator=(Burst&&) = delete;
    ~Burst() {
      if (state_ == nullptr) return;
      state_->count(messages_, bytes_);
      state_->gate().leave();
    }

    /// Room for a message of that many bytes at that receiver; null where there is none now, or it is not here.
    std::byte* try_reserve(Recipient& to, std::uint64_t bytes) noexcept { return state_->try_room_at(to, bytes); }
    /// Publishes what was written there, all of it.
    void commit(std::uint64_t bytes) noexcept {
      state_->writer().commit(bytes);
      ++messages_;
      bytes_ += bytes;
    }

   private:
    friend class Sender;
    explicit Burst(State& state) noexcept : state_(&state) {}

    State* state_;
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
  };
  /// Whether messages of that many bytes may go in a burst: others may be compressed, or are better copied in.
  bool bursts(std::uint64_t bytes) const noexcept { return state_ && state_->in_place(bytes); }
  /// For patterns. Routed: messages to several receivers in a row, none of which waits; what a draft costs for each is
  /// paid once. Nothing else is done with this sender while it lives.
  Result<Burst> burst() {
    if (state_ && !state_->routed()) return not_routed();
    if (auto usable = enter(); !usable) [[unlikely]]
      return usable.error();
    state_->end().care_for_orphans();
    return Burst(*state_);
  }

  /// Vectors: one copy of `values`, into the ring.
  template <class Kind = Message<T>>
    requires BareElements<Kind>
  Result<void> send(typename Kind::Readable values, const Wait& wait = {}) {
    const auto bytes = std::as_bytes(values);
    if (bytes.size() > (state_ ? state_->plain() : 0)) [[unlikely]]
      return send_long(bytes, wait);
    auto room = enter_room(bytes.size(), wait);
    if (!room) return room.error();
    if (!room->dropped) state_->send(bytes);
    state_->gate().leave();
    return {};
  }
  /// The same to that receiver.
  template <class Kind = Message<T>>
    requires BareElements<Kind>
  Result<void> send_to(EndId receiver, typename Kind::Readable values, const Wait& wait = {}) {
    if (state_ && !state_->routed()) return not_routed();
    const Route route(state_.get(), receiver);
    return send(values, wait);
  }
  /// Vectors, for `co_await`, wait_any, on_complete, as for messages of fixed size. `values` stay as they are until it
  /// has completed: long ones (32 KiB) are sent from there over sockets, without a copy, and complete when the
  /// receivers have taken them. So keep several under way, each in memory of its own: then they leave together.
  ///
  /// A deadline, a stop or a cancellation that comes after the message was sent, or another call that sends, has what
  /// receivers have not taken copied into the ring, and it completes then; as it does where nobody refers to it any
  /// more, and `values` are not read after that.
  template <class Kind = Message<T>>
    requires BareElements<Kind>
  Completion<void> send_async(typename Kind::Readable values, const Wait& wait = {}) {
    const auto bytes = std::as_bytes(values);
    if (state_ && bytes.size() > longest()) return failed(too_large(bytes.size()));
    return begin<ElementsSend<T>>(bytes, wait);
  }
  /// Tensors: elements of type Element in row-major order: reserve<std::uint8_t>({32, 3, 224, 224}).
  template <class Element, class Kind = Message<T>>
    requires(!Kind::fixed)
  Draft<T> reserve(const decltype(Kind::Shape::dims)& dimensions, const Wait& wait = {}) {
    return reserve(Kind::Shape::template of<Element>(dimensions), wait);
  }

  /// Whether a message of that many bytes would find room now.
  bool writable(std::uint64_t bytes = sizeof(T)) {
    if (!enter()) return false;
    const bool room = state_->try_room(bytes) != nullptr;
    state_->gate().leave();
    return room;
  }

  /// For WaitSet::add.
  Result<WaitSetEntry> wait_set_entry(std::size_t bytes) {
    if (auto usable = enter(); !usable) return usable.error();
    static_cast<void>(state_->gate().leave());
    if (!state_->routed()) return state_->wait_set_entry(bytes);
    return Error(Code::unsupported, "cannot wait for room at " + uri_)
        .because("its delivery is routed: room at one receiver is none at another");
  }

  /// No more is sent. Waits, at most `linger` (default: the option), until all that was committed is in the hands of
  /// receivers, and will reach them though this process ends; so too where a connection is broken (tcp.reconnect).
  /// Errors: timed_out, which says how many messages were not taken; these are lost then. Idempotent.
  Result<void> close(std::optional<std::chrono::nanoseconds> linger = {}) {
    if (!state_) return {};
    if (state_->end().forked()) return forked_error("cannot close " + uri_);
    if (state_->draft_open) return draft_is_open();
    const Wait wait(linger.value_or(state_->end().settings().linger));
    if (queue_ && !state_->end().closed()) queue_->close(wait);
    return state_->end().close(wait.deadline - Clock::now());
  }

  /// Receivers that are there now.
  std::size_t receivers() const { return state_ ? state_->end().receivers() : 0; }
  /// Their ids, in the order in which they came.
  std::vector<EndId> receiver_ids() {
    if (!state_ || state_->end().forked()) return {};
    const auto owned = own();
    const Inside inside(state_->gate());
    return state_->end().receiver_ids();
  }
  /// Routed: whether messages can be sent to that receiver now. O(log receivers).
  bool reaches(EndId receiver) {
    if (!state_ || !state_->routed() || state_->draft_open || state_->end().forked()) return false;
    const Inside inside(state_->gate());
    return state_->reaches(receiver);
  }
  /// Routed: no more is sent to that receiver. It gets what was sent to it, and is told that this sender closed; its
  /// ring stays until it has gone. False when it is not here. Not while a draft is open.
  bool close_to(EndId receiver) {
    if (!state_ || !state_->routed() || state_->draft_open || state_->end().forked()) return false;
    const Inside inside(state_->gate());
    return state_->end().close_to(receiver);
  }
  /// Grows whenever a receiver comes or goes; one load. Any thread, while this is not moved.
  std::uint64_t turnover() const noexcept { return state_ ? state_->end().turnover() : 0; }
  /// Waits until there is a receiver. Errors: timed_out, stopped, invalid_state, forked.
  Result<void> wait_for_receiver(const Wait& wait = {}) {
    if (auto usable = enter(&wait); !usable) return usable;
    auto met = state_->end().wait_for_receiver(wait);
    state_->gate().leave();
    return met;
  }
  /// Of this sender.
  EndId id() const noexcept { return state_ ? state_->end().settings().id : EndId{}; }
  ChannelCounters counters() const {
    const auto owned = own();
    return state_ ? state_->end().metrics().counters() : ChannelCounters{};
  }
  /// The largest message, in bytes.
  std::uint64_t longest() const { return state_ ? state_->longest() : 0; }
  const std::string& uri() const noexcept { return uri_; }

 private:
  Sender(std::unique_ptr<State> state, std::string uri, SenderOptions options)
      : state_(std::move(state)), uri_(std::move(uri)), options_(std::move(options)) {}

  /// Inside the gate.
  class Inside {
   public:
    explicit Inside(Gate<>& gate) noexcept : gate_(gate) { gate_.enter(); }
    ~Inside() { gate_.leave(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Gate<>& gate_;
  };

  /// While it lives, what the owner's thread sends goes to that receiver. Of no state: nothing.
  class Route {
   public:
    Route(State* state, EndId receiver) noexcept : state_(state) {
      if (state_ != nullptr) state_->route(receiver);
    }
    ~Route() {
      if (state_ != nullptr) state_->route({});
    }
    Route(const Route&) = delete;
    Route& operator=(const Route&) = delete;

   private:
    State* state_;
  };

  // Inside the gate, which it leaves.
  [[gnu::always_inline]] Result<void> put(const T& value, const Wait& wait) {
    std::byte* place = state_->try_room(sizeof(T));
    if (place == nullptr) [[unlikely]] {
      auto room = state_->make_room(sizeof(T), wait);
      if (!room || room->dropped) {
        state_->gate().leave();
        return room ? Result<void>() : Result<void>(room.error());
      }
      place = room->place;
    }
    write(place, value);
    state_->commit(sizeof(T));
    state_->gate().leave();
    return {};
  }

  // Too long for the ring, or to be packed where that makes it shorter.
  [[gnu::noinline]] Result<void> send_long(std::span<const std::byte> bytes, const Wait& wait) {
    if (bytes.size() > longest()) return too_large(bytes.size());
    auto room = enter_room(bytes.size(), wait);
    if (!room) return room.error();
    if (!room->dropped) {
      if (const std::uint64_t packed = state_->pack(bytes)) {
        state_->commit_packed(packed, bytes.size());
      } else {
        state_->send(bytes);
      }
    }
    state_->gate().leave();
    return {};
  }

  static void write(std::byte* place, const T& value) noexcept {
    step_within(place, &value, sizeof(T));
    if constexpr (sizeof(T) >= large_copy && !has_padding<T>) {
      copy_in(place, &value, sizeof(T));
    } else {
      copy_without_padding(place, value);
    }
  }

  Error too_large(std::uint64_t bytes) const {
    return Error(Code::too_large, "cannot send on " + uri_)
        .because("the message has " + std::to_string(bytes) + " bytes and this ring takes " + std::to_string(longest()))
        .mend("Raise capacity_bytes to twice the largest message.");
  }

  Error not_routed() const {
    return Error(Code::invalid_state, "cannot send on " + uri_)
        .because("a receiver was named, and its delivery is not routed")
        .mend("Open all its ends with delivery=routed, or use send().");
  }

  Error draft_is_open() const {
    return Error(Code::invalid_state, "cannot use " + uri_)
        .because("a draft of this sender is open")
        .mend("Commit or drop it first, or give each thread its own sender by clone().");
  }

  Result<void> usable() const {
    if (!state_ || state_->end().closed()) [[unlikely]] {
      return Error(Code::invalid_state, "cannot send on " + uri_).because("the sender was closed or moved from");
    }
    if (state_->end().forked()) [[unlikely]]
      return forked_error("cannot send on " + uri_);
    if (state_->draft_open) [[unlikely]]
      return draft_is_open();
    return {};
  }

  // On success the caller is inside the gate. Asynchronous sends go first; without `wait` they are not waited for.
  Result<void> enter(const Wait* wait = nullptr) {
    if (auto usable = this->usable(); !usable) [[unlikely]]
      return usable;
    if (state_->asynchronous) [[unlikely]] {
      if (auto idle = queue_->reclaim(wait); !idle) return idle;
      state_->asynchronous = false;
    }
    state_->gate().enter();
    return {};
  }

  // Keeps others from the lanes for reading what they may be writing.
  std::unique_lock<std::mutex> own() const { return queue_ ? queue_->own() : std::unique_lock<std::mutex>(); }

  static Completion<void> failed(Error error) {
    Completer<void> completer;
    completer.complete(std::move(error));
    return completer.completion();
  }

  template <class Operation, class Payload>
  Completion<void> begin(const Payload& payload, const Wait& wait) {
    if (auto usable = this->usable(); !usable) return failed(usable.error());
    if (state_->routed()) return failed(state_->end().not_here({}));
    if (state_->in_wait_set()) {
      return failed(Error(Code::invalid_state, "cannot send on " + uri_)
                        .because("this sender is in a WaitSet, which waits for room itself")
                        .mend("Take it out of the set, or use try_send()."));
    }
    if (!queue_) {
      auto queue = SendQueue<Records>::make(*state_);
      if (!queue) return failed(queue.error());
      queue_ = std::move(*queue);
    }
    state_->asynchronous = true;
    return queue_->send(*new Operation(queue_, payload), wait);
  }

  // On success the caller is inside the gate, with room for one message or where a dropped one goes.
  Result<typename State::Room> enter_room(std::uint64_t bytes, const Wait& wait) {
    if (auto usable = enter(&wait); !usable) [[unlikely]]
      return usable.error();
    typename State::Room room{.place = state_->try_room(bytes)};
    if (room.place != nullptr) [[likely]]
      return room;
    auto made = state_->make_room(bytes, wait);
    if (!made) state_->gate().leave();
    return made;
  }

  std::size_t send_some(std::span<const T> values) {
    if (state_ && !state_->one_ring()) return 0;  // one by one, so that they are spread over the receivers
    if (!enter()) return 0;
    LaneWriter<Records>& writer = state_->writer();
    const std::size_t count = writer.try_reserve_many(values.size(), sizeof(T));
    for (std::size_t i = 0; i < count; ++i) write(writer.reserved(i), values[i]);
    writer.commit_many(count, sizeof(T));
    state_->count(count, count * sizeof(T));
    state_->gate().leave();
    return count;
  }

  template <class View>
  Draft<T> draft(std::uint64_t bytes, const Wait& wait, View&& view) {
    auto room = enter_room(bytes, wait);
    if (!room) return room.error();
    state_->gate().leave();
    return open_draft(bytes, *room, view);
  }
  template <class View>
  Draft<T> open_draft(std::uint64_t bytes, const typename State::Room& found, View&& view) {
    const auto room = state_->staged(found, bytes);
    auto written = view(room.place);
    if (!written) return written.error();
    return Draft<T>(*state_, bytes, room, std::move(*written));
  }

  void drop() noexcept {
    if (state_ && state_->end().forked()) {
      static_cast<void>(state_.release());  // it is the parent's: its threads, locks and peers are not here
    } else if (state_ && state_->draft_open) {
      if (queue_) queue_->close(Wait(Deadline::min()));  // nothing waits beside a draft
      state_->abandoned = true;
      static_cast<void>(state_.release());
    } else if (state_ && queue_) {
      static_cast<void>(close());
    }
    state_.reset();
  }

  std::unique_ptr<State> state_;
  std::shared_ptr<SendQueue<Records>> queue_;  // null before the first asynchronous send
  std::string uri_;
  SenderOptions options_;
};

}  // namespace psyne::inline v0
