#include <gtest/gtest.h>

#include <set>
#include <string>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/explore.hpp>

// Litmus tests: which results of small programs the model allows. Too few would hide bugs, too many would invent them.
namespace {

using psyne::explorer::Checked;
using psyne::explorer::explore;
using psyne::explorer::ExplorerAtomics;
using psyne::explorer::Report;
using psyne::explorer::Search;
using Int = ExplorerAtomics::Atomic<int>;
using Thread = ExplorerAtomics::Thread;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto seq_cst = std::memory_order_seq_cst;

using Results = std::set<std::string>;

std::string text(std::initializer_list<int> values) {
  std::string all;
  for (const int value : values) all += std::to_string(value);
  return all;
}

/// All results of `body`, which returns one per execution.
template <class Body>
Results results(const char* name, Body&& body, Search search = {}) {
  Results all;
  search.bounds.preemptions = 10;
  const Report report = explore(
      name, [&] { all.insert(body()); }, search);
  EXPECT_FALSE(report.failure) << *report.failure;
  EXPECT_TRUE(report.exhausted);
  return all;
}

template <class First, class Second>
void both(First&& first, Second&& second) {
  Thread other(second);
  first();
  other.join();
}

/// Each side stores to its own and loads the other's, with something in between.
template <class Between, class OtherBetween>
std::string store_buffering(std::memory_order store, std::memory_order load, Between&& between,
                            OtherBetween&& other_between) {
  Int x(0), y(0);
  int a = -1, b = -1;
  both([&] { x.store(1, store), between(), a = y.load(load); },
       [&] { y.store(1, store), other_between(), b = x.load(load); });
  return text({a, b});
}

const auto nothing = [] {};
const auto full = [] { ExplorerAtomics::full_barrier(); };
const auto light = [] { ExplorerAtomics::light_barrier(); };
const auto heavy = [] { ExplorerAtomics::heavy_barrier(); };

TEST(Memory, StoresAreBuffered) {
  EXPECT_EQ(results("store buffering", [] { return store_buffering(release, acquire, nothing, nothing); }),
            (Results{"00", "01", "10", "11"}));
}

TEST(Memory, SequentialOnesAreNot) {
  EXPECT_EQ(results("store buffering, seq_cst", [] { return store_buffering(seq_cst, seq_cst, nothing, nothing); }),
            (Results{"01", "10", "11"}));
}

TEST(Memory, FullBarriersEmptyTheBuffers) {
  EXPECT_EQ(results("store buffering, full", [] { return store_buffering(relaxed, relaxed, full, full); }),
            (Results{"01", "10", "11"}));
  EXPECT_TRUE(results("store buffering, one full", [] {
                return store_buffering(relaxed, relaxed, full, nothing);
              }).contains("00"));
}

TEST(Memory, AFullBarrierStandsAmongTheSequentialOnes) {
  const auto between = [](std::memory_order first, std::memory_order second) {
    Int x(0), y(0);
    int a = -1, b = -1;
    both([&] { x.store(1, relaxed), full(), a = y.load(relaxed); }, [&] { y.store(1, first), b = x.load(second); });
    return text({a, b});
  };
  EXPECT_EQ(results("a barrier here, seq_cst there", [&] { return between(seq_cst, seq_cst); }),
            (Results{"01", "10", "11"}));
  EXPECT_TRUE(results("a barrier here, seq_cst store there", [&] { return between(seq_cst, relaxed); }).contains("00"));
  EXPECT_TRUE(results("a barrier here, seq_cst load there", [&] { return between(relaxed, seq_cst); }).contains("00"));
}

TEST(Memory, LightAndHeavyBarrierDoSoTogether) {
  EXPECT_EQ(results("store buffering, light and heavy", [] { return store_buffering(relaxed, relaxed, light, heavy); }),
            (Results{"01", "10", "11"}));
}

TEST(Memory, LightBarriersAloneOrderNothing) {
  EXPECT_TRUE(results("store buffering, light and light", [] {
                return store_buffering(relaxed, relaxed, light, light);
              }).contains("00"));
}

TEST(Memory, AHeavyBarrierAloneIsDefeatedByTheCompiler) {
  EXPECT_TRUE(results("store buffering, heavy alone", [] {
                return store_buffering(relaxed, relaxed, nothing, heavy);
              }).contains("00"));
}

TEST(Memory, WithoutAsymmetricBarriersLightOnesAreFull) {
  Search search;
  search.bounds.asymmetric_barriers = false;
  const auto body = [] { return store_buffering(relaxed, relaxed, light, heavy); };
  EXPECT_EQ(results("store buffering, symmetric", body, search), (Results{"01", "10", "11"}));
}

std::string message_passing(std::memory_order store, std::memory_order load) {
  Int data(0), flag(0);
  int a = -1, b = -1;
  both([&] { data.store(1, relaxed), flag.store(1, store); }, [&] { a = flag.load(load), b = data.load(relaxed); });
  return text({a, b});
}

TEST(Memory, ReleaseAndAcquirePassAMessage) {
  EXPECT_EQ(results("message", [] { return message_passing(release, acquire); }), (Results{"00", "01", "11"}));
  EXPECT_TRUE(results("message, relaxed store", [] { return message_passing(relaxed, acquire); }).contains("10"));
  EXPECT_TRUE(results("message, relaxed load", [] { return message_passing(release, relaxed); }).contains("10"));
}

TEST(Memory, LoadsOfOneAtomicDoNotGoBack) {
  const Results seen = results("coherence", [] {
    Int x(0);
    int a = -1, b = -1;
    both([&] { x.store(1, relaxed), x.store(2, relaxed); }, [&] { a = x.load(relaxed), b = x.load(relaxed); });
    return text({a, b});
  });
  EXPECT_EQ(seen, (Results{"00", "01", "02", "11", "12", "22"}));
}

TEST(Memory, StoresOfTwoThreadsMayEndUpInAnyOrder) {
  const Results seen = results("two stores each", [] {
    Int x(0), y(0);
    both([&] { x.store(1, relaxed), y.store(2, relaxed); }, [&] { y.store(1, relaxed), x.store(2, relaxed); });
    return text({x.load(relaxed), y.load(relaxed)});
  });
  EXPECT_EQ(seen, (Results{"11", "12", "21", "22"})) << "11: both second stores drained first";
}

TEST(Memory, IndependentReadersMayDisagree) {
  const auto body = [](std::memory_order order) {
    Int x(0), y(0);
    int a = -1, b = -1, c = -1, d = -1;
    Thread first([&] { x.store(1, order); });
    Thread second([&] { y.store(1, order); });
    Thread third(
        [&] { a = x.load(order == seq_cst ? order : acquire), b = y.load(order == seq_cst ? order : acquire); });
    c = y.load(order == seq_cst ? order : acquire);
    d = x.load(order == seq_cst ? order : acquire);
    first.join(), second.join(), third.join();
    return text({a, b, c, d});
  };
  Search search;
  search.systematic = 2'000'000;
  search.bounds.weak_choices = 2;
  EXPECT_TRUE(results(
                  "independent readers", [&] { return body(release); }, search)
                  .contains("1010"));
  EXPECT_FALSE(results(
                   "independent readers, seq_cst", [&] { return body(seq_cst); }, search)
                   .contains("1010"));
}

TEST(Memory, AReadModifyWriteIsOneStep) {
  const Results seen = results("two additions", [] {
    Int x(0);
    both([&] { x.fetch_add(1, relaxed); }, [&] { x.fetch_add(1, relaxed); });
    return text({x.load(relaxed)});
  });
  EXPECT_EQ(seen, (Results{"2"}));
}

TEST(Memory, AReadModifyWritePassesTheReleaseOn) {
  const Results seen = results("release sequence", [] {
    Int data(0), flag(0);
    int a = -1, b = -1;
    Thread middle([&] { flag.fetch_add(1, relaxed); });
    Thread reader([&] { a = flag.load(acquire), b = data.load(relaxed); });
    data.store(1, relaxed);
    flag.store(1, release);
    middle.join(), reader.join();
    return text({a == 2, b});
  });
  EXPECT_FALSE(seen.contains("10"));
  EXPECT_TRUE(seen.contains("11"));
}

TEST(Memory, AComparisonSucceedsOnce) {
  const Results seen = results("two comparisons", [] {
    Int x(0);
    bool a = false, b = false;
    const auto attempt = [&](bool& won, int value) {
      int expected = 0;
      won = x.compare_exchange_strong(expected, value, relaxed);
    };
    both([&] { attempt(a, 1); }, [&] { attempt(b, 2); });
    return text({a, b});
  });
  EXPECT_EQ(seen, (Results{"01", "10"}));
}

TEST(Memory, PlainAccessesRaceUnlessOrdered) {
  const auto body = [](std::memory_order store, std::memory_order load) {
    return [=] {
      Checked<int> data(0);
      Int flag(0);
      both([&] { data = 1, flag.store(1, store); },
           [&] {
             if (flag.load(load) == 1) psyne::explorer::require(data == 1, "data");
           });
    };
  };
  EXPECT_FALSE(explore("plain, release", body(release, acquire)).failure);
  EXPECT_TRUE(explore("plain, relaxed store", body(relaxed, acquire)).failure);
  EXPECT_TRUE(explore("plain, relaxed load", body(release, relaxed)).failure);
}

TEST(Memory, ABarrierDoesNotOrderPlainAccesses) {
  const Report report = explore("plain, barriers only", [] {
    Checked<int> data(0);
    Int flag(0);
    both([&] { data = 1, full(), flag.store(1, relaxed); },
         [&] {
           if (flag.load(relaxed) == 1) full(), static_cast<void>(data.get());
         });
  });
  EXPECT_TRUE(report.failure);
}

TEST(Memory, AReaderRacesWithALaterWriterToo) {
  const Report report = explore("plain, write after read", [] {
    Checked<int> data(0);
    Int flag(0);
    both([&] { static_cast<void>(data.get()), flag.store(1, relaxed); },
         [&] {
           if (flag.load(acquire) == 1) data = 2;
         });
  });
  EXPECT_TRUE(report.failure);
}

}  // namespace
