#pragma once

#include <psyne/core/transport/bell.hpp>
#include <psyne/core/transport/transport.hpp>

#include "conformance/address.hpp"

#include <condition_variable>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace conformance {

using namespace std::chrono_literals;

/// Every wait of the suite ends after this, so that what never comes is a failure and no hang.
inline constexpr auto patience = 30s;

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}
inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A channel end reduced to what a transport sees of it: greets by `words` and `regions`, keeps the links it gets.
class End final : public psyne::Host {
 public:
  explicit End(std::string words = "hello") : words_(std::move(words)) {}

  /// Regions that go with every greeting; they outlive this end.
  struct Exposed {
    const psyne::Region* region;
    psyne::Access access;
  };
  std::vector<Exposed> regions;
  /// Says no instead, at offer or answer (by word), or at admit.
  std::function<psyne::Result<void>(const std::string& their_words)> judge;

  struct Met {
    std::unique_ptr<psyne::Link> link;
    std::string words;                         ///< what the peer said
    std::vector<psyne::RemoteRegion> regions;  ///< what it exposed
    std::vector<psyne::RemoteSpan> exposed;    ///< what this end exposed to it, without descriptors
  };

  void appear(psyne::Transport& transport, const Address& address, psyne::Side side,
              const psyne::PresenceOptions& options = {}) {
    presence_ = transport.appear(address.of(side), side, *this, options).value();
  }
  psyne::Result<void> try_appear(psyne::Transport& transport, const Address& address, psyne::Side side,
                                 const psyne::PresenceOptions& options = {}) {
    auto presence = transport.appear(address.of(side), side, *this, options);
    if (!presence) return presence.error();
    presence_ = std::move(*presence);
    return {};
  }
  void disappear() { presence_.reset(); }
  psyne::Presence& presence() { return *presence_; }

  /// The next link, or one without where none came.
  Met next() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return !met_.empty(); });
    if (met_.empty()) return {};
    Met met = std::move(met_.front());
    met_.erase(met_.begin());
    return met;
  }
  /// The next report of a missed peer; success where none came.
  psyne::Result<void> next_missed() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return !missed_.empty(); });
    if (missed_.empty()) return {};
    psyne::Error error = missed_.front();
    missed_.erase(missed_.begin());
    return error;
  }
  std::size_t count_met() {
    const std::lock_guard lock(mutex_);
    return met_.size();
  }
  std::size_t count_missed() {
    const std::lock_guard lock(mutex_);
    return missed_.size();
  }

  psyne::Result<psyne::Greeting> offer(psyne::Link& link) override { return greet(link); }
  psyne::Result<psyne::Greeting> answer(psyne::Link& link, psyne::Greeting offer) override {
    const std::string words = text_of(offer.bytes);
    if (judge) {
      if (auto judged = judge(words); !judged) return judged.error();
    }
    auto greeting = greet(link);
    if (!greeting) return greeting;
    if (auto taken = take(link, std::move(offer)); !taken) return taken.error();
    return greeting;
  }
  psyne::Result<void> admit(std::unique_ptr<psyne::Link>& link, psyne::Greeting answer) override {
    if (judge) {
      if (auto judged = judge(text_of(answer.bytes)); !judged) return judged;
    }
    if (auto taken = take(*link, std::move(answer)); !taken) return taken.error();
    keep(std::move(link));
    return {};
  }
  void welcome(std::unique_ptr<psyne::Link> link) override { keep(std::move(link)); }
  void missed(const psyne::Link* link, const psyne::Error& error) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(lent_, [&](const auto& lent) { return lent.first == link; });
    missed_.push_back(error);
    changed_.notify_all();
  }

 private:
  psyne::Result<psyne::Greeting> greet(psyne::Link& link) {
    psyne::Greeting greeting;
    greeting.bytes = bytes_of(words_);
    Met met;
    for (const auto& [region, access] : regions) {
      auto span = link.expose(*region, access);
      if (!span) return span.error();
      met.exposed.push_back({.offset = span->offset,
                             .length = span->length,
                             .generation = span->generation,
                             .access = span->access,
                             .key = span->key,
                             .descriptor = {},
                             .owner = nullptr});
      greeting.spans.push_back(std::move(*span));
    }
    const std::lock_guard lock(mutex_);
    lent_.emplace_back(&link, std::move(met));
    return greeting;
  }
  psyne::Result<void> take(psyne::Link& link, psyne::Greeting greeting) {
    const std::lock_guard lock(mutex_);
    for (auto& [lent, met] : lent_) {
      if (lent != &link) continue;
      met.words = text_of(greeting.bytes);
      for (auto& span : greeting.spans) {
        auto region = link.attach(std::move(span));
        if (!region) return region.error();
        met.regions.push_back(std::move(*region));
      }
    }
    return {};
  }
  void keep(std::unique_ptr<psyne::Link> link) {
    const std::lock_guard lock(mutex_);
    for (auto lent = lent_.begin(); lent != lent_.end(); ++lent) {
      if (lent->first != link.get()) continue;
      lent->second.link = std::move(link);
      met_.push_back(std::move(lent->second));
      lent_.erase(lent);
      break;
    }
    changed_.notify_all();
  }

  std::string words_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<const psyne::Link*, Met>> lent_;
  std::vector<Met> met_;
  std::vector<psyne::Error> missed_;
  std::unique_ptr<psyne::Presence> presence_;  // goes first
};

/// Waits until `condition`, moving the links meanwhile; false where it never came.
template <class Condition>
bool eventually(Condition condition, std::initializer_list<psyne::Link*> links = {}) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    for (psyne::Link* link : links) static_cast<void>(link->progress().has_value());
    std::this_thread::sleep_for(100us);
  }
  return true;
}

/// Two ends that met: each has a region that the other may write and one that it may only read.
struct Couple {
  static psyne::Region region(psyne::Transport& transport, psyne::Access others, std::size_t bytes) {
    return psyne::Region::allocate(bytes, "test", {.shareable = transport.needs_shareable(), .others = others}).value();
  }

  explicit Couple(psyne::Transport& transport, const Address& address, std::size_t bytes = 64 << 10) {
    for (auto* side : {&offering, &answering}) {
      side->window = region(transport, psyne::Access::write, bytes);
      side->shown = region(transport, psyne::Access::read, bytes);
      side->end.regions = {{&side->window, psyne::Access::write}, {&side->shown, psyne::Access::read}};
    }
    offering.end.appear(transport, address, psyne::Side::offering);
    answering.end.appear(transport, address, psyne::Side::answering);
    offering.met = offering.end.next();
    answering.met = answering.end.next();
  }
  bool complete() const { return offering.met.link && answering.met.link; }

  struct Side {
    psyne::Region window, shown;
    End end;
    End::Met met;
    psyne::Link& link() { return *met.link; }
    /// The peer's window.
    psyne::RemoteRegion& target() { return met.regions[0]; }
  };
  Side offering, answering;
};

}  // namespace conformance
