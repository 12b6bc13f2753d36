#include <psyne/core/lane/held_views.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using namespace psyne::explorer;

/// Views as a lane holds them. What is published is plain memory: two that fold at once are a race. Who closes folds
/// without publishing.
template <class Atomics>
struct Views {
  psyne::HeldViews<Atomics> held{4};
  Checked<std::uint64_t> published{0};
  std::uint64_t given_out = 0;

  std::uint32_t hold() { return held.hold(++given_out); }
  bool release(std::uint32_t view) {
    return held.release(view, [this](std::uint64_t end) {
      require(end > published, "ends grow");
      published = end;
    });
  }
};

/// The owner gives back views of its own before, while and after `others` give back theirs.
template <class Atomics, int others = 1>
void owner_and_others() {
  Views<Atomics> views;
  require(!views.release(views.hold()), "more may come");
  std::array<std::uint32_t, others> lent{};
  for (auto& view : lent) view = views.hold();
  std::array<bool, others + 3> last{};
  std::array<ExplorerAtomics::Thread, others> threads;
  for (std::size_t i = 0; i < others; ++i)
    threads[i] = ExplorerAtomics::Thread([&, i] { last[i] = views.release(lent[i]); });
  for (std::size_t i = others; i < others + 2; ++i) {
    if (!views.held.full()) last[i] = views.release(views.hold());
  }
  last[others + 2] = views.held.close();
  for (auto& thread : threads) thread.join();
  int finished = 0;
  for (const bool one : last) finished += one;
  require(finished == 1, "one of them was the last");
}

/// The receiver goes to another thread while its first owner still gives back.
template <class Atomics>
void handed_over() {
  Views<Atomics> views;
  std::array<std::uint32_t, 2> kept{views.hold(), views.hold()};
  std::array<bool, 4> last{};
  ExplorerAtomics::Thread successor([&] {
    last[0] = views.release(views.hold());
    last[1] = views.held.close();
  });
  last[2] = views.release(kept[1]);
  last[3] = views.release(kept[0]);
  successor.join();
  require(last[0] + last[1] + last[2] + last[3] == 1, "one of them was the last");
}

Search deep(int preemptions) {
  Search search;
  search.bounds.preemptions = preemptions;
  search.systematic = 60'000;
  search.random = 20'000;
  return search;
}

TEST(HeldViewsExplored, NobodyFoldsWhileTheOwnerDoes) {
  expect_sound("HeldViews, one other", owner_and_others<ExplorerAtomics>, deep(4));
  expect_sound("HeldViews, two others", owner_and_others<ExplorerAtomics, 2>, deep(3));
  expect_sound("HeldViews, handed over", handed_over<ExplorerAtomics>, deep(4));
}

TEST(HeldViewsExplored, FindsSeededBugs) {
  expect_found("HeldViews without the owner's barrier", owner_and_others<LightBarrierMissing>);
  expect_found("HeldViews without the others' barrier", owner_and_others<HeavyBarrierMissing>);
  expect_found("HeldViews without release", owner_and_others<ReleaseMissing>);
  expect_found("HeldViews without acquire", owner_and_others<AcquireMissing>);
}

}  // namespace
