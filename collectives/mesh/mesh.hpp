#pragma once

#include <psyne/collectives/mesh/whereabouts.hpp>
#include <psyne/collectives/schedule/place.hpp>
#include <psyne/core/channel/wait.hpp>
#include <psyne/core/transport/region.hpp>
#include <psyne/core/transport/transport.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// One other rank, as this one reaches it.
struct Peer {
  std::unique_ptr<Link> link;
  RemoteRegion window;
  std::span<std::byte> mapped;  ///< its window as plain memory; empty where it has to be reached by puts
  std::string name;             ///< "rank 3 (host b, pid 812)"
  Route route;
};

struct MeshOptions {
  Rank rank = 0;
  Rank size = 1;
  std::string job;                      ///< tells the meeting places of jobs apart; made of what a Name may hold
  std::string token;                    ///< of the job, for tcp; empty: PSYNE_TOKEN
  std::vector<std::string> transports;  ///< allowed ones; of memory, ipc, tcp
  /// Gives the text of this rank to all, and theirs in the order of the ranks. Waits for all of them.
  std::function<Result<std::vector<std::string>>(const std::string& mine, const Wait& wait)> exchange;
};

/// A link from one rank to each other, all of which may write its window. Where two meet, the lower rank answers.
///
/// open() waits until all are joined; afterwards the links belong to whoever runs schedules. A rank that comes from
/// elsewhere, a second time or with other sizes is refused. Ranks share a job token (the transports prove it), so
/// they may write each other's windows.
class Mesh final : private Host {
 public:
  /// Errors: timed_out with the ranks that are missing, unsupported, those of exchange and of the transports.
  static Result<std::unique_ptr<Mesh>> open(MeshOptions options, std::shared_ptr<const Region> window,
                                            const Wait& wait);
  ~Mesh() override;

  /// By rank; the own entry has no link.
  std::vector<Peer>& peers() noexcept { return peers_; }
  /// More ranks share this host than it has CPUs for them: whoever waits should give his to others.
  bool crowded() const noexcept { return crowded_; }

 private:
  struct Guest {
    Rank rank = 0;
    RemoteRegion window;
  };

  Mesh(MeshOptions options, std::shared_ptr<const Region> window);
  Result<void> appear(const std::string& uri, Side side);
  Result<void> listen(Whereabouts& mine);
  Result<void> call(const std::vector<std::string>& texts, const Whereabouts& mine);
  Result<void> await_all(const Wait& wait);

  Result<Greeting> offer(Link& link) override;
  Result<Greeting> answer(Link& link, Greeting offer) override;
  Result<void> admit(std::unique_ptr<Link>& link, Greeting answer) override;
  void welcome(std::unique_ptr<Link> link) override;
  void missed(const Link* link, const Error& error) override;

  Result<Greeting> greet(Link& link);
  Result<Guest> read(Link& link, Greeting greeting);
  void join(Guest guest, std::unique_ptr<Link> link);

  MeshOptions options_;
  std::shared_ptr<const Region> window_;
  std::vector<Peer> peers_;
  bool crowded_ = false;
  std::mutex mutex_;
  std::condition_variable joined_;
  Rank missing_ = 0;
  std::vector<bool> here_;
  std::map<const Link*, Guest> guests_;  // who answered, until the link is theirs
  std::vector<Error> missed_;
  std::vector<std::unique_ptr<Presence>> presences_;  // their calls end first
};

}  // namespace psyne::inline v0
