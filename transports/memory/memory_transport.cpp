#include <psyne/transports/memory/meeting.hpp>
#include <psyne/transports/memory/memory_link.hpp>
#include <psyne/transports/memory/memory_transport.hpp>

namespace psyne::inline v0 {

namespace {

class MemoryTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "memory"; }
  Result<std::string> available() const override { return std::string("between threads of one process"); }
  bool maps() const override { return true; }
  bool needs_shareable() const override { return false; }
  bool huge_pages(const Config&) const override { return false; }

  Result<std::unique_ptr<Presence>> appear(const Uri& uri, Side side, Host& host,
                                           const PresenceOptions& options) override {
    return meet_in_process(uri, side, host, options,
                           [](const std::string& name) -> Result<LinkPair> { return MemoryLink::make_pair(name); });
  }
};

}  // namespace

Transport& memory_transport() {
  static MemoryTransport transport;
  return transport;
}

}  // namespace psyne::inline v0
