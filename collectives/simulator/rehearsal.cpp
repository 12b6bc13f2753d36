#include <psyne/collectives/schedule/in_place.hpp>
#include <psyne/collectives/simulator/promise.hpp>
#include <psyne/collectives/simulator/rehearsal.hpp>

#include <algorithm>
#include <random>
#include <string_view>

namespace psyne::inline v0 {

Rehearsal::Rehearsal(Rank size, const RehearsalOptions& options)
    : size_(size),
      options_(options),
      actors_(static_cast<std::size_t>(size)),
      memory_(size, options.hazards),
      banks_(static_cast<std::size_t>(size), PairBanks(size)) {}

std::optional<std::string> Rehearsal::run(const std::vector<Scene>& scenes) {
  scenes_ = &scenes;
  std::mt19937_64 random(options_.seed);
  std::vector<Rank> ready(actors_.size());
  for (Rank rank = 0; rank < size_; ++rank) ready[static_cast<std::size_t>(rank)] = rank;
  // Whoever is drawn goes on for a random number of steps, or until it waits; a round in which nobody could is the end.
  while (!ready.empty() && !fault_) {
    std::shuffle(ready.begin(), ready.end(), random);
    bool moved = false;
    for (const Rank rank : ready) {
      for (std::uint64_t steps = random() % 16 + 1; steps > 0 && advance(rank); --steps) moved = true;
      if (!fault_ && memory_.fault()) wrong(rank, *memory_.fault());
      if (fault_) return fault_;
    }
    std::erase_if(ready, [&](Rank rank) { return actors_[static_cast<std::size_t>(rank)].scene == scenes.size(); });
    if (!moved && !ready.empty()) fault_ = "nobody can go on: " + standing();
  }
  return fault_;
}

void Rehearsal::wrong(Rank rank, const std::string& what) {
  if (fault_) return;
  const Actor& actor = actors_[static_cast<std::size_t>(rank)];
  fault_ =
      "operation " + std::to_string(actor.scene) + " (" + std::string(name(actor.problem.operation)) + "): " + what;
}

void Rehearsal::enter(Rank rank) {
  Actor& actor = actors_[static_cast<std::size_t>(rank)];
  const Scene& scene = (*scenes_)[actor.scene];
  actor.problem = scene.problem;
  actor.problem.rank = rank;
  actor.schedule = scene.make(actor.problem);
  actor.step = 0;
  actor.entered = true;
  const auto operation = static_cast<std::uint32_t>(actor.scene);
  for (const Stretch& stretch : promise::input(actor.problem)) {
    for (std::uint64_t byte = stretch.offset; byte < stretch.offset + stretch.bytes;
         byte += actor.problem.element_bytes) {
      const Place place = in_memory(actor.problem, {Space::input, rank, rank, byte});
      const std::uint64_t element = byte / actor.problem.element_bytes;
      memory_.store(rank, {place.space, rank, rank, operation}, place.offset / actor.problem.element_bytes,
                    Symbol::of(operation, rank, element));
    }
  }
}

void Rehearsal::leave(Rank rank) {
  Actor& actor = actors_[static_cast<std::size_t>(rank)];
  const auto operation = static_cast<std::uint32_t>(actor.scene);
  check_output(rank);
  memory_.reuse({Space::input, rank, rank, operation});
  memory_.reuse({Space::output, rank, rank, operation});
  memory_.forget({Space::workspace, rank, rank, operation});
  banks_[static_cast<std::size_t>(rank)].leave(actor.schedule);
  actor.entered = false;
  ++actor.scene;
}

bool Rehearsal::advance(Rank rank) {
  Actor& actor = actors_[static_cast<std::size_t>(rank)];
  if (actor.scene == scenes_->size()) return false;
  if (!actor.entered) {
    enter(rank);
    return true;
  }
  if (actor.step == actor.schedule.steps.size()) {
    leave(rank);
    return true;
  }
  if (!take(rank, actor.schedule.steps[actor.step])) return false;
  ++actor.step;
  return true;
}

bool Rehearsal::take(Rank rank, const Step& step) {
  PairBanks& banks = banks_[static_cast<std::size_t>(rank)];
  const auto see = [&](const Awaited& awaited) {
    if (memory_.signalled(awaited.peer, rank, awaited.bank) < awaited.count) return false;
    memory_.seen(rank, awaited.peer, awaited.bank, awaited.count);
    return true;
  };
  switch (step.action) {
    case Action::copy: copy(rank, step); return true;
    case Action::fold: fold(rank, step); return true;
    case Action::signal: {
      const std::uint32_t bank = banks.bank(step.peer);
      banks.tell(step.peer);
      memory_.signal(rank, step.peer, bank, banks.told(step.peer));
      return true;
    }
    case Action::wait: return see(banks.awaited(step.peer, step.count));
    case Action::admit: return see(banks.admission(step.peer));
    case Action::restage:
      for (const Awaited& awaited : banks.stage_readers()) {
        if (!see(awaited)) return false;
      }
      return true;
  }
  return true;
}

namespace {

MemoryName memory_name(const Place& place, Rank rank, std::uint32_t operation, const PairBanks& banks) {
  switch (place.space) {
    case Space::slot:
    case Space::mail:
      return {place.space, place.owner, place.writer, banks.bank(place.owner == rank ? place.writer : place.owner)};
    case Space::stage: return {place.space, place.owner, place.owner, banks.stage_bank()};
    default: return {place.space, place.owner, place.owner, operation};
  }
}

}  // namespace

// A schedule says how much it uses of the memories that are not the program's.
void Rehearsal::check_bounds(Rank rank, const Place& place, std::uint64_t bytes) {
  const Schedule& schedule = actors_[static_cast<std::size_t>(rank)].schedule;
  std::uint64_t there = 0;
  switch (place.space) {
    case Space::input:
    case Space::output: return;
    case Space::workspace: there = schedule.workspace_bytes; break;
    case Space::mail: there = mail_bytes; break;
    case Space::slot: there = schedule.slot_bytes; break;
    case Space::stage:
      if (place.owner != rank) return;
      there = schedule.stage_bytes;
      break;
  }
  if (place.offset + bytes > there)
    wrong(rank, "rank " + std::to_string(rank) + " goes beyond what it says that it uses");
}

void Rehearsal::copy(Rank rank, const Step& step) {
  const Actor& actor = actors_[static_cast<std::size_t>(rank)];
  const PairBanks& banks = banks_[static_cast<std::size_t>(rank)];
  const auto operation = static_cast<std::uint32_t>(actor.scene);
  const std::uint64_t element = actor.problem.element_bytes;
  const Place from = in_memory(actor.problem, step.from);
  const Place to = in_memory(actor.problem, step.to);
  check_bounds(rank, from, step.bytes);
  check_bounds(rank, to, step.bytes);
  const MemoryName source = memory_name(from, rank, operation, banks);
  const MemoryName target = memory_name(to, rank, operation, banks);
  if (step.bytes % element != 0) wrong(rank, "an element is cut");
  for (std::uint64_t done = 0; done < step.bytes; done += element) {
    memory_.store(rank, target, (to.offset + done) / element,
                  memory_.load(rank, source, (from.offset + done) / element));
  }
}

void Rehearsal::fold(Rank rank, const Step& step) {
  const Actor& actor = actors_[static_cast<std::size_t>(rank)];
  const PairBanks& banks = banks_[static_cast<std::size_t>(rank)];
  const auto operation = static_cast<std::uint32_t>(actor.scene);
  const std::uint64_t element = actor.problem.element_bytes;
  if (step.bytes % element != 0) wrong(rank, "an element is cut");
  check_bounds(rank, step.to, step.bytes);
  for (std::uint32_t source = 0; source < step.sources; ++source) {
    check_bounds(rank, actor.schedule.sources[step.first_source + source], step.bytes);
  }
  for (std::uint64_t done = 0; done < step.bytes; done += element) {
    Symbol folded;
    for (std::uint32_t source = 0; source < step.sources; ++source) {
      const Place from = in_memory(actor.problem, actor.schedule.sources[step.first_source + source]);
      folded.fold(memory_.load(rank, memory_name(from, rank, operation, banks), (from.offset + done) / element));
    }
    const Place to = in_memory(actor.problem, step.to);
    memory_.store(rank, memory_name(to, rank, operation, banks), (to.offset + done) / element, folded);
  }
}

void Rehearsal::check_output(Rank rank) {
  const Actor& actor = actors_[static_cast<std::size_t>(rank)];
  const Scene& scene = (*scenes_)[actor.scene];
  const auto operation = static_cast<std::uint32_t>(actor.scene);
  const std::uint64_t bytes = actor.problem.element_bytes;
  for (const Stretch& stretch : promise::output(actor.problem)) {
    for (std::uint64_t byte = stretch.offset; byte < stretch.offset + stretch.bytes; byte += bytes) {
      const Place place = in_memory(actor.problem, {Space::output, rank, rank, byte});
      const Symbol found = memory_.peek({place.space, rank, rank, operation}, place.offset / bytes);
      const std::string where = "rank " + std::to_string(rank) + " ends with element " + std::to_string(byte / bytes);
      if (!found.same_contributions(promise::element(actor.problem, operation, byte))) {
        return wrong(rank, where + " not as promised (made of " + std::to_string(found.count) + ")");
      }
      if (scene.needs_order && !found.ordered) return wrong(rank, where + " not folded in the order of the ranks");
      if (scene.needs_canonical && !(found.ordered && found.flat))
        return wrong(rank, where + " folded in several steps");
    }
  }
  for (const Stretch& stretch : promise::input(actor.problem)) {
    if (actor.problem.in_place) break;
    for (std::uint64_t byte = stretch.offset; byte < stretch.offset + stretch.bytes; byte += bytes) {
      const Symbol found = memory_.peek({Space::input, rank, rank, operation}, byte / bytes);
      if (!found.same_contributions(Symbol::of(operation, rank, byte / bytes))) {
        return wrong(
            rank, "rank " + std::to_string(rank) + " has changed its input, element " + std::to_string(byte / bytes));
      }
    }
  }
  for (const Acquaintance& acquaintance : actor.schedule.acquaintances) {
    if (acquaintance.peer == rank) return wrong(rank, "rank " + std::to_string(rank) + " signals itself");
  }
}

std::string Rehearsal::standing() const {
  std::string text;
  for (Rank rank = 0; rank < size_; ++rank) {
    const Actor& actor = actors_[static_cast<std::size_t>(rank)];
    if (actor.scene == scenes_->size() || !actor.entered || actor.step >= actor.schedule.steps.size()) continue;
    const Step& step = actor.schedule.steps[actor.step];
    if (!text.empty()) text += ", ";
    text += "rank " + std::to_string(rank) + " waits in operation " + std::to_string(actor.scene) + " for " +
            (step.action == Action::restage ? "the readers of its stage" : "rank " + std::to_string(step.peer));
    if (text.size() > 400) return text + ", ...";
  }
  return text;
}

}  // namespace psyne::inline v0
