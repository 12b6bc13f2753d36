#include <psyne/core/config/config.hpp>
#include <psyne/transports/memory/meeting.hpp>
#include <psyne/transports/sim/sim_link.hpp>
#include <psyne/transports/sim/sim_transport.hpp>

#include <atomic>

namespace psyne::inline v0 {

namespace {

std::atomic<SimTime*>& time_of_links() {
  static std::atomic<SimTime*> time{&real_time()};
  return time;
}

class SimTransport final : public Transport {
 public:
  SimTransport() { SimSettings::know_options(); }

  std::string_view scheme() const override { return "sim"; }
  Result<std::string> available() const override {
    return std::string("a simulated network between threads of one process");
  }
  bool maps() const override { return false; }
  bool needs_shareable() const override { return false; }
  bool huge_pages(const Config&) const override { return false; }

  Result<std::unique_ptr<Presence>> appear(const Uri& uri, Side side, Host& host,
                                           const PresenceOptions& options) override {
    auto config = Config::process().with(uri);
    if (!config) return config.error();
    auto settings = SimSettings::read(*config);
    if (!settings) return settings.error();
    return meet_in_process(uri, side, host, options, [given = *settings, links = 0U](const std::string& name) mutable {
      SimSettings own = given;
      own.seed += std::uint64_t{links++} << 32;
      return SimLink::make_pair(own, *time_of_links().load(std::memory_order_acquire), name);
    });
  }
};

}  // namespace

Transport& sim_transport() {
  static SimTransport transport;
  return transport;
}

void simulate_in(SimTime& time) { time_of_links().store(&time, std::memory_order_release); }

}  // namespace psyne::inline v0
