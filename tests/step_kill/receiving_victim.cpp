#include "note.hpp"
#include "script.hpp"

#include <thread>
#include <vector>

namespace step_kill {

namespace {

using namespace std::chrono_literals;
using psyne::Received;
using psyne::Receiver;

constexpr auto patience = 10s;

template <class T>
class Reading {
 public:
  Reading(Receiver<T> receiver, Progress& progress) : receiver_(std::move(receiver)), progress_(progress) {}

  bool one() {
    auto message = take();
    return message && give_back({&message, 1}, 1);
  }

  /// Given back in another order than received.
  bool two_held() {
    auto first = take();
    auto second = take();
    if (!first || !second) return false;
    second.release();
    return give_back({&first, 1}, 2);
  }

  bool batch() {
    progress_.taking = progress_.taken + 3;
    auto messages = receiver_.receive_batch(3, patience);
    if (!messages) return false;
    for (const auto& message : messages) {
      if (!whole(words_of(message))) return false;
    }
    progress_.taken += messages.size();
    progress_.releasing = progress_.taken.load();
    messages.release();
    progress_.released = progress_.taken.load();
    return true;
  }

  /// Until so many were sent that unread ones had to be dropped.
  bool sleep_through_a_lap() {
    const std::uint64_t until = progress_.done + 2 * fill_the_ring;
    for (int i = 0; i < 100'000 && progress_.done < until; ++i) std::this_thread::sleep_for(100us);
    return progress_.done >= until;
  }

  bool loop() {
    progress_.taking = progress_.taken + 1;
    auto turn = receiver_.begin();
    for (int i = 0; i < 2; ++i) {
      if (turn == receiver_.end() || !whole(words_of(*turn))) return false;
      ++progress_.taken;
      progress_.taking = progress_.taken + 1;
      progress_.releasing = progress_.taken.load();
      ++turn;
      progress_.released = progress_.taken.load();
    }
    return true;
  }

  bool keep_one() {
    kept_.push_back(take());
    return static_cast<bool>(kept_.back());
  }

 private:
  Received<T> take() {
    progress_.taking = progress_.taken + 1;
    auto message = receiver_.receive(patience);
    if (message && !whole(words_of(*message))) return psyne::Error(psyne::Code::corrupted);
    if (message) ++progress_.taken;
    return message;
  }

  bool give_back(std::span<Received<T>> messages, std::uint64_t count) {
    progress_.releasing = progress_.released + count;
    for (auto& message : messages) message.release();
    progress_.released += count;
    return true;
  }

  Receiver<T> receiver_;
  Progress& progress_;
  std::vector<Received<T>> kept_;
};

template <class T>
int run(const ReceiverScript& script, Progress& progress) {
  auto receiver =
      Receiver<T>::open(uri, {.delivery = script.delivery, .patience = psyne::no_patience, .name = "victim"});
  if (!receiver) return 2;
  Reading<T> reading(std::move(*receiver), progress);
  if (!reading.one() || !reading.two_held()) return 3;
  if (script.when_full == psyne::WhenFull::drop_oldest && !reading.sleep_through_a_lap()) return 5;
  if (script.keeps) {
    if (!reading.keep_one() || !reading.keep_one()) return 4;
  } else {
    if (!reading.batch() || !reading.one() || !reading.loop()) return 4;
  }
  progress.closing = true;
  return 0;
}

}  // namespace

int run_receiver(const ReceiverScript& script, Progress& progress) {
  return script.letters ? run<Letter>(script, progress) : run<Note>(script, progress);
}

}  // namespace step_kill
