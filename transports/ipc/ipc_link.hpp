#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/transport/bell.hpp>
#include <psyne/transports/ipc/mapping.hpp>
#include <psyne/transports/mapped/mapped_link.hpp>

#include <memory>
#include <mutex>

namespace psyne::inline v0 {

/// A link to another process (or this one) through shared memory; the socket of the handshake stays as its life line.
///
/// After the handshake the socket carries nothing but wakes, each one packet, and its end. The kernel hangs it up when
/// the peer's process dies; a peer that closes writes its goodbye into our page first. The service thread watches for
/// the hang-up only, so wakes do not cost it anything: they wake the bell of whoever sleeps on the link, and his
/// progress() takes them in.
class IpcLink final : public MappedLink, private Service::Watcher {
 public:
  /// `mine` is the page that the peer writes, `theirs` a CounterPage in the peer's memory, mapped for writing.
  IpcLink(std::shared_ptr<LifeLine> line, Region mine, std::shared_ptr<const Mapping> theirs, Identity peer);
  ~IpcLink() override;

  /// From now on the end of the peer is seen. Errors: exhausted.
  Result<void> watch_peer();

  Result<RemoteSpan> expose(const Region& region, Access access) override;
  Result<RemoteRegion> attach(RemoteSpan span) override;
  Result<void> progress() override;
  Result<void> attach_bell(Bell* bell) override;
  void wake() noexcept override;
  void close() noexcept override;

 private:
  void ready(int descriptor, std::uint32_t events) noexcept override;
  bool forked() const noexcept override { return line_->forked(); }
  void hung_up() noexcept;
  void end_and_ring(PeerState how) noexcept;

  std::shared_ptr<LifeLine> line_;
  Region mine_;
  std::shared_ptr<const Mapping> theirs_;
  std::mutex bell_mutex_;
  Bell* bell_ = nullptr;
};

}  // namespace psyne::inline v0
