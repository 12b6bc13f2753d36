#pragma once

#include <psyne/core/transport/descriptor.hpp>

#include "tools/run/labelled_stream.hpp"
#include "tools/run/rank_process.hpp"

#include <chrono>
#include <optional>
#include <vector>

struct signalfd_siginfo;

namespace psyne_tool {

/// The running ranks of a job, from their start to the end of the last one.
class RankGroup {
 public:
  /// Takes over processes; `labels` are there where their output is read.
  RankGroup(std::vector<RankProcess> ranks, std::vector<LabelledStream> streams)
      : ranks_(std::move(ranks)), streams_(std::move(streams)) {}

  /// Blocks the signals that wait() hears, in this process: before the first rank is started, which has them unblocked.
  static void block_signals();
  /// Until all have ended; gives the exit status of the job.
  int wait();
  /// Ends those that run, without a word: a job that could not be started as a whole.
  void kill();

 private:
  using Clock = std::chrono::steady_clock;

  bool any_runs() const;
  void hear(const signalfd_siginfo& signal);
  void reap();
  void report(const RankProcess& rank);
  void end_others(int signal);
  int until_kill() const;

  std::vector<RankProcess> ranks_;
  std::vector<LabelledStream> streams_;
  int exit_code_ = 0;
  bool told_to_end_ = false;               // by a signal that was passed on
  std::optional<Clock::time_point> kill_;  // when who has not ended by then is killed
};

}  // namespace psyne_tool
