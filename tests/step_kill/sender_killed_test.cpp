// A sender is killed at each of its steps. Its receivers get what it had committed, whole and in order, then peer_lost,
// and go on with other senders; then nothing is left.
#include "coverage.hpp"
#include "ear.hpp"
#include "leftovers.hpp"
#include "script.hpp"
#include "victim.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

namespace {

using namespace std::chrono_literals;
using namespace step_kill;
using psyne::Delivery;
using psyne::Sender;
using psyne::WhenFull;

constexpr std::uint64_t last_words = 3;  // messages of the successor

template <class T>
class Survivor {
 public:
  Survivor(const SenderScript& script, Findings& findings) : script_(script), findings_(findings) {}

  bool survive(std::uint64_t kill_at) {
    if (script_.is_met) open_ears();
    if (script_.passer_by) passer_by_.emplace(Ear<T>::open(script_.delivery));
    if (script_.neighbour) {
      neighbour_.emplace(open_sender());
      findings_.expect(eventually([&] { return neighbour_->receivers() == ears_.size(); }), "the neighbour is not met");
    }
    const Leftovers before = Leftovers::now();
    Victim victim(script_.name, kill_at);
    findings_.expect(eventually([&] { return live_with(victim); }), "the victim never ended");
    findings_.expect(victim.failure() == 0, "the victim failed, status " + std::to_string(victim.failure()));
    passer_by_.reset();
    if (!script_.is_met && ears_.empty()) open_ears();
    mourn(victim);
    if (script_.is_met && !script_.passer_by) expect_nothing_left(before);
    go_on();
    check();
    return victim.finished();
  }

 private:
  Sender<T> open_sender() {
    return Sender<T>::open(uri, {.capacity_bytes = ring_of(script_), .delivery = script_.delivery, .linger = deadline})
        .value();
  }
  void open_ears() {
    const int count = script_.delivery == Delivery::single || script_.passer_by ? 1 : 2;
    for (int i = 0; i < count; ++i) ears_.push_back(Ear<T>::open(script_.delivery, script_.long_ones));
  }

  // One turn; whether the victim has ended.
  bool live_with(Victim& victim) {
    Progress& progress = Victim::progress();
    if (!script_.is_met && ears_.empty() && progress.done >= 2) open_ears();
    const std::size_t expected = script_.neighbour ? 2 : 1;
    const auto sees_victim = [&](Ear<T>& ear) { return ear.receiver().senders() == expected; };
    if (passer_by_ && !progress.met) static_cast<void>(passer_by_->hear(0us));  // there is nothing to hear yet
    if (!ears_.empty() && std::ranges::all_of(ears_, sees_victim) &&
        (!passer_by_ || passer_by_->receiver().senders() == 1)) {
      progress.met = true;
    }
    if (passer_by_ && progress.done >= fill_the_ring) passer_by_.reset();
    if (neighbour_ && neighbours_ < 3) neighbours_ += send(*neighbour_, {neighbour_number, neighbours_}, 0ms) ? 1 : 0;
    const bool wait = script_.slow && progress.met && progress.begun <= fill_the_ring;
    for (Ear<T>& ear : ears_) {
      if (wait) std::this_thread::sleep_for(500us);
      if (!wait) static_cast<void>(ear.hear(1ms));
    }
    return victim.gone();
  }

  // A victim that had been met and had not begun to close is told lost, once.
  void mourn(const Victim& victim) {
    const Progress& progress = Victim::progress();
    const bool sudden = progress.met && !progress.closing && !victim.finished();
    for (Ear<T>& ear : ears_) {
      if (sudden) {
        findings_.expect(eventually([&] { return !ear.hear(1ms) && ear.lost() > 0; }), "peer_lost was not told");
      }
      const std::size_t left = script_.neighbour ? 1 : 0;
      findings_.expect(eventually([&] { return !ear.hear(1ms) && ear.receiver().senders() == left; }),
                       "the dead sender's lane stays");
      findings_.expect(ear.lost() <= 1, "peer_lost was told " + std::to_string(ear.lost()) + " times");
      findings_.expect(!victim.finished() || ear.lost() == 0, "peer_lost was told though the sender closed");
    }
  }

  // While the survivors live on.
  void expect_nothing_left(const Leftovers& before) {
    Leftovers now;
    const bool gone = eventually([&] {
      for (Ear<T>& ear : ears_) static_cast<void>(ear.hear(0us));
      now = Leftovers::now();
      return now.descriptors == before.descriptors && now.mappings == before.mappings;
    });
    findings_.expect(gone, "of a dead sender stay " + now.text() + "; before it came: " + before.text());
  }

  void go_on() {
    {
      Sender<T> successor = open_sender();
      const bool met = eventually([&] { return successor.receivers() == ears_.size(); });
      findings_.expect(met, "a new sender does not meet the receivers");
      for (std::uint64_t i = 0; met && i < last_words; ++i) {
        const auto sent = send(successor, {successor_number, i}, deadline);
        findings_.expect(sent.has_value(), "a new sender cannot send: " + (sent ? "" : sent.error().text()));
      }
    }
    const auto all_heard = [&] {
      std::size_t count = 0;
      for (Ear<T>& ear : ears_) {
        while (ear.hear(0us)) {
        }
        count += ear.from(successor_number).size();
      }
      return count == last_words * (script_.delivery == Delivery::any ? 1 : ears_.size());
    };
    findings_.expect(eventually(all_heard), "messages of a new sender are missing");
    neighbour_.reset();
    for (Ear<T>& ear : ears_) static_cast<void>(eventually([&] { return !ear.hear(0us); }));
  }

  void check() {
    std::vector<std::uint64_t> of_all;
    for (const Ear<T>& ear : ears_) {
      ear.expect_sound(findings_);
      const auto numbers = ear.from(victim_number);
      of_all.insert(of_all.end(), numbers.begin(), numbers.end());
      findings_.expect(is_ascending(numbers), "out of order: " + text_of(numbers));
      if (script_.delivery != Delivery::any) {
        check_complete(numbers);
        findings_.expect(is_run_from(0, ear.from(successor_number)), "a new sender's messages have gaps");
        const auto neighbours = ear.from(neighbour_number);
        findings_.expect(is_run_from(0, neighbours) && neighbours.size() == neighbours_,
                         "the other sender's messages have gaps: " + text_of(neighbours));
      }
    }
    std::ranges::sort(of_all);
    if (script_.delivery == Delivery::any) check_complete(of_all);
  }

  void check_complete(const std::vector<std::uint64_t>& numbers) {
    const Progress& progress = Victim::progress();
    findings_.expect(numbers.size() <= progress.begun, "more messages than were sent: " + text_of(numbers));
    if (script_.when_full == WhenFull::drop_oldest) return;
    findings_.expect(is_run_from(0, numbers), "with gaps: " + text_of(numbers));
    findings_.expect(!progress.met || numbers.size() >= progress.done,
                     "sent " + std::to_string(progress.done) + ", delivered " + text_of(numbers));
  }

  const SenderScript& script_;
  Findings& findings_;
  std::vector<Ear<T>> ears_;
  std::optional<Ear<T>> passer_by_;
  std::optional<Sender<T>> neighbour_;
  std::uint64_t neighbours_ = 0;  // messages that the neighbour sent
};

bool live_through(const SenderScript& script, std::uint64_t kill_at, Findings& findings) {
  return script.letters ? Survivor<Letter>(script, findings).survive(kill_at)
                        : Survivor<Note>(script, findings).survive(kill_at);
}

std::vector<std::string> kill_sender_at_every_step(const SenderScript& script) {
  Findings warm_up;  // the process's own threads and descriptors are made once
  static_cast<void>(live_through(sender_scripts[0], 1, warm_up));
  return kill_at_every_step(
      script.name, [&](std::uint64_t kill_at, Findings& findings) { return live_through(script, kill_at, findings); });
}

class SenderKilled : public testing::TestWithParam<SenderScript> {};

TEST_P(SenderKilled, AtEveryStepLeavesWhatItCommittedAndNothingElse) {
  const SenderScript& script = GetParam();
  const auto found = kill_sender_at_every_step(script);
  using Flaw = SenderScript::Flaw;
  switch (script.flaw) {
    case Flaw::none:
      EXPECT_THAT(found, testing::IsEmpty());
      EXPECT_GT(steps_of(script.name), 40U) << "where are the steps?";
      break;
    case Flaw::commits_before_it_fills: EXPECT_THAT(found, testing::Contains(testing::HasSubstr("torn"))); break;
    case Flaw::says_sent_too_early: EXPECT_THAT(found, testing::Contains(testing::HasSubstr("delivered"))); break;
  }
}

INSTANTIATE_TEST_SUITE_P(Scripts, SenderKilled, testing::ValuesIn(sender_scripts), step_kill::test_name<SenderScript>);

}  // namespace
