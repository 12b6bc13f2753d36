#pragma once

#include <psyne/core/service/alarm.hpp>
#include <psyne/transports/ipc/meeting/meetings.hpp>
#include <psyne/transports/ipc/place/arrivals.hpp>
#include <psyne/transports/ipc/place/directory.hpp>

#include <map>
#include <memory>
#include <string>

namespace psyne::inline v0 {

/// The side of a name that connects: to every socket in the name's directory, now and later. What did not work for a
/// reason that may pass (a full queue, a stopped process) is tried again, ever more slowly. Service thread only.
class Answering final : private Arrivals::Listener {
 public:
  /// `directory` and `host` outlive it. Errors: exhausted, system.
  static Result<std::unique_ptr<Answering>> start(Directory& directory, Host& host);
  ~Answering() override;

 private:
  /// A socket that is or was there.
  struct Candidate {
    Deadline next_try;  ///< no_deadline: never again
    std::chrono::milliseconds pause{10};
  };

  Answering(Directory& directory, Host& host);
  void arrived(const std::string& name) override;
  void left(const std::string& name) override;
  void look_again() override;
  void vanished() override;

  /// Tries whom it is time to try.
  void go_on();
  void try_candidate(const std::string& name, Candidate& candidate);
  void try_later(Candidate& candidate);
  void ended(const std::string& name, Meetings::Outcome outcome);

  Directory& directory_;
  Host& host_;
  std::map<std::string, Candidate> candidates_;
  std::unique_ptr<Alarm> alarm_;
  Arrivals* arrivals_ = nullptr;
  Meetings meetings_;
};

}  // namespace psyne::inline v0
