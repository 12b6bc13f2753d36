#include <psyne/core/service/life_line.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/transports/memory/meeting.hpp>

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
  MakeLinks make_links;
};

/// Who is present under one name, by side.
struct Meeting {
  std::array<std::vector<const Attendant*>, 2> sides;
};

/// By scheme and name; only the service thread touches it. A forked child begins with an empty one of its own.
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
  return Error(error.code(), "cannot connect " + name).because("the other end refused: " + error.text());
}

/// The whole of two ends' meeting: nothing travels, so nothing is waited for.
void introduce(const std::string& name, const Attendant& offerer, const Attendant& answerer) {
  Host& offering = *offerer.host;
  Host& answering = *answerer.host;
  auto links = offerer.make_links(name);
  if (!links) {
    offering.missed(nullptr, links.error());
    return answering.missed(nullptr, links.error());
  }
  auto& [offered, answered] = *links;
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

class MeetingPresence final : public Presence {
 public:
  MeetingPresence(Service& service, std::string name, Side side, Host& host, bool exclusive, MakeLinks make_links)
      : service_(service), name_(std::move(name)), side_(side), attendant_{&host, exclusive, std::move(make_links)} {}

  ~MeetingPresence() override {
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
      return Error(Code::in_use, "cannot open " + name_)
          .because("another end of the same side is present, and one of the two is to be the only one")
          .mend("Close the other first, or let both share the name (delivery).");
    }
    own.push_back(&attendant_);
    present_ = true;
    const auto others = meeting.sides[1 - index_of(side_)];
    for (const Attendant* other : others) {
      side_ == Side::offering ? introduce(name_, attendant_, *other) : introduce(name_, *other, attendant_);
    }
    return {};
  }

  std::string where() const override { return name_; }

 private:
  Service& service_;
  std::string name_;
  Side side_;
  Attendant attendant_;
  bool present_ = false;
  LifeLine line_;
};

}  // namespace

Result<std::unique_ptr<Presence>> meet_in_process(const Uri& uri, Side side, Host& host, const PresenceOptions& options,
                                                  MakeLinks make_links) {
  auto name = uri.name();
  if (!name) return name.error();
  auto service = Service::process();
  if (!service) return service.error();
  auto presence = std::make_unique<MeetingPresence>(**service, std::string(uri.scheme()) + "://" + name->text(), side,
                                                    host, options.exclusive, std::move(make_links));
  Result<void> appeared;
  (*service)->run([&] { appeared = presence->appear(); });
  if (!appeared) return appeared.error();
  return presence;
}

}  // namespace psyne::inline v0
