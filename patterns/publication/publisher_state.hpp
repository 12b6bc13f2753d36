#pragma once

#include <psyne/core/channel/gate.hpp>
#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/publication/audience.hpp>
#include <psyne/patterns/publication/kept_messages.hpp>
#include <psyne/patterns/publication/publication.hpp>
#include <psyne/patterns/publication/publication_options.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Both channels of a publisher. What subscribers want comes on a thread of its own and is taken in by visits to the
/// gate; the publisher's thread works inside it. So publishing pays two stores and two loads for it, and who comes is
/// served though nothing is published.
template <class T>
class PublisherState {
 public:
  using Record = Publication<T>;
  using Wanted = Envelope<InterestHeader, ByteVector>;

  PublisherState(Sender<Record> messages, Receiver<Wanted> interests, std::string uri, const PublisherOptions& options)
      : what_("cannot publish at " + std::move(uri)),
        options_(options),
        kept_(options.keep),
        messages_(std::move(messages)),
        interests_(std::move(interests)) {}
  ~PublisherState() { static_cast<void>(close({})); }
  PublisherState(const PublisherState&) = delete;
  PublisherState& operator=(const PublisherState&) = delete;

  /// Once, before anything else.
  Result<void> start() {
    auto subscription =
        interests_.on_message([this](Received<Wanted> message) { take_in(message); },
                              {.executor = options_.executor, .on_error = [this](const Error&) { forget_gone(); }});
    if (!subscription) return subscription.error();
    subscription_.emplace(std::move(*subscription));
    return {};
  }

  /// Inside the gate.
  class Inside {
   public:
    explicit Inside(PublisherState& state) : gate_(state.gate_) {
      gate_.enter();
      state.look_for_turnover();
    }
    ~Inside() { gate_.leave(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Gate<>& gate_;
  };

  const std::string& what() const noexcept { return what_; }
  EndId id() const noexcept { return messages_.id(); }
  const PublisherCounters& counters() const noexcept { return counters_; }
  bool closed() const noexcept { return !subscription_; }

  /// Inside. Those who want it, some of whom may not listen.
  const std::vector<Listener*>& wanting(std::string_view topic) { return audience_.wanting(topic); }
  bool keeps() const noexcept { return kept_.keeps(); }

  /// Inside. Sends a record of `bytes`, which `write(record)` writes, header aside, to all who want its topic. To how
  /// many it went; the first error.
  template <class Write>
  Result<std::size_t> publish(std::string_view topic, std::size_t bytes, const Wait& wait, Write&& write) {
    PublicationHeader header{.topic = static_cast<std::uint16_t>(topic.size())};
    ++counters_.published;
    std::size_t reached = 0;
    const std::vector<Listener*>& wanting = audience_.wanting(topic);
    late_.clear();
    if (messages_.bursts(bytes)) [[likely]] {
      auto burst = messages_.burst();
      if (!burst) [[unlikely]]
        return burst.error();
      for (Listener* listener : wanting) {
        if (listener->state != State::listening) [[unlikely]]
          continue;
        std::byte* const place = burst->try_reserve(listener->recipient, bytes);
        if (place == nullptr) [[unlikely]] {
          late_.push_back(listener);
          continue;
        }
        header.number = listener->number + 1;
        write_record({place, bytes}, header, topic, write);
        burst->commit(bytes);
        listener->number = header.number;
        ++reached;
      }
    } else {
      std::ranges::copy_if(wanting, std::back_inserter(late_),
                           [](const Listener* listener) { return listener->state == State::listening; });
    }
    std::optional<Error> failed;
    for (Listener* listener : late_) {
      auto draft = messages_.try_reserve_to(listener->id(), bytes);
      if (!draft) {
        auto room = make_room(*listener, bytes, draft.error(), wait, failed);
        if (!room) continue;
        send(*listener, *room, header, topic, write);
      } else {
        send(*listener, draft, header, topic, write);
      }
      ++reached;
    }
    counters_.delivered += reached;
    if (failed) return *std::move(failed);
    return reached;
  }
  /// Inside: for those who come later.
  void keep(std::string_view topic, std::span<const std::byte> record) { kept_.add(topic, record); }
  /// The longest record.
  std::uint64_t longest() const { return messages_.longest(); }

  /// Listening now; those who want that topic, or all.
  std::size_t listening() {
    const Inside inside(*this);
    return listening_inside();
  }
  std::size_t listening(std::string_view topic) {
    const Inside inside(*this);
    return static_cast<std::size_t>(
        std::ranges::count(audience_.wanting(topic), Listener::State::listening, &Listener::state));
  }

  Result<void> wait_for_listening(std::size_t count, const Wait& wait) {
    // Lanes come without a word to us: between prefixes and lane there are some milliseconds at most.
    constexpr auto moment = std::chrono::milliseconds(2);
    const StopCallback wake(wait.stop, [this] { told_.notify_all(); });
    for (;;) {
      const std::size_t there = listening();
      if (there >= count) return {};
      if (wait.stop.stop_requested()) return wait.stop.error(what_);
      const Deadline now = Clock::now();
      if (now >= wait.deadline) {
        return Error(Code::timed_out, what_)
            .because(std::to_string(there) + " subscribers had come of " + std::to_string(count) +
                     " that were waited for");
      }
      std::unique_lock lock(told_mutex_);
      told_.wait_until(lock, std::min(wait.deadline, now + moment));
    }
  }

  Result<void> close(std::optional<std::chrono::nanoseconds> linger) {
    if (closed()) return {};
    subscription_.reset();
    gate_.close();
    const std::optional<std::chrono::nanoseconds> limit = linger ? linger : options_.linger;
    const Wait wait = limit ? Wait(*limit) : Wait(std::chrono::seconds(1));
    for (const auto& [id, listener] : audience_.all()) {
      if (listener->state == Listener::State::listening) say(*listener, PublicationKind::end, wait);
    }
    return messages_.close(limit);
  }

 private:
  using State = Listener::State;

  template <class Write>
  static void write_record(std::span<std::byte> record, const PublicationHeader& header, std::string_view topic,
                           Write& write) {
    Record::write_front(record, header, topic);
    write(record);
  }
  template <class Write>
  void send(Listener& listener, Draft<Record>& draft, PublicationHeader header, std::string_view topic, Write& write) {
    header.number = listener.number + 1;
    write_record(draft->record, header, topic, write);
    static_cast<void>(draft.commit());
    listener.number = header.number;
  }

  // There was none: does what the policy says. Nothing where the message is not for this subscriber after all.
  std::optional<Draft<Record>> make_room(Listener& listener, std::size_t bytes, const Error& why, const Wait& wait,
                                         std::optional<Error>& failed) {
    if (why == Code::not_found) {
      listener.state = State::awaited;
      return std::nullopt;
    }
    if (why != Code::would_block) {
      if (!failed) failed = why;
      return std::nullopt;
    }
    if (options_.slow == SlowSubscriber::disconnect) {
      listener.state = State::cut_off;
      ++counters_.disconnected;
      messages_.close_to(listener.id());
      return std::nullopt;
    }
    if (options_.slow == SlowSubscriber::block) {
      auto draft = messages_.reserve_to(listener.id(), bytes, wait);
      if (draft) return draft;
      if (draft.error() == Code::not_found || draft.error() == Code::peer_lost) {
        listener.state = State::awaited;
        return std::nullopt;
      }
      if (!failed) failed = draft.error();
    }
    ++listener.number;  // by which the subscriber is told
    ++counters_.dropped;
    return std::nullopt;
  }

  // Inside. A record without a message.
  void say(const Listener& listener, PublicationKind kind, const Wait& wait) {
    auto draft = messages_.reserve_to(listener.id(), sizeof(PublicationHeader), wait);
    if (!draft) return;
    Record::write_front(draft->record, {.number = listener.number, .kind = kind}, {});
    static_cast<void>(draft.commit());
  }

  // Inside. Receivers come and go on the service thread.
  void look_for_turnover() {
    if (const std::uint64_t turnover = messages_.turnover(); turnover != turnover_) [[unlikely]] {
      turnover_ = turnover;  // before the look: what changes after it is seen next time
      meet();
    }
  }
  [[gnu::noinline]] void meet() {
    std::vector<EndId> there = messages_.receiver_ids();
    std::ranges::sort(there);
    for (const auto& [id, listener] : audience_.all()) {
      const bool is_there = std::ranges::binary_search(there, id);
      if (is_there && listener->state == State::awaited) begin(*listener);
      if (!is_there && listener->state == State::listening) listener->state = State::awaited;
    }
    for (const EndId id : there) {
      if (audience_.find(id) != nullptr || std::ranges::binary_search(greeted_, id)) continue;
      // It came before this publisher, and told others.
      auto draft = messages_.try_reserve_to(id, sizeof(PublicationHeader));
      if (!draft) continue;
      Record::write_front(draft->record, {.kind = PublicationKind::greeting}, {});
      static_cast<void>(draft.commit());
    }
    greeted_ = std::move(there);
  }

  void begin(Listener& listener) {
    listener.state = State::listening;
    listener.number = 0;
    replay(listener, {});
  }

  // What was kept, and is wanted now and was not before.
  void replay(Listener& listener, const Interest& before) {
    const Interest& now = listener.interest;
    const auto wanted = [&](std::string_view topic) { return now.matches(topic) && !before.matches(topic); };
    for (const KeptMessages::Kept* kept : kept_.newest(now.replay, wanted)) {
      auto draft = messages_.try_reserve_to(listener.id(), kept->record.size());
      ++listener.number;
      if (!draft) {
        ++counters_.dropped;
        continue;
      }
      std::ranges::copy(kept->record, draft->record.begin());
      const PublicationHeader header{.number = listener.number,
                                     .kind = PublicationKind::replayed,
                                     .topic = static_cast<std::uint16_t>(kept->topic.size())};
      std::memcpy(draft->record.data(), &header, sizeof header);
      static_cast<void>(draft.commit());
      ++counters_.delivered;
    }
  }

  std::size_t listening_inside() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        audience_.all(), [](const auto& listener) { return listener.second->state == State::listening; }));
  }

  // The thread on which interests come, as all that follows.
  void take_in(const Received<Wanted>& message) {
    const auto bytes = message->body();
    const std::vector<std::byte> own(
        bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), longest_interest + 1)));
    auto interest = Interest::decode(own);
    if (!interest) return;  // nonsense: it gets what it asked for before
    const EndId id = message.sender();
    if (std::ranges::find(known_, id) == known_.end()) known_.push_back(id);
    const auto listens = std::make_shared<std::atomic<bool>>(false);
    const bool in_a_hurry = interest->replay != 0 && kept_.keeps();
    visit([this, id, listens, interest = *std::move(interest)] {
      const Interest before = audience_.set(id, interest);
      Listener& listener = *audience_.find(id);
      if (listener.state == State::listening) replay(listener, before);
      look_at(id);
      listens->store(listener.state != State::awaited);
    });
    // Its lane comes by itself, without a word to us, and perhaps nothing is published for a long time.
    constexpr int moments = 250;
    for (int moment = 0; in_a_hurry && moment < moments && !listens->load(); ++moment) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      visit([this, id, listens] {
        look_at(id);
        const Listener* listener = audience_.find(id);
        listens->store(listener == nullptr || listener->state != State::awaited);
      });
    }
  }
  void look_at(EndId id) {
    look_for_turnover();
    Listener* listener = audience_.find(id);
    if (listener != nullptr && listener->state == State::awaited && messages_.reaches(id)) begin(*listener);
  }

  void forget_gone() {
    std::erase_if(known_, [this](EndId id) {
      if (interests_.has_sender(id)) return false;
      visit([this, id] { audience_.remove(id); });
      return true;
    });
  }

  void visit(std::function<void()> work) {
    gate_.visit([this, work = std::move(work)] {
      work();
      told_.notify_all();
    });
  }

  const std::string what_;
  const PublisherOptions options_;
  Gate<> gate_;
  Audience audience_;           // inside the gate, as all that follows
  std::vector<EndId> greeted_;  // ordered: who was here at the last look
  std::uint64_t turnover_ = ~std::uint64_t{0};
  KeptMessages kept_;
  PublisherCounters counters_;
  std::vector<Listener*> late_;  // of publish(): those that are sent a draft
  Sender<Record> messages_;

  std::mutex told_mutex_;
  std::condition_variable told_;
  std::vector<EndId> known_;  // the thread on which interests come
  Receiver<Wanted> interests_;
  std::optional<Subscription> subscription_;  // goes before what its callback uses
};

}  // namespace psyne::inline v0
