#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/core/transport/bell.hpp>
#include <psyne/transports/mapped/mapped_link.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace psyne::inline v0 {

/// One end of a link between two ends of one process. The pair shares its state, so either end may go first.
///
/// A region of plain memory is exposed as it is. Whoever attached it reads it in place; RemoteSpan::owner keeps it.
class MemoryLink final : public MappedLink {
 public:
  /// Two ends that are each other's peer.
  static std::pair<std::unique_ptr<Link>, std::unique_ptr<Link>> make_pair(const std::string& name);

  ~MemoryLink() override;

  Result<RemoteSpan> expose(const Region& region, Access access) override;
  Result<RemoteRegion> attach(RemoteSpan span) override;
  Result<void> progress() override;
  Result<void> attach_bell(Bell* bell) override;
  void wake() noexcept override;
  void close() noexcept override;

 private:
  struct Exposed {
    std::span<std::byte> memory;
    Access access = Access::read;
  };
  struct End {
    CounterPage page;
    std::mutex mutex;
    MemoryLink* link = nullptr;  // while it lives; so that the other's close reaches its state
    Bell* bell = nullptr;
    std::unordered_map<std::uint64_t, Exposed> exposed;  // by generation
  };
  struct Pair {
    std::array<End, 2> ends;
  };

  MemoryLink(std::shared_ptr<Pair> pair, std::size_t index, const std::string& name);
  End& mine() const noexcept { return pair_->ends[index_]; }
  End& other() const noexcept { return pair_->ends[1 - index_]; }
  static void ring(End& end) noexcept;
  bool forked() const noexcept override { return line_.forked(); }
  void forget_exposed(std::uint64_t generation) noexcept override;

  std::shared_ptr<Pair> pair_;
  std::size_t index_;
  LifeLine line_;  // the peer's threads are not in a forked child
};

}  // namespace psyne::inline v0
