#include <psyne/core/service/service.hpp>
#include <psyne/transports/mapped/life_line.hpp>
#include <psyne/transports/memory/memory_link.hpp>
#include <psyne/transports/memory/memory_transport.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

namespace psyne::inline v0 {

namespace {

struct Attendant {
  Host* host;
  bool exclusive;
};

/// Who is present under one name, by side.
struct Meeting {
  std::array<std::vector<const Attendant*>, 2> sides;
};

/// By name; only the service thread touches it. A forked child begins with an empty one of its own.
struct Table {
  LifeLine line;
  std::map<std::string, Meeting> meetings;
};

Table& table() {
  static Table* current = nullptr;  // never destroyed: ends may close during static destruction
  if (current == nullptr || current->line.forked()) current = new Table;
  return *current;
}

std::size_t index_of(Side side) { return side == Side::offering ? 0 : 1; }

Error refused_by_peer(const std::string& name, const Error& error) {
  return Error(error.code(), "cannot connect memory://" + name).because("the other end refused: " + error.text());
}

/// The whole of two ends' meeting: nothing travels, so nothing is waited for.
void introduce(const std::string& name, Host& offering, Host& answering) {
  auto [offered, answered] = MemoryLink::make_pair(name);
  auto offer = offering.offer(*offered);
  if (!offer) {
    offering.missed(offered.get(), offer.error());
    return answering.missed(nullptr, refused_by_peer(name, offer.error()));
  }
  auto answer = answering.answer(*answered, std::move(*offer));
  if (!answer) {
    offering.missed(offered.get(), refused_by_peer(name, answer.error()));
    return answering.missed(answered.get(), answer.error());
  }
  const Link* const lent = offered.get();
  if (auto admitted = offering.admit(offered, std::move(*answer)); !admitted) {
    offering.missed(lent, admitted.error());
    return answering.missed(answered.get(), refused_by_peer(name, admitted.error()));
  }
  answering.welcome(std::move(answered));
}

class MemoryPresence final : public Presence {
 public:
  MemoryPresence(Service& service, std::string name, Side side, Host& host, bool exclusive)
      : service_(service), name_(std::move(name)), side_(side), attendant_{&host, exclusive} {}

  ~MemoryPresence() override {
    if (line_.forked() || !present_) return;
    service_.run([this] {
      Meeting& meeting = table().meetings[name_];
      std::erase(meeting.sides[index_of(side_)], &attendant_);
      if (meeting.sides[0].empty() && meeting.sides[1].empty()) table().meetings.erase(name_);
    });
  }

  /// On the service thread.
  Result<void> appear() {
    Meeting& meeting = table().meetings[name_];
    auto& own = meeting.sides[index_of(side_)];
    const bool taken = std::ranges::any_of(own, [](const Attendant* other) { return other->exclusive; });
    if (taken || (attendant_.exclusive && !own.empty())) {
      return Error(Code::in_use, "cannot open memory://" + name_)
          .because("another end of the same side is present, and one of the two is to be the only one")
          .mend("Close the other first, or let both share the name (delivery).");
    }
    own.push_back(&attendant_);
    present_ = true;
    const auto others = meeting.sides[1 - index_of(side_)];
    for (const Attendant* other : others) {
      side_ == Side::offering ? introduce(name_, *attendant_.host, *other->host)
                              : introduce(name_, *other->host, *attendant_.host);
    }
    return {};
  }

  std::string where() const override { return "memory://" + name_; }

 private:
  Service& service_;
  std::string name_;
  Side side_;
  Attendant attendant_;
  bool present_ = false;
  LifeLine line_;
};

class MemoryTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "memory"; }
  Result<std::string> available() const override { return std::string("between threads of one process"); }
  bool maps() const override { return true; }
  bool needs_shareable() const override { return false; }

  Result<std::unique_ptr<Presence>> appear(const Uri& uri, Side side, Host& host,
                                           const PresenceOptions& options) override {
    auto name = uri.name();
    if (!name) return name.error();
    auto service = Service::process();
    if (!service) return service.error();
    auto presence = std::make_unique<MemoryPresence>(**service, name->text(), side, host, options.exclusive);
    Result<void> appeared;
    (*service)->run([&] { appeared = presence->appear(); });
    if (!appeared) return appeared.error();
    return presence;
  }
};

}  // namespace

Transport& memory_transport() {
  static MemoryTransport transport;
  return transport;
}

}  // namespace psyne::inline v0
