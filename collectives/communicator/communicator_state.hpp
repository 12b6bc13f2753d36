#pragma once

#include <psyne/collectives/communicator/communicator_options.hpp>
#include <psyne/collectives/communicator/watch.hpp>
#include <psyne/collectives/mesh/mesh.hpp>
#include <psyne/collectives/runner/runner.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/transport/bell.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
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

  /// Breaks the communicator at all ranks, whatever they wait for: see Communicator::abort().
  void abort(std::string reason);

 private:
  using PlanName = std::tuple<Operation, std::uint64_t, std::size_t, Rank, bool, const Algorithm*>;

  explicit CommunicatorState(CommunicatorOptions options);
  Result<void> check(const Call& call) const;
  Result<const Plan*> plan(const Call& call, const Algorithm* algorithm);
  Result<void> run_alone(const Call& call, const Wait& wait, const Algorithm* algorithm);
  Result<void> drive(const Wait& wait);
  void give_up();
  void look();
  Runner::Motion look_eagerly();
  Runner::Motion look_patiently();
  Runner::Motion sleep(Deadline until);

  CommunicatorOptions options_;
  WindowLayout layout_;
  std::shared_ptr<const Region> window_;
  std::unique_ptr<Bell> bell_;  // its links ring it until they are gone
  std::unique_ptr<Mesh> mesh_;
  std::optional<Runner> runner_;
  std::optional<Watch> watch_;
  bool all_mapped_ = true;
  std::vector<Link*> unmapped_;
  std::uint32_t epoch_ = fork_epoch();

  std::mutex running_;
  std::map<PlanName, Plan> plans_;
  PlanName last_name_{};
  const Plan* last_plan_ = nullptr;
  std::optional<Error> broken_;
  std::mutex aborting_;
  std::string abort_reason_;
  std::atomic<bool> aborted_{false};
};

}  // namespace psyne::inline v0
