#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/transports/ipc/answering.hpp>
#include <psyne/transports/ipc/ipc_transport.hpp>
#include <psyne/transports/ipc/offering.hpp>

#include <memory>
#include <string>
#include <utility>

namespace psyne::inline v0 {

namespace {

class IpcPresence final : public Presence {
 public:
  IpcPresence(Service& service, std::unique_ptr<Directory> directory)
      : service_(service), directory_(std::move(directory)) {}

  ~IpcPresence() override {
    if (directory_->forked()) {
      // The parent's threads may have been in the middle of these: nothing of them can be used, not even to end them.
      // Their descriptors are closed.
      static_cast<void>(offering_.release());
      static_cast<void>(answering_.release());
      static_cast<void>(directory_.release());
      return;
    }
    service_.run([this] {
      offering_.reset();
      answering_.reset();
    });
  }

  Result<void> start(Side side, Host& host) {
    Result<void> started;
    service_.run([&] {
      if (side == Side::offering) {
        auto offering = Offering::start(*directory_, host);
        offering ? void(offering_ = std::move(*offering)) : void(started = offering.error());
      } else {
        auto answering = Answering::start(*directory_, host);
        answering ? void(answering_ = std::move(*answering)) : void(started = answering.error());
      }
    });
    return started;
  }

  std::string where() const override { return directory_->place().uri() + " (" + directory_->place().path() + ")"; }

 private:
  Service& service_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<Offering> offering_;
  std::unique_ptr<Answering> answering_;
};

class IpcTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "ipc"; }

  Result<std::string> available() const override {
    auto region = Region::allocate(1, "trial", {.shareable = true});
    if (!region) return region.error();
    return "between processes of this machine, which meet in " +
           Config::process().for_module("ipc").text(option::ipc_directory);
  }

  bool maps() const override { return true; }
  bool needs_shareable() const override { return true; }
  bool huge_pages(const Config& config) const override { return config.boolean(option::ipc_huge_pages); }

  Result<std::unique_ptr<Presence>> appear(const Uri& uri, Side side, Host& host,
                                           const PresenceOptions& options) override {
    auto place = Place::of(uri);
    if (!place) return place.error();
    auto service = Service::process();
    if (!service) return service.error();
    auto directory = Directory::enter(*place);
    if (!directory) return directory.error();
    if (auto claimed = (*directory)->claim(side, options.exclusive); !claimed) return claimed.error();
    auto presence = std::make_unique<IpcPresence>(**service, std::move(*directory));
    if (auto started = presence->start(side, host); !started) return started.error();
    return presence;
  }
};

}  // namespace

Transport& ipc_transport() {
  static IpcTransport transport;
  return transport;
}

}  // namespace psyne::inline v0
