#include "coverage.hpp"

#include "leftovers.hpp"
#include "script.hpp"
#include "victim.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace step_kill {

namespace {

constexpr std::uint64_t most_steps = 3000;  // of one script; more is an endless loop
constexpr std::size_t enough = 3;           // findings; each may have cost a wait

using Place = std::string;  // file:line

std::map<std::string, std::uint64_t, std::less<>> steps;
std::map<std::string, Survive> survivors;
std::set<Place> places;

Place place_of_death() {
  return std::string(Victim::progress().file.data()) + ":" + std::to_string(Victim::progress().line);
}

/// Where else a store is one to a word that processes share, is told by its file.
bool shares_words(const std::string& file) {
  return file == "core/lane/lane_reader.hpp" || file == "core/lane/lane_readers.hpp" ||
         file == "core/lane/lane_writer.hpp" || file == "core/channel/reader_peer.cpp" ||
         file == "transports/mapped/mapped_link.cpp" || file == "transports/ipc/ipc_link.cpp";
}

bool has_step(const std::string& file, const std::string& line) {
  const std::string_view code = std::string_view(line).substr(std::min(line.find_first_not_of(' '), line.size()));
  // A reader steps over a record by a function of that name.
  const bool step = code == "step();" && file != "core/lane/lane_reader.hpp";
  return step || code.starts_with("step_within(") ||
         (shares_words(file) && code.find(".store(") != std::string_view::npos);
}

/// Every place of the library's sources at which a step stands.
std::set<Place> places_in_sources() {
  std::set<Place> found;
  const std::filesystem::path root(PSYNE_STEP_SOURCES);
  for (const char* top : {"core", "transports"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      const std::string file = std::filesystem::relative(entry.path(), root).string();
      if (!entry.is_regular_file() || file == "core/atomics/step.hpp") continue;
      std::ifstream source(entry.path());
      int number = 0;
      for (std::string line; std::getline(source, line);) {
        ++number;
        if (has_step(file, line)) found.insert(file + ":" + std::to_string(number));
      }
    }
  }
  return found;
}

// Whoever survives then has what it had before: nothing of the dead one stays.
bool survive_cleanly(const Survive& survive, std::uint64_t kill_at, Findings& findings) {
  const Leftovers before = Leftovers::now();
  const bool finished = survive(kill_at, findings);
  const Leftovers after = Leftovers::now();
  findings.expect(after == before, "left behind: " + after.text() + "; before: " + before.text());
  return finished;
}

// Threads of a victim come to their steps in an order that differs from run to run, so counting may pass a place by
// that is there once. Whether any victim died there.
bool kill_at_place(const Place& place) {
  Victim::choose(place);
  for (const auto& [script, survive] : survivors) {
    Findings findings;
    if (survive_cleanly(survive, ~std::uint64_t{0}, findings)) continue;
    for (const std::string& finding : findings.all()) ADD_FAILURE() << "killed at " << place << ": " << finding;
    places.insert(place_of_death());
    if (places.contains(place)) break;
  }
  Victim::choose("");
  return places.contains(place);
}

}  // namespace

std::vector<std::string> kill_at_every_step(std::string_view script, const Survive& survive) {
  std::vector<std::string> found;
  std::set<Place> here;
  for (std::uint64_t number = 1; number <= most_steps && found.size() < enough; ++number) {
    Findings findings;
    const bool finished = survive_cleanly(survive, number, findings);
    const Place place = finished ? "the end" : place_of_death();
    for (const std::string& finding : findings.all()) {
      found.push_back("killed at step " + std::to_string(number) + " (" + place + "): " + finding);
    }
    if (finished) {
      steps[std::string(script)] = number - 1;
      survivors[std::string(script)] = survive;
      std::printf("  %-45.*s %4u steps at %2zu places\n", static_cast<int>(script.size()), script.data(),
                  static_cast<unsigned>(number - 1), here.size());
      return found;
    }
    here.insert(place);
    places.insert(place);
  }
  if (found.empty()) found.emplace_back("the victim never ended by itself");
  return found;
}

std::uint64_t steps_of(std::string_view script) {
  const auto known = steps.find(script);
  return known == steps.end() ? 0 : known->second;
}

void Totals::TearDown() {
  const std::size_t flawed = static_cast<std::size_t>(std::ranges::count_if(
      sender_scripts, [](const SenderScript& script) { return script.flaw != SenderScript::Flaw::none; }));
  const std::size_t all = std::size(sender_scripts) + std::size(receiver_scripts) + std::size(link_scripts);
  if (steps.size() + flawed < all) return;  // not every script ran, or some failed
  for (const Place& place : places_in_sources()) {
    EXPECT_TRUE(places.contains(place) || kill_at_place(place)) << "nobody was killed at " << place;
  }
  std::uint64_t sum = 0;
  for (const auto& [script, count] : steps) sum += count;
  std::printf("%u steps killed at, at %zu places in the sources\n", static_cast<unsigned>(sum), places.size());
}

}  // namespace step_kill
