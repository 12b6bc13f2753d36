#pragma once

#include <psyne/patterns/publication/publisher_state.hpp>
#include <psyne/patterns/request/query_draft.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Publishes messages of type T under topics, to all subscribers that asked for a prefix of the topic: see Subscriber.
/// A topic is any bytes, at most 255. Subscribers tell what they want, so what nobody wants goes nowhere; each has a
/// ring of its own, so who is slow slows or loses as PublisherOptions::slow says, and takes nothing from others.
///
/// Used by one thread at a time. A subscriber that dies is no error. Order holds for each subscriber. Many publishers
/// may open one name.
///
/// Errors of publishing: too_large (the topic, or the message for the ring), timed_out and stopped (block: a subscriber
/// had no room; all others were sent it, and that one is told that it missed one), invalid_state (closed, moved from),
/// forked.
template <class T>
class Publisher {
  using State = PublisherState<T>;
  using Record = Publication<T>;

 public:
  /// `uri`: memory://name, ipc://name, tcp://*:port, ... Neither side needs to be there first.
  static Result<Publisher> open(std::string_view uri, const PublisherOptions& options = {}) {
    auto id = EndId::random();
    if (!id) return id.error();
    auto message_uri = part_uri(uri, "message");
    auto interest_uri = part_uri(uri, "interest");
    if (!message_uri) return message_uri.error();
    if (!interest_uri) return interest_uri.error();
    SenderOptions sending{.capacity_bytes = options.capacity_bytes,
                          .delivery = Delivery::routed,
                          .when_full = WhenFull::block,
                          .linger = options.linger,
                          .patience = options.patience,
                          .name = options.name,
                          .id = *id};
    auto messages = Sender<Record>::open(*message_uri, sending);
    if (!messages) return messages.error();
    ReceiverOptions receiving{.delivery = Delivery::all,
                              .patience = no_patience,
                              .wait_for_senders = true,
                              .name = options.name,
                              .id = *id,
                              .tell_closed = true};
    auto interests = Receiver<typename State::Wanted>::open(*interest_uri, receiving);
    if (!interests) return interests.error();
    auto state = std::make_unique<State>(std::move(*messages), std::move(*interests), std::string(uri), options);
    if (auto started = state->start(); !started) return started.error();
    return Publisher(std::move(state));
  }

  /// To how many subscribers it went.
  Result<std::size_t> publish(std::string_view topic, const T& value, const Wait& wait = {})
    requires(Message<T>::fixed)
  {
    const std::size_t bytes = Record::begin(topic.size()) + sizeof(T);
    if (auto may = may_publish(topic, bytes); !may) [[unlikely]]
      return may.error();
    const typename State::Inside inside(*state_);
    const auto write = [&](std::span<std::byte> record) {
      copy_without_padding(record.data() + Record::begin(topic.size()), value);
    };
    auto reached = state_->publish(topic, bytes, wait, write);
    if (state_->keeps()) keep(topic, bytes, write);
    return reached;
  }
  /// The same for messages of any size: `fill` writes it, once at most, in the ring where one subscriber alone wants
  /// it. Of what nobody wants it is not called.
  template <class Fill, class Kind = Message<T>>
    requires(!Kind::fixed)
  Result<std::size_t> publish(std::string_view topic, const ShapeOf<T>& shape, Fill&& fill, const Wait& wait = {}) {
    auto size = Kind::bytes(shape);
    if (!size) return size.error();
    const std::size_t bytes = Record::begin(topic.size()) + *size;
    if (auto may = may_publish(topic, bytes); !may) return may.error();
    const typename State::Inside inside(*state_);
    const std::size_t wanting = state_->wanting(topic).size();
    if (wanting == 1 && !state_->keeps()) {
      Result<void> written;
      auto reached = state_->publish(topic, bytes, wait, [&](std::span<std::byte> record) {
        written = write_message(record.subspan(Record::begin(topic.size())), shape, fill);
      });
      if (!written) return written.error();
      return reached;
    }
    if (wanting == 0 && !state_->keeps()) return state_->publish(topic, bytes, wait, [](std::span<std::byte>) {});
    const std::span<std::byte> own = beside(bytes);
    const auto message = own.subspan(Record::begin(topic.size()));
    if (auto written = write_message(message, shape, fill); !written) return written.error();
    const auto copy = [&](std::span<std::byte> record) {
      copy_in(record.data() + Record::begin(topic.size()), message.data(), message.size());
    };
    auto reached = state_->publish(topic, bytes, wait, copy);
    if (state_->keeps()) keep(topic, bytes, copy);
    return reached;
  }
  /// Vectors: a copy of `values` for each.
  template <class Kind = Message<T>>
    requires BareElements<Kind>
  Result<std::size_t> publish(std::string_view topic, typename Kind::Readable values, const Wait& wait = {}) {
    const auto from = std::as_bytes(values);
    const std::size_t bytes = Record::begin(topic.size()) + from.size();
    if (auto may = may_publish(topic, bytes); !may) return may.error();
    const typename State::Inside inside(*state_);
    const auto copy = [&](std::span<std::byte> record) {
      copy_in(record.data() + Record::begin(topic.size()), from.data(), from.size());
    };
    auto reached = state_->publish(topic, bytes, wait, copy);
    if (state_->keeps()) keep(topic, bytes, copy);
    return reached;
  }

  /// Subscribers that are there, and told what they want; those of them who want that topic.
  std::size_t subscribers() { return usable() ? state_->listening() : 0; }
  std::size_t subscribers(std::string_view topic) { return usable() ? state_->listening(topic) : 0; }
  /// Waits until there are so many: a subscriber gets what is published after it has come. Errors: timed_out, stopped.
  Result<void> wait_for_subscribers(std::size_t count, const Wait& wait = {}) {
    if (!usable()) return not_usable();
    return state_->wait_for_listening(count, wait);
  }

  /// Tells subscribers that no more follows, and waits until they have all; see Sender::close. Idempotent.
  Result<void> close(std::optional<std::chrono::nanoseconds> linger = {}) {
    return state_ ? state_->close(linger) : Result<void>();
  }

  PublisherCounters counters() const noexcept { return state_ ? state_->counters() : PublisherCounters{}; }
  /// Of this publisher: what a Published says.
  EndId id() const noexcept { return state_ ? state_->id() : EndId{}; }

 private:
  struct alignas(cache_line) Line {
    std::byte bytes[cache_line];
  };

  explicit Publisher(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

  bool usable() const noexcept { return state_ && !state_->closed(); }
  static Error not_usable() {
    return Error(Code::invalid_state, "cannot publish").because("the publisher was closed or moved from");
  }

  Result<void> may_publish(std::string_view topic, std::size_t bytes) const {
    if (!usable()) [[unlikely]]
      return not_usable();
    if (topic.size() > longest_topic) [[unlikely]] {
      return Error(Code::too_large, state_->what())
          .because("the topic has " + std::to_string(topic.size()) + " bytes, and one may have 255");
    }
    if (bytes > state_->longest()) [[unlikely]] {
      return Error(Code::too_large, state_->what())
          .because("topic and message have " + std::to_string(bytes) + " bytes and a ring takes " +
                   std::to_string(state_->longest()))
          .mend("Raise capacity_bytes to twice the largest message.");
    }
    return {};
  }

  template <class Fill>
  static Result<void> write_message(std::span<std::byte> record, const ShapeOf<T>& shape, Fill& fill) {
    auto writable = Message<T>::write(record, shape);
    if (!writable) return writable.error();
    fill(*writable);
    return {};
  }

  std::span<std::byte> beside(std::size_t bytes) {
    beside_.resize((bytes + cache_line - 1) / cache_line);
    return {reinterpret_cast<std::byte*>(beside_.data()), bytes};
  }

  template <class Write>
  void keep(std::string_view topic, std::size_t bytes, Write& write) {
    std::vector<std::byte> record(bytes);
    Record::write_front(record, {}, topic);
    write(std::span(record));
    state_->keep(topic, record);
  }

  std::unique_ptr<State> state_;
  std::vector<Line> beside_;  // messages that go to several
};

}  // namespace psyne::inline v0
