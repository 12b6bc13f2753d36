#pragma once

#include <psyne/patterns/publication/subscriber_state.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// What may be given published messages: takes a Published<T>, which it may keep, or topic and view.
template <class Callback, class T>
concept TakesPublished = std::invocable<Callback&, Published<T>> ||
                         std::invocable<Callback&, std::string_view, const typename Published<T>::View&>;

/// Gets messages of type T whose topic begins with one of its prefixes, from all publishers of a name: see Publisher.
/// Each once, though several prefixes match. Order holds for each publisher.
///
///   for (auto& [topic, tick] : bonds) plot(topic, tick);
///
/// Used by one thread at a time; subscribe() and unsubscribe() by any.
///
/// Errors of every receiving call: timed_out, stopped, would_block (try_receive); closed (all publishers have gone);
/// once for each publisher: peer_lost (it died; what it had sent was delivered), refused (it ended this subscription,
/// for messages were not taken in time: SlowSubscriber::disconnect), corrupted (it wrote nonsense), incompatible. After
/// these the others go on.
template <class T>
class Subscriber {
  using State = SubscriberState<T>;
  using Record = Publication<T>;

 public:
  /// Neither side needs to be there first; a publisher knows of it some moments later
  /// (Publisher::wait_for_subscribers). Errors: too_large (a prefix of more than 255 bytes, or 48 KiB of all).
  static Result<Subscriber> open(std::string_view uri, const SubscriberOptions& options = {}) {
    auto id = EndId::random();
    if (!id) return id.error();
    auto message_uri = part_uri(uri, "message");
    auto interest_uri = part_uri(uri, "interest");
    if (!message_uri) return message_uri.error();
    if (!interest_uri) return interest_uri.error();
    auto messages = Receiver<Record>::open(*message_uri, {.delivery = Delivery::routed,
                                                          .patience = options.patience,
                                                          .most_held = options.most_held,
                                                          .name = options.name,
                                                          .id = *id,
                                                          .tell_closed = true});
    if (!messages) return messages.error();
    Interest interest{.prefixes = options.topics, .replay = static_cast<std::uint32_t>(options.replay)};
    auto interests = InterestSender::open(*std::move(interest_uri), *id, options.name, std::move(interest));
    if (!interests) return interests.error();
    return Subscriber(std::make_unique<State>(std::move(*messages), std::move(*interests), std::string(uri),
                                              options.wait_for_publishers));
  }

  /// From now on, or rather from when publishers have heard of it, what begins with this as well.
  Result<void> subscribe(std::string_view prefix) { return state_ ? state_->interests().add(prefix) : moved_from(); }
  /// No more of it. What is under way comes still. not_found, where just this was not asked for.
  Result<void> unsubscribe(std::string_view prefix) {
    return state_ ? state_->interests().remove(prefix) : moved_from();
  }

  /// The next message; waits as long as `wait` allows.
  Published<T> receive(const Wait& wait = {}) {
    const bool usable = state_ && !state_->may_be_over();
    // It is made where the program wants it, and not moved: that would cost as much as receiving it.
    Published<T> next([&]() -> Received<Record> {
      return usable ? state_->messages().receive(wait) : Received<Record>(Code::invalid_state);
    });
    if (!usable) [[unlikely]] {
      next = receive_perhaps_over(wait);
    } else if (!state_->count(next.message_, next.missed_)) [[unlikely]] {
      next = receive_after(std::move(next.message_), wait);
    }
    return next;
  }
  /// The next message if there is one now.
  Published<T> try_receive() {
    if (!state_) return moved_from();
    for (;;) {
      auto next = state_->take(state_->messages().try_receive());
      if (!next) continue;
      if (!*next && next->error() == Code::would_block && state_->may_be_over()) {
        if (auto over = state_->over()) return *std::move(over);
      }
      return *std::move(next);
    }
  }
  /// The same for tasks: `co_await feed.receive_async(1s)`. One at a time; this subscriber may be moved meanwhile, and
  /// must not go.
  Task<Published<T>> receive_async(Wait wait = {}) {
    if (!state_) return failed_task(moved_from());
    return next_of(*state_, std::move(wait));
  }

  /// Hands every message to `callback`, as Receiver::on_message does, until the subscription is stopped or goes;
  /// on_error is told the rest, Code::closed when nobody is left.
  template <TakesPublished<T> Callback>
  Result<Subscription> on_message(Callback callback, SubscriptionOptions options = {}) {
    if (!state_) return moved_from();
    auto hand_over = [state = state_.get(), callback = std::move(callback),
                      told = options.on_error](Received<Record> message) mutable {
      auto published = state->take(std::move(message));
      if (!published) return;
      if (!*published) {
        if (told) told(published->error());
      } else if constexpr (std::invocable<Callback&, Published<T>>) {
        callback(*std::move(published));
      } else {
        callback(published->topic(), **published);
      }
    };
    options.on_error = [state = state_.get(), told = std::move(options.on_error)](const Error& error) {
      const auto failed = state->take(Received<Record>(error));
      if (failed && told) told(failed->error());
    };
    return state_->messages().on_message(std::move(hand_over), std::move(options));
  }

  /// for (auto& [topic, value] : subscriber): each is given back at the end of its turn. Ends when all publishers have
  /// gone; status() says whether one died, lied or ended this subscription.
  class Iterator {
   public:
    using value_type = Published<T>;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Subscriber& subscriber) : subscriber_(&subscriber) { find(); }
    Published<T>& operator*() noexcept { return *message_; }
    Published<T>* operator->() noexcept { return &*message_; }
    Iterator& operator++() {
      message_.reset();  // its place goes back before the next is waited for
      find();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !message_; }

   private:
    void find() {
      while (!message_) {
        Published<T> next = subscriber_->receive();
        if (next) {
          message_.emplace(std::move(next));
        } else if (subscriber_->ends(next.error())) {
          return;
        }
      }
    }

    Subscriber* subscriber_;
    std::optional<Published<T>> message_;
  };
  Iterator begin() { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }
  /// Fine, or the last thing that went wrong with a publisher during such a loop.
  const Result<void>& status() const noexcept { return status_; }

  /// Publishers that are there now, as far as they have been taken in.
  std::size_t publishers() const { return state_ ? state_->publishers() : 0; }
  SubscriberCounters counters() const noexcept { return state_ ? state_->counters() : SubscriberCounters{}; }
  /// Of this subscriber.
  EndId id() const noexcept { return state_ ? state_->messages().id() : EndId{}; }
  /// As those of Receiver.
  int fd() const noexcept { return state_ ? state_->messages().fd() : -1; }
  bool arm() { return state_ && state_->messages().arm(); }
  /// For WaitSet::add.
  Result<WaitSetEntry> wait_set_entry() {
    if (!state_) return moved_from();
    return state_->messages().wait_set_entry();
  }

 private:
  // The rest of receive(), apart from it: what is not simply the next message.
  [[gnu::noinline]] Published<T> receive_after(Received<Record> other, const Wait& wait) {
    if (auto next = state_->take_other(std::move(other))) return *std::move(next);
    return receive_perhaps_over(wait);
  }
  [[gnu::noinline]] Published<T> receive_perhaps_over(const Wait& wait) {
    if (!state_) return moved_from();
    for (;;) {
      if (state_->may_be_over()) {
        auto next = try_receive();
        if (next || next.error() != Code::would_block || state_->may_be_over()) return next;
      }
      if (auto next = state_->take(state_->messages().receive(wait))) return *std::move(next);
    }
  }

  explicit Subscriber(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

  static Error moved_from() {
    return Error(Code::invalid_state, "cannot receive").because("the subscriber was moved from");
  }

  static Task<Published<T>> failed_task(Error error) { co_return error; }
  static Task<Published<T>> next_of(State& state, Wait wait) {
    for (;;) {
      if (auto next = state.take(co_await state.messages().receive_async(wait))) co_return *std::move(next);
    }
  }

  bool ends(const Error& error) {
    if (error == Code::closed) return true;
    status_ = error;
    if (error == Code::invalid_state || error == Code::exhausted || error == Code::forked) return true;
    return publishers() == 0 && !state_->waits_for_publishers();
  }

  std::unique_ptr<State> state_;
  Result<void> status_;
};

}  // namespace psyne::inline v0
