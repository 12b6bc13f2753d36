#pragma once

#include <psyne/transports/stream/meeting/proof.hpp>
#include <psyne/transports/stream/resume/resumable.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace psyne::inline v0::stream {

/// Which link is meant when one of its ends comes back: a name that anyone may know, and a secret of the two that only
/// they have.
class Session {
 public:
  using Id = std::array<std::byte, 32>;

  /// `peer`: the number of the presence that it was made with.
  Session(const Id& id, const Proof& secret, std::uint64_t peer, Resumable& link)
      : id_(id), secret_(secret), peer_(peer), link_(&link) {}

  const Id& id() const noexcept { return id_; }
  const Proof& secret() const noexcept { return secret_; }
  std::uint64_t peer() const noexcept { return peer_; }

  /// Its link has ended, and who comes back for it is to hear why. Service thread, as refusal().
  void refuse(std::string why) { refusal_ = std::move(why); }
  const std::optional<std::string>& refusal() const noexcept { return refusal_; }

  /// Calls `use` with its link and says true, where that is there. Service thread.
  bool with_link(const std::function<void(Resumable&)>& use) {
    const std::lock_guard lock(mutex_);
    if (link_ != nullptr) use(*link_);
    return link_ != nullptr;
  }
  /// The link goes: no call into it comes after this, and none is under way. Any thread.
  void leave() noexcept {
    const std::lock_guard lock(mutex_);
    link_ = nullptr;
  }

 private:
  const Id id_;
  const Proof secret_;
  const std::uint64_t peer_;
  std::mutex mutex_;
  Resumable* link_;
  std::optional<std::string> refusal_;
};

}  // namespace psyne::inline v0::stream
