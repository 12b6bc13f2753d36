#pragma once

#include <psyne/collectives/communicator/communicator_options.hpp>
#include <psyne/collectives/mesh/mesh.hpp>
#include <psyne/collectives/runner/runner.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/transport/bell.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>

namespace psyne::inline v0 {

/// What is behind a Communicator: the links to all other ranks, the window that they write, and the runner of
/// schedules. One operation at a time; whoever asks for it drives it.
class CommunicatorState {
 public:
  static Result<std::unique_ptr<CommunicatorState>> open(CommunicatorOptions options);
  ~CommunicatorState();

  Rank rank() const noexcept { return options_.rank; }
  Rank size() const noexcept { return options_.size; }
  const std::vector<Peer>& peers() const noexcept { return mesh_->peers(); }

  /// Does `call` and returns when this rank's part is done and its memory is its own again. By `algorithm`, or by the
  /// one that the table has for it. After an error other than of its arguments the communicator is broken: some ranks
  /// may have done more than others, so every later call gives that error.
  Result<void> run(const Call& call, const Wait& wait, const Algorithm* algorithm = nullptr);

 private:
  using PlanName = std::tuple<Operation, std::uint64_t, std::size_t, Rank, bool, const Algorithm*>;

  explicit CommunicatorState(CommunicatorOptions options);
  Result<void> check(const Call& call) const;
  Result<const Plan*> plan(const Call& call, const Algorithm* algorithm);
  Result<void> drive(const Call& call, const Wait& wait);
  void look();
  Runner::Motion look_eagerly();
  Runner::Motion look_patiently();
  Runner::Motion sleep(Deadline until);
  std::optional<Error> lost_peer(const Call& call);
  Error out_of_time(const Call& call, Code code);

  CommunicatorOptions options_;
  WindowLayout layout_;
  std::shared_ptr<const Region> window_;
  std::unique_ptr<Bell> bell_;  // its links ring it until they are gone
  std::unique_ptr<Mesh> mesh_;
  std::optional<Runner> runner_;
  bool all_mapped_ = true;
  std::vector<Link*> unmapped_;
  std::uint32_t epoch_ = fork_epoch();

  std::mutex running_;
  std::uint64_t sequence_ = 0;
  std::map<PlanName, Plan> plans_;
  PlanName last_name_{};
  const Plan* last_plan_ = nullptr;
  std::optional<Error> broken_;
  std::optional<Clock::time_point> closed_since_;  // a peer that is waited for
};

}  // namespace psyne::inline v0
