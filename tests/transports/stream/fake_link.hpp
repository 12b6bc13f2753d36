#pragma once

#include <psyne/core/transport/link.hpp>
#include <psyne/transports/stream/link/socket_stream.hpp>
#include <psyne/transports/stream/meeting/new_link.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <utility>
#include <vector>

namespace stream_test {

using psyne::Access;
using psyne::Code;
using psyne::Link;
using psyne::PeerState;
using psyne::Region;
using psyne::RemoteRegion;
using psyne::RemoteSpan;
using psyne::Result;
using psyne::Token;

/// What a handshake needs of a link, and no more: it exposes and attaches by number, and ends with its connection.
class FakeLink final : public Link {
 public:
  FakeLink(std::shared_ptr<psyne::LifeLine> line, psyne::Identity peer)
      : line_(std::move(line)), peer_(std::move(peer)) {}
  ~FakeLink() override { close(); }
  FakeLink(const FakeLink&) = delete;
  FakeLink& operator=(const FakeLink&) = delete;

  Result<void> start(std::vector<std::byte> first) {
    first_ = std::make_shared<std::vector<std::byte>>(std::move(first));
    if (!line_) return {};
    line_->unwatch();
    psyne::Service::process().value()->post([first = std::weak_ptr(first_), line = line_] {
      const auto left = first.lock();
      if (!left || left->empty()) return;
      const iovec bytes{left->data(), left->size()};
      static_cast<void>(psyne::SocketStream(line).write({&bytes, 1}));
    });
    return {};
  }

  Result<RemoteSpan> expose(const Region& region, Access access) override {
    RemoteSpan span;
    span.length = region.bytes().size();
    span.generation = ++exposed_;
    span.access = access;
    return span;
  }
  Result<void> revoke(const RemoteSpan& /*span*/) override { return {}; }
  Result<RemoteRegion> attach(RemoteSpan span) override {
    auto attachment = std::make_shared<RemoteRegion::Attachment>();
    attachment->link = this;
    attachment->length = span.length;
    attachment->generation = span.generation;
    return RemoteRegion(std::move(attachment));
  }
  Result<Token> post(std::span<const psyne::Put> /*puts*/, const psyne::Signal& /*signal*/) override {
    return Code::would_block;
  }
  bool completed(Token /*token*/) const override { return true; }
  std::uint64_t counter(std::uint32_t /*index*/) const override { return 0; }
  Result<void> progress() override { return {}; }
  PeerState peer_state() const override {
    if (!line_) return PeerState::alive;
    pollfd connection{.fd = line_->get(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&connection, 1, 0) == 0 ? PeerState::alive : PeerState::lost;
  }
  const psyne::Capabilities& capabilities() const override { return capabilities_; }
  const psyne::Identity& peer() const override { return peer_; }
  Result<void> attach_bell(psyne::Bell* /*bell*/) override { return {}; }
  Result<void> attach_service_bell(psyne::Bell* /*bell*/) override { return {}; }
  void wake() noexcept override {}
  void close() noexcept override {
    if (line_ && first_ && !line_->forked()) shutdown(line_->get(), SHUT_RDWR);
  }

  psyne::LifeLine& line() { return *line_; }
  /// What start() was given; nullptr before.
  const std::vector<std::byte>* first() const { return first_.get(); }

 private:
  std::shared_ptr<psyne::LifeLine> line_;
  psyne::Identity peer_;
  psyne::Capabilities capabilities_;
  std::uint64_t exposed_ = 0;
  std::shared_ptr<std::vector<std::byte>> first_;
};

inline Result<psyne::stream::NewLink> make_fake_link(const psyne::stream::Caller& caller,
                                                     const psyne::stream::Attendant& /*attendant*/,
                                                     psyne::Identity peer) {
  auto link = std::make_unique<FakeLink>(caller.line, std::move(peer));
  auto start = [raw = link.get()](std::vector<std::byte> first) { return raw->start(std::move(first)); };
  return psyne::stream::NewLink{.link = std::move(link), .start = std::move(start)};
}

}  // namespace stream_test
