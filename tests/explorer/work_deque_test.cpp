#include <psyne/pool/deque/work_deque.hpp>

#include <gtest/gtest.h>

#include <array>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>
#include <explorer/mutated_work_deque.hpp>

namespace {

using namespace psyne::explorer;

/// What is put aside: written by the owner before, read by who takes it, and taken once.
struct Item {
  Checked<int> content{0};
  Checked<int> taken{0};

  void fill() { content = 7; }
  void take() {
    require(content == 7, "the content is there");
    taken = taken + 1;
  }
};

template <class Atomics, std::size_t capacity = 2>
using Deque = psyne::WorkDeque<Item, Atomics, capacity>;
template <WorkDequeBug bug, std::size_t capacity = 2>
using Mutated = MutatedWorkDeque<Item, bug, capacity>;

Search deep(std::uint64_t random = 30'000, std::uint64_t systematic = 100'000) {
  Search search;
  search.systematic = systematic;
  search.random = random;
  return search;
}

/// The owner puts `count` items aside and takes back one after every `per_pop`, thieves take what they get in `steals`
/// attempts each; a full deque makes the owner do the item itself. In the end every item has been taken once.
template <class Deque, std::size_t count>
void share(int thieves, int steals, std::size_t per_pop = 1) {
  Deque deque;
  std::array<Item, count> items;
  std::vector<ExploredThread> threads;
  for (int thief = 0; thief < thieves; ++thief) {
    threads.emplace_back([&] {
      for (int attempt = 0; attempt < steals; ++attempt) {
        if (Item* item = deque.steal()) item->take();
      }
    });
  }
  std::size_t pushed = 0;
  for (Item& item : items) {
    item.fill();
    if (!deque.push(&item)) item.take();
    if (++pushed % per_pop != 0) continue;
    if (Item* own = deque.pop()) own->take();
  }
  while (Item* own = deque.pop()) own->take();
  require(deque.empty(), "the owner finds nothing more");
  for (ExploredThread& thread : threads) thread.join();
  require(deque.steal() == nullptr, "nor does a thief");
  for (Item& item : items) require(item.taken == 1, "taken once");
}

TEST(WorkDequeExplored, OwnerAndThievesWantTheLastItem) {
  expect_sound(
      "WorkDeque, one item, one thief", [] { share<Deque<ExplorerAtomics>, 1>(1, 2); }, deep());
  expect_sound(
      "WorkDeque, one item, two thieves", [] { share<Deque<ExplorerAtomics>, 1>(2, 1); }, deep());
  expect_sound(
      "WorkDeque, two items, two thieves", [] { share<Deque<ExplorerAtomics>, 2>(2, 1, 2); }, deep());
}

TEST(WorkDequeExplored, ItemsComeAfterThefts) {
  expect_sound(
      "WorkDeque, pushes after thefts", [] { share<Deque<ExplorerAtomics>, 3>(1, 2); }, deep());
  expect_sound(
      "WorkDeque, pushes after thefts by two", [] { share<Deque<ExplorerAtomics>, 3>(2, 1, 2); }, deep());
}

TEST(WorkDequeExplored, AFullDequeSaysSoAndIsUsedAgain) {
  expect_sound(
      "WorkDeque, full and around the end", [] { share<Deque<ExplorerAtomics>, 5>(1, 3, 4); }, deep());
  expect_sound(
      "WorkDeque of one, two thieves", [] { share<Deque<ExplorerAtomics, 1>, 4>(2, 2, 3); }, deep());
}

/// Whoever puts an item aside and then finds that nobody is awake, wakes one; who goes to sleep looks once more. The
/// store of push() is one of the four accesses that this stands on.
template <class Atomics>
void push_beside_a_sleeper() {
  Deque<Atomics> deque;
  Item item;
  typename Atomics::template Atomic<std::uint32_t> asleep{0};
  bool woken = false, seen = false;
  ExploredThread sleeper([&] {
    asleep.store(1, std::memory_order_seq_cst);
    seen = !deque.empty();
  });
  item.fill();
  deque.push(&item);
  woken = asleep.load(std::memory_order_seq_cst) != 0;
  sleeper.join();
  require(woken || seen, "the sleeper is woken, or sees the item");
}

TEST(WorkDequeExplored, NoSleeperMissesAnItem) {
  expect_sound("WorkDeque beside a sleeper", push_beside_a_sleeper<ExplorerAtomics>, deep());
  expect_found("WorkDeque beside a sleeper, not sequential", push_beside_a_sleeper<SequentialMissing>, "woken, or");
}

TEST(WorkDequeExplored, WeakerOrdersAreFound) {
  expect_found(
      "WorkDeque, not sequential", [] { share<Deque<SequentialMissing>, 2>(1, 2, 2); }, "", deep());
  expect_found(
      "WorkDeque without release", [] { share<Deque<SequentialRelaxed>, 1>(1, 1); }, "race");
}

TEST(WorkDequeExplored, TheMutantWithoutABugIsSound) {
  expect_sound("mutated deque without a bug", [] { share<Mutated<WorkDequeBug::none>, 3>(2, 1, 2); });
}

TEST(WorkDequeExplored, EachBugIsFound) {
  using Bug = WorkDequeBug;
  expect_found("the last item without asking", [] { share<Mutated<Bug::last_without_asking>, 1>(1, 1); });
  expect_found("looking before taking back", [] { share<Mutated<Bug::looks_before_it_takes>, 2>(1, 2, 2); });
  expect_found("staying taken back", [] { share<Mutated<Bug::stays_taken_back>, 2>(1, 1); });
  expect_found("thieves that store", [] { share<Mutated<Bug::thieves_store>, 1>(2, 1); });
  expect_found("thieves that look late", [] { share<Mutated<Bug::thieves_look_late, 1>, 3>(1, 1, 3); });
  expect_found(
      "thieves that look at the owner's end first", [] { share<Mutated<Bug::thieves_look_at_bottom>, 2>(1, 1, 2); }, "",
      deep());
  expect_found("one item too many", [] { share<Mutated<Bug::one_too_many, 1>, 2>(1, 1, 2); });
}

}  // namespace
