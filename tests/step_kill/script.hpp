#pragma once

#include <psyne.hpp>

#include "note.hpp"
#include "progress.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace step_kill {

inline const std::string uri = "ipc://victim";
inline constexpr std::uint64_t victim_number = 1, successor_number = 2, neighbour_number = 3;

/// What a victim that sends does; the survivor reads it as well.
struct SenderScript {
  std::string_view name;
  psyne::Delivery delivery = psyne::Delivery::single;
  psyne::WhenFull when_full = psyne::WhenFull::block;
  std::uint64_t messages = 9;
  bool letters = false;    ///< messages of many sizes
  bool long_ones = false;  ///< letters that are copied in in portions, and followed by the receiver
  bool is_met = true;      ///< it sends when its receivers are there, else at once
  bool neighbour = false;  ///< another sender is there, who lives
  bool passer_by = false;  ///< another receiver comes and goes meanwhile
  bool slow = false;       ///< receivers receive only when the ring is full
  bool asynchronous = false;
  enum class Flaw : std::uint8_t { none, commits_before_it_fills, says_sent_too_early } flaw = Flaw::none;
};

/// What a victim that receives does.
struct ReceiverScript {
  std::string_view name;
  psyne::Delivery delivery = psyne::Delivery::single;
  psyne::WhenFull when_full = psyne::WhenFull::block;
  psyne::Held held = psyne::Held::again;
  bool letters = false;
  bool keeps = false;      ///< it dies holding views: does not give back the last ones
  bool neighbour = false;  ///< another receiver is there, who lives
};

inline std::size_t ring_of(const SenderScript& script) {
  return script.long_ones ? ring_of_long_letters : smallest_ring;
}

inline constexpr SenderScript sender_scripts[] = {
    {.name = "a sender of notes"},
    {.name = "a sender of letters", .letters = true},
    {.name = "a sender of long letters", .messages = 4, .letters = true, .long_ones = true},
    {.name = "a sender whose ring is full", .slow = true},
    {.name = "a sender that drops the oldest", .when_full = psyne::WhenFull::drop_oldest, .slow = true},
    {.name = "a sender of notes that does not wait", .asynchronous = true},
    {.name = "a sender of letters that does not wait", .letters = true, .asynchronous = true},
    {.name = "a sender to all", .delivery = psyne::Delivery::all, .messages = 6},
    {.name = "a sender to any", .delivery = psyne::Delivery::any, .messages = 6},
    {.name = "a sender whom a receiver joins", .messages = 3, .letters = true, .is_met = false},
    {.name = "a sender whom a receiver leaves", .delivery = psyne::Delivery::all, .passer_by = true},
    {.name = "one of two senders", .messages = 6, .letters = true, .neighbour = true},
    {.name = "a sender that commits before it fills",
     .letters = true,
     .flaw = SenderScript::Flaw::commits_before_it_fills},
    {.name = "a sender that says too early what is sent", .flaw = SenderScript::Flaw::says_sent_too_early},
};

inline constexpr ReceiverScript receiver_scripts[] = {
    {.name = "a receiver of notes"},
    {.name = "a receiver of letters", .letters = true},
    {.name = "a receiver whose held messages are lost", .held = psyne::Held::lost, .keeps = true},
    {.name = "a receiver whose held messages come again", .keeps = true},
    {.name = "a receiver of what drops the oldest", .when_full = psyne::WhenFull::drop_oldest},
    {.name = "one of all receivers", .delivery = psyne::Delivery::all, .neighbour = true},
    {.name = "one of any receivers", .delivery = psyne::Delivery::any, .keeps = true, .neighbour = true},
};

/// What a victim does that has nothing above its link: puts, signals, takes a region back, and gives one back.
struct LinkScript {
  std::string_view name;
  psyne::Side side;
  bool group = false;  ///< in a directory that is its group's, below one that was chosen
  bool alone = false;  ///< it comes where only dead ones were, and goes
};

inline constexpr LinkScript link_scripts[] = {
    {.name = "a link of the offering side", .side = psyne::Side::offering},
    {.name = "a link of the answering side", .side = psyne::Side::answering},
    {.name = "a link in the directory of a group", .side = psyne::Side::offering, .group = true},
    {.name = "an end that is alone", .side = psyne::Side::offering, .alone = true},
    {.name = "an end that is alone in its group", .side = psyne::Side::answering, .group = true, .alone = true},
};

/// Each put of a link's victim, into its own place in the survivor's region.
inline constexpr std::uint64_t all_puts = 4;
inline constexpr std::size_t put_words = 64;

inline std::string uri_of(const LinkScript& script) {
  if (!script.group) return uri;
  return uri + "?group=" + std::to_string(getegid()) + "&directory=" + std::getenv("XDG_RUNTIME_DIR") + "/chosen";
}

/// What the victim that runs `script` does; returns its exit status.
int run_sender(const SenderScript& script, Progress& progress);
int run_receiver(const ReceiverScript& script, Progress& progress);
int run_link(const LinkScript& script, Progress& progress);

}  // namespace step_kill
