// A receiver is killed at each of its steps. Its sender gets peer_lost, other receivers go on, and a new one begins
// where the option says; then nothing is left.
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
using psyne::Code;
using psyne::Delivery;
using psyne::Held;
using psyne::Sender;
using psyne::WhenFull;

constexpr std::uint64_t sender_number = 9;
constexpr std::uint64_t before_it_comes = 3;  // messages; more while it is there
constexpr std::uint64_t afterwards = 6;

template <class T>
class Survivor {
 public:
  Survivor(const ReceiverScript& script, Findings& findings)
      : script_(script),
        findings_(findings),
        sender_(Sender<T>::open(uri, {.capacity_bytes = smallest_ring,
                                      .delivery = script.delivery,
                                      .when_full = script.when_full,
                                      .linger = 0s,
                                      .patience = psyne::no_patience,
                                      .held_by_dead = script.held})
                    .value()) {}

  bool survive(std::uint64_t kill_at) {
    if (script_.neighbour) {
      neighbour_.emplace(Ear<T>::open(script_.delivery));
      findings_.expect(eventually([&] { return sender_.receivers() == 1; }), "the neighbour is not met");
    }
    const Leftovers before = Leftovers::now();
    Victim victim(script_.name, kill_at);
    findings_.expect(eventually([&] { return live_with(victim); }), "the victim never ended");
    findings_.expect(victim.failure() == 0, "the victim failed, status " + std::to_string(victim.failure()));
    mourn(victim);
    expect_nothing_left(before);
    go_on();
    check(victim);
    return victim.finished();
  }

 private:
  std::size_t neighbours() const { return neighbour_ ? 1 : 0; }

  bool send_next(std::chrono::microseconds wait) {
    const auto sent = send(sender_, {sender_number, sent_}, wait);
    if (sent) Victim::progress().done = ++sent_;
    if (!sent) last_error_ = sent.error().code();
    return sent.has_value();
  }

  bool live_with(Victim& victim) {
    if (sender_.receivers() == 1 + neighbours()) Victim::progress().met = true;
    if (neighbour_) static_cast<void>(neighbour_->hear(0us));
    const bool may_send = sent_ < before_it_comes || Victim::progress().met;
    if (!may_send || !send_next(500us)) std::this_thread::sleep_for(100us);
    return victim.gone();
  }

  // One that had been met is told lost when the ring is full, by its kind of waiting.
  void mourn(const Victim& victim) {
    const Progress& progress = Victim::progress();
    findings_.expect(eventually([&] { return sender_.receivers() == neighbours(); }), "the dead receiver stays");
    if (!neighbour_ && script_.when_full == WhenFull::block && progress.met && !progress.closing &&
        !victim.finished()) {
      for (int i = 0; i < 200 && send_next(deadline); ++i) {
      }
      findings_.expect(last_error_ == Code::peer_lost, "peer_lost was not told to a sender whose ring is full");
    }
  }

  // Once the sender has looked: a full ring makes it.
  void expect_nothing_left(const Leftovers& before) {
    Leftovers now;
    const bool gone = eventually([&] {
      static_cast<void>(send_next(0us));
      if (neighbour_) static_cast<void>(neighbour_->hear(0us));
      now = Leftovers::now();
      return now.descriptors == before.descriptors && now.mappings == before.mappings;
    });
    findings_.expect(gone, "of a dead receiver stay " + now.text() + "; before it came: " + before.text());
  }

  void go_on() {
    Ear<T> successor = Ear<T>::open(script_.delivery);
    findings_.expect(eventually([&] { return sender_.receivers() == 1 + neighbours(); }),
                     "a new receiver is not let in");
    const std::uint64_t until = sent_ + afterwards;
    const auto everything_sent = [&] {
      if (sent_ < until) static_cast<void>(send_next(0us));
      static_cast<void>(successor.hear(0us));
      if (neighbour_) static_cast<void>(neighbour_->hear(0us));
      return sent_ == until;
    };
    findings_.expect(eventually(everything_sent), "the sender cannot go on");
    static_cast<void>(sender_.close());
    const auto heard_all = [](Ear<T>& ear) {
      return eventually([&] { return !ear.hear(0us) && ear.receiver().senders() == 0; });
    };
    findings_.expect(heard_all(successor) && (!neighbour_ || heard_all(*neighbour_)), "the sender's close is not told");
    successor.expect_sound(findings_);
    successors_ = successor.from(sender_number);
  }

  void check(const Victim& victim) {
    const Progress& progress = Victim::progress();
    std::vector<std::uint64_t> neighbours;
    if (neighbour_) {
      neighbour_->expect_sound(findings_);
      neighbours = neighbour_->from(sender_number);
    }
    const bool ordered = script_.delivery == Delivery::any || (is_ascending(successors_) && is_ascending(neighbours));
    findings_.expect(ordered, "out of order: " + text_of(successors_) + " " + text_of(neighbours));
    if (script_.when_full == WhenFull::drop_oldest) {
      findings_.expect(!successors_.empty() && successors_.back() == sent_ - 1, "the newest is missing");
      return;
    }
    findings_.expect(script_.delivery == Delivery::any || is_run_from(first_of_successor(), successors_),
                     "a new receiver's messages have gaps: " + text_of(successors_));
    findings_.expect(!successors_.empty() && (neighbour_ || successors_.back() == sent_ - 1), "the newest is missing");
    switch (script_.delivery) {
      case Delivery::single: return check_begin(victim, progress);
      case Delivery::all:
        findings_.expect(is_run_from(0, neighbours) && neighbours.size() == sent_,
                         "the other receiver's messages have gaps: " + text_of(neighbours));
        return;
      case Delivery::any: return check_shared(progress, neighbours);
      case Delivery::routed: return;  // no script: each ring is one of `single`
    }
  }

  std::uint64_t first_of_successor() const { return successors_.empty() ? 0 : successors_.front(); }

  // What the dead one had given back is never delivered again; what it held, as the option says; the rest always.
  void check_begin(const Victim& victim, const Progress& progress) {
    const std::uint64_t first = first_of_successor();
    const bool again = script_.held == Held::again && !progress.closing && !victim.finished();
    const bool lost = script_.held == Held::lost && !progress.closing && !victim.finished();
    const std::uint64_t from = lost ? progress.taken : progress.released;
    const std::uint64_t to = again ? progress.releasing : progress.taking;
    findings_.expect(first >= from && first <= to, "a new receiver begins at " + std::to_string(first) +
                                                       " instead of " + std::to_string(from) + " to " +
                                                       std::to_string(to));
    const std::uint64_t counted = sender_.counters().lost;
    findings_.expect(!again || counted == 0, std::to_string(counted) + " are counted as lost");
    findings_.expect(!lost || (counted <= first - progress.released && counted + progress.releasing >= first),
                     std::to_string(counted) + " are counted as lost");
  }

  // Everything that the dead one had not given back went to somebody.
  void check_shared(const Progress& progress, const std::vector<std::uint64_t>& neighbours) {
    std::vector<std::uint64_t> heard = neighbours;
    heard.insert(heard.end(), successors_.begin(), successors_.end());
    std::ranges::sort(heard);
    findings_.expect(is_ascending(heard), "delivered twice: " + text_of(heard));
    const std::uint64_t had = progress.closing ? progress.taking : progress.releasing;
    findings_.expect(heard.size() + had >= sent_,
                     "of " + std::to_string(sent_) + " messages arrived " + text_of(heard));
  }

  const ReceiverScript& script_;
  Findings& findings_;
  Sender<T> sender_;
  std::optional<Ear<T>> neighbour_;
  std::uint64_t sent_ = 0;
  Code last_error_ = Code::invalid_state;
  std::vector<std::uint64_t> successors_;
};

bool live_through(const ReceiverScript& script, std::uint64_t kill_at, Findings& findings) {
  return script.letters ? Survivor<Letter>(script, findings).survive(kill_at)
                        : Survivor<Note>(script, findings).survive(kill_at);
}

class ReceiverKilled : public testing::TestWithParam<ReceiverScript> {};

TEST_P(ReceiverKilled, AtEveryStepHoldsNobodyUpAndLeavesNothing) {
  const ReceiverScript& script = GetParam();
  Findings warm_up;  // the process's own threads and descriptors are made once
  static_cast<void>(live_through(receiver_scripts[0], 1, warm_up));
  const auto found = kill_at_every_step(
      script.name, [&](std::uint64_t kill_at, Findings& findings) { return live_through(script, kill_at, findings); });
  EXPECT_THAT(found, testing::IsEmpty());
  EXPECT_GT(steps_of(script.name), 20U) << "where are the steps?";
}

INSTANTIATE_TEST_SUITE_P(Scripts, ReceiverKilled, testing::ValuesIn(receiver_scripts),
                         step_kill::test_name<ReceiverScript>);

}  // namespace
