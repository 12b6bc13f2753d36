#include <psyne/core/atomics/step.hpp>

#include "note.hpp"
#include "script.hpp"

#include <thread>

namespace step_kill {

namespace {

using namespace std::chrono_literals;
using psyne::Sender;

constexpr auto patience = 10s;

bool is_met(const Progress& progress) {
  for (int i = 0; i < 40'000 && !progress.met; ++i) std::this_thread::sleep_for(250us);
  return progress.met;
}

/// In two halves, a step between: so that half of a message can be seen, if anybody lets it.
void fill_in_steps(std::span<std::uint64_t> words, const Stamp& stamp) {
  const std::size_t half = words.size() / 2;
  for (std::size_t i = 0; i < half; ++i) words[i] = word_of(stamp, i);
  psyne::step();
  for (std::size_t i = half; i < words.size(); ++i) words[i] = word_of(stamp, i);
}

template <class T>
bool send_by_draft(const SenderScript& script, Sender<T>& sender, const Stamp& stamp) {
  auto draft = draft_of(sender, stamp.number, patience);
  if (!draft) return false;
  const std::span<std::uint64_t> room = room_in(draft);
  const bool early = script.flaw == SenderScript::Flaw::commits_before_it_fills;
  if (early && !draft.commit()) return false;
  fill_in_steps(room, stamp);
  return early || draft.commit();
}

bool send_at_once(const SenderScript& script, Sender<Note>& sender, const Stamp& stamp) {
  Note note{};
  fill(note.words, stamp);
  if (script.asynchronous) return sender.send_async(note, patience).take().has_value();
  return sender.send(note, patience).has_value();
}

bool send_at_once(const SenderScript& script, Sender<Letter>& sender, const Stamp& stamp) {
  std::array<std::uint64_t, long_letter_words> words{};
  const auto letter = std::span(words).first(script.long_ones ? long_letter_words : letter_words(stamp.number));
  fill(letter, stamp);
  if (script.asynchronous) return sender.send_async(letter, patience).take().has_value();
  return sender.send(letter, patience).has_value();
}

bool send_batch(Sender<Note>& sender, std::uint64_t from) {
  std::array<Note, 3> notes{};
  for (std::uint64_t i = 0; i < notes.size(); ++i) fill(notes[i].words, {victim_number, from + i});
  return sender.send_batch(notes, patience).has_value();
}

/// One message, or a batch; how many.
template <class T>
std::uint64_t send_some(const SenderScript& script, Sender<T>& sender, Progress& progress, std::uint64_t number) {
  const bool batch = std::is_same_v<T, Note> && number % 6 == 2;
  const std::uint64_t count = batch ? 3 : 1;
  progress.begun = number + count;
  if (script.flaw == SenderScript::Flaw::says_sent_too_early) progress.done = number + count;
  bool sent = false;
  if constexpr (std::is_same_v<T, Note>) {
    if (batch) sent = send_batch(sender, number);
  }
  if (!batch) {
    const Stamp stamp{victim_number, number};
    sent = number % 2 == 1 || script.long_ones ? send_at_once(script, sender, stamp)
                                               : send_by_draft(script, sender, stamp);
  }
  progress.done = number + count;
  return sent ? count : 0;
}

template <class T>
int run(const SenderScript& script, Progress& progress) {
  auto sender = Sender<T>::open(uri, {.capacity_bytes = ring_of(script),
                                      .delivery = script.delivery,
                                      .when_full = script.when_full,
                                      .linger = patience,
                                      .patience = psyne::no_patience,
                                      .name = "victim"});
  if (!sender) return 2;
  if (script.is_met && !is_met(progress)) return 3;
  std::uint64_t next = 0;
  while (next < script.messages) {
    const std::uint64_t sent = send_some(script, *sender, progress, next);
    if (sent == 0) return 4;
    next += sent;
  }
  if (!script.is_met && !is_met(progress)) return 3;
  progress.closing = true;
  return sender->close() ? 0 : 5;
}

}  // namespace

int run_sender(const SenderScript& script, Progress& progress) {
  return script.letters ? run<Letter>(script, progress) : run<Note>(script, progress);
}

}  // namespace step_kill
