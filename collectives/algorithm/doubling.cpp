#include <psyne/collectives/algorithm/doubling.hpp>
#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <bit>

namespace psyne::inline v0::doubling {

namespace {

// As many ranks as the next lower power of two: each of the first pairs of ranks sends only its even one in.
class Core {
 public:
  explicit Core(const Problem& problem)
      : size(static_cast<Rank>(std::bit_floor(static_cast<std::uint32_t>(problem.size)))),
        pairs_(problem.size - size),
        rank_(problem.rank) {}

  bool paired() const noexcept { return rank_ < 2 * pairs_; }
  bool member() const noexcept { return !paired() || rank_ % 2 == 0; }
  Rank partner() const noexcept { return rank_ ^ 1; }
  Rank index() const noexcept { return paired() ? rank_ / 2 : rank_ - pairs_; }
  Rank rank_of(Rank index) const noexcept { return index < pairs_ ? 2 * index : index + pairs_; }

  const Rank size;

 private:
  Rank pairs_;
  Rank rank_;
};

// What this rank's contribution to the core is, and where it lies. Not for those who are no members.
Place enter(const Problem& problem, ScheduleBuilder& builder, const Core& core) {
  if (!core.paired()) return builder.input();
  const Place received = builder.receive(core.partner(), problem.bytes);
  builder.fold(builder.output(), {builder.input(), received}, problem.bytes);
  return builder.output();
}

void stand_aside(const Problem& problem, ScheduleBuilder& builder, const Core& core) {
  builder.send(core.partner(), builder.input(), problem.bytes);
  builder.copy(builder.output(), builder.receive(core.partner(), problem.bytes), problem.bytes);
}

}  // namespace

void all_reduce(const Problem& problem, ScheduleBuilder& builder) {
  const Core core(problem);
  if (!core.member()) return stand_aside(problem, builder, core);
  Place folded = enter(problem, builder, core);
  for (Rank distance = 1; distance < core.size; distance *= 2) {
    const Rank partner = core.rank_of(core.index() ^ distance);
    builder.send(partner, folded, problem.bytes);
    const Place received = builder.receive(partner, problem.bytes);
    if (partner < problem.rank) {
      builder.fold(builder.output(), {received, folded}, problem.bytes);
    } else {
      builder.fold(builder.output(), {folded, received}, problem.bytes);
    }
    folded = builder.output();
  }
  builder.copy(builder.output(), folded, problem.bytes);
  if (core.paired()) builder.send(core.partner(), builder.output(), problem.bytes);
}

void all_reduce_by_halves(const Problem& problem, ScheduleBuilder& builder) {
  const Core core(problem);
  if (!core.member()) return stand_aside(problem, builder, core);
  const Parts parts(problem, core.size);
  Place folded = enter(problem, builder, core);
  // Of `2 * distance` parts from `first` on, half is the partner's.
  Rank first = 0;
  for (Rank distance = core.size / 2; distance > 0; distance /= 2) {
    const Rank partner = core.rank_of(core.index() ^ distance);
    const bool upper = (core.index() & distance) != 0;
    const Stretch theirs = parts.of(upper ? first : first + distance, distance);
    first = upper ? first + distance : first;
    const Stretch mine = parts.of(first, distance);
    builder.send(partner, folded + theirs.offset, theirs.bytes);
    const Place received = builder.receive(partner, mine.bytes);
    builder.fold(builder.output(mine.offset), {folded + mine.offset, received}, mine.bytes);
    folded = builder.output();
  }
  builder.copy(builder.output(), folded, problem.bytes);
  for (Rank distance = 1; distance < core.size; distance *= 2) {
    const Rank partner = core.rank_of(core.index() ^ distance);
    const Rank my_first = core.index() / distance * distance;
    const Stretch mine = parts.of(my_first, distance);
    const Stretch theirs = parts.of(my_first ^ distance, distance);
    builder.send(partner, builder.output(mine.offset), mine.bytes);
    builder.copy(builder.output(theirs.offset), builder.receive(partner, theirs.bytes), theirs.bytes);
  }
  if (core.paired()) builder.send(core.partner(), builder.output(), problem.bytes);
}

void scan(const Problem& problem, ScheduleBuilder& builder) {
  Place prefix = builder.input();
  for (Rank distance = 1; distance < problem.size; distance *= 2) {
    if (problem.rank + distance < problem.size) builder.send(problem.rank + distance, prefix, problem.bytes);
    if (problem.rank < distance) continue;
    const Place received = builder.receive(problem.rank - distance, problem.bytes);
    builder.fold(builder.output(), {received, prefix}, problem.bytes);
    prefix = builder.output();
  }
  builder.copy(builder.output(), prefix, problem.bytes);
}

void exclusive_scan(const Problem& problem, ScheduleBuilder& builder) {
  const Place own = builder.workspace(problem.bytes);
  Place prefix = builder.input();  // with this rank's own
  Place before = builder.output();
  bool any = false;
  for (Rank distance = 1; distance < problem.size; distance *= 2) {
    if (problem.rank + distance < problem.size) builder.send(problem.rank + distance, prefix, problem.bytes);
    if (problem.rank < distance) continue;
    const Place received = builder.receive(problem.rank - distance, problem.bytes);
    builder.fold(own, {received, prefix}, problem.bytes);
    prefix = own;
    if (any) {
      builder.fold(before, {received, before}, problem.bytes);
    } else {
      builder.copy(before, received, problem.bytes);
    }
    any = true;
  }
}

void barrier(const Problem& problem, ScheduleBuilder& builder) {
  for (Rank distance = 1; distance < problem.size; distance *= 2) {
    builder.signal(around(problem.rank + distance, problem.size));
    builder.wait(around(problem.rank - distance, problem.size));
  }
}

}  // namespace psyne::inline v0::doubling
