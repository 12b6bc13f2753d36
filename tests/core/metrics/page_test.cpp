#include <psyne/core/metrics/page.hpp>
#include <psyne/core/metrics/page_file.hpp>
#include <psyne/core/metrics/reader.hpp>
#include <psyne/core/uri/quantity.hpp>

#include "directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace {

using psyne::Code;
using psyne::KiB;
namespace metrics = psyne::metrics;
using metrics::Kind;
using metrics::Page;
using metrics::Reader;
using metrics::Section;
using psyne_test::Directory;

metrics::Snapshot read(const Page& page) { return Reader::open(page.path().value()).value().read().value(); }

TEST(Page, ShowsItsSectionsToAReader) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 64 * KiB).value();
  const Section section = page.add("lane", "ipc://ticks sender",
                                   {{"messages", Kind::counter}, {"used", Kind::gauge}, {"wait_ns", Kind::histogram}});
  ASSERT_TRUE(section.visible());
  section.counter("messages").add(7);
  section.gauge("used").set(-3);
  section.histogram("wait_ns").record(100);
  section.histogram("wait_ns").record(0);

  const auto snapshot = read(page);
  EXPECT_EQ(snapshot.process, static_cast<std::uint64_t>(getpid()));
  EXPECT_FALSE(snapshot.command.empty());
  EXPECT_GT(snapshot.started, 1'600'000'000'000'000'000u);
  ASSERT_EQ(snapshot.sections.size(), 1u);
  const auto& shown = snapshot.sections[0];
  EXPECT_EQ(shown.name, "lane");
  EXPECT_EQ(shown.label, "ipc://ticks sender");
  ASSERT_EQ(shown.values.size(), 3u);
  EXPECT_EQ(shown.values[0].name, "messages");
  EXPECT_EQ(shown.values[0].number, 7u);
  EXPECT_EQ(shown.values[1].kind, Kind::gauge);
  EXPECT_EQ(shown.values[1].level(), -3);
  EXPECT_EQ(shown.values[2].number, 100u);
  EXPECT_EQ(shown.values[2].count(), 2u);
  EXPECT_EQ(shown.values[2].histogram[7], 1u);
}

TEST(Page, InstrumentsOfOneNameShareTheirCell) {
  const Directory directory;
  const Section section = Page::create(directory.path(), 4 * KiB).value().add("a", "", {{"n", Kind::counter}});
  section.counter("n").add(1);
  section.counter("n").add(1);
  EXPECT_EQ(section.counter("n").value(), 2u);
}

TEST(Page, AnUnknownNameOrAnotherKindCountsToNowhere) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 4 * KiB).value();
  const Section section = page.add("a", "", {{"n", Kind::counter}});
  section.counter("m").add(5);
  section.gauge("n").set(5);
  section.histogram("n").record(5);
  EXPECT_EQ(read(page).sections[0].values[0].number, 0u);
}

TEST(Page, LongTextsAreCutAndControlBytesReadAsQuestionMarks) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 4 * KiB).value();
  const Section section = page.add(std::string(40, 'n'), std::string(200, 'l'), {{std::string(30, 'v')}});
  const Section other = page.add("a\nb", "\x1b[31mred", {});
  const auto snapshot = read(page);
  EXPECT_EQ(snapshot.sections[0].name, std::string(32, 'n'));
  EXPECT_EQ(snapshot.sections[0].label, std::string(152, 'l'));
  EXPECT_EQ(snapshot.sections[0].values[0].name, std::string(24, 'v'));
  EXPECT_EQ(snapshot.sections[1].name, "a?b");
  EXPECT_EQ(snapshot.sections[1].label, "?[31mred");
}

TEST(Page, ASectionThatGoesIsNoLongerShownAndItsPlaceIsUsedAgain) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 4 * KiB).value();
  std::uint64_t generation = 0;
  for (int round = 0; round < 1000; ++round) {
    const Section section = page.add("lane", std::to_string(round), {{"n", Kind::counter}});
    ASSERT_TRUE(section.visible()) << round;
    EXPECT_EQ(section.counter("n").value(), 0u) << "the place still counts what its last section counted";
    section.counter("n").add(9);
    const auto snapshot = read(page);
    ASSERT_EQ(snapshot.sections.size(), 1u);
    EXPECT_EQ(snapshot.sections[0].label, std::to_string(round));
    EXPECT_GT(snapshot.sections[0].generation, generation);
    generation = snapshot.sections[0].generation;
  }
  EXPECT_TRUE(read(page).sections.empty());
}

TEST(Page, WhenFullSectionsCountPrivatelyAndAreMissed) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 4 * KiB).value();
  std::vector<Section> sections;
  for (int i = 0; i < 20; ++i) sections.push_back(page.add("lane", "", {{"n", Kind::counter}}));
  const auto visible = static_cast<std::size_t>(std::ranges::count_if(sections, &Section::visible));
  EXPECT_GT(visible, 0u);
  EXPECT_LT(visible, 20u);
  for (auto& section : sections) section.counter("n").add(1);
  for (auto& section : sections) EXPECT_EQ(section.counter("n").value(), 1u) << "two sections share a cell";
  EXPECT_EQ(read(page).sections.size(), visible);
  EXPECT_EQ(read(page).lost, 20 - visible);
  sections.erase(sections.begin());
  EXPECT_TRUE(page.add("lane", "", {{"n", Kind::counter}}).visible());
}

TEST(Page, NoTwoSectionsShareALine) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 64 * KiB).value();
  std::vector<Section> sections;
  for (int i = 0; i < 50; ++i) sections.push_back(page.add("a", "", {{"n", Kind::counter}, {"m", Kind::gauge}}));
  sections.erase(sections.begin() + 10, sections.begin() + 20);
  for (int i = 0; i < 10; ++i) sections.push_back(page.add("b", "", {{"n", Kind::counter}}));
  // Seen from outside: count in each, and no other's cells move. Lines are shown by the layout, whose cells begin on
  // one.
  for (std::size_t i = 0; i < sections.size(); ++i) sections[i].counter("n").add(i + 1);
  for (std::size_t i = 0; i < sections.size(); ++i) EXPECT_EQ(sections[i].counter("n").value(), i + 1);
  for (const std::size_t values : {0u, 1u, 2u, 7u, 8u, 9u}) {
    EXPECT_EQ(metrics::layout::first_cell(values) % metrics::layout::line_words, 0u);
    EXPECT_EQ(metrics::layout::block_words(values, values) % metrics::layout::line_words, 0u);
  }
  EXPECT_EQ(metrics::layout::first_block(17) % metrics::layout::line_words, 0u);
}

TEST(Page, MovedSectionsKeepCountingAndAssignedOnesGiveTheirPlaceBack) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 4 * KiB).value();
  Section first = page.add("first", "", {{"n", Kind::counter}});
  auto counter = first.counter("n");
  Section moved = std::move(first);
  counter.add(3);
  EXPECT_EQ(moved.counter("n").value(), 3u);
  EXPECT_FALSE(first.visible());  // NOLINT(bugprone-use-after-move): what a moved-from section promises
  first.counter("n").add(50);     // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved.counter("n").value(), 3u);
  moved = page.add("second", "", {{"n", Kind::counter}});
  ASSERT_EQ(read(page).sections.size(), 1u);
  EXPECT_EQ(read(page).sections[0].name, "second");
  moved = Section();
  EXPECT_TRUE(read(page).sections.empty());
}

TEST(Page, LivesAsLongAsItsLastSection) {
  const Directory directory;
  std::string path;
  {
    Section section;
    {
      const Page page = Page::create(directory.path(), 4 * KiB).value();
      path = page.path().value();
      section = page.add("a", "", {{"n", Kind::counter}});
    }
    section.counter("n").add(1);
    EXPECT_EQ(Reader::open(path).value().read().value().sections[0].values[0].number, 1u);
  }
  EXPECT_EQ(Reader::open(path).error().code(), Code::not_found);
  EXPECT_EQ(directory.files(), 0u);
}

TEST(Page, DisabledCountsPrivatelyAndSaysWhy) {
  const Page page = Page::disabled(psyne::Error(Code::unsupported, "no page here"));
  const Section section = page.add("a", "", {{"n", Kind::counter}, {"h", Kind::histogram}});
  EXPECT_FALSE(section.visible());
  section.counter("n").add(2);
  section.histogram("h").record(~std::uint64_t{0});
  EXPECT_EQ(section.counter("n").value(), 2u);
  EXPECT_EQ(page.path().error().what(), "no page here");
}

TEST(Page, BelongsToItsUserAloneAndHasAReasonableSize) {
  const Directory directory;
  const Page page = Page::create(directory.path() + "/new", 5000).value();
  struct stat status {};
  ASSERT_EQ(stat(page.path().value().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_size, 8192);
  ASSERT_EQ(stat((directory.path() + "/new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  EXPECT_EQ(Page::create(directory.path(), 100).error().code(), Code::invalid_argument);
  EXPECT_EQ(Page::create(directory.path(), std::size_t{1} << 40).error().code(), Code::invalid_argument);
  EXPECT_EQ(Page::create("/nowhere/at/all", 4 * KiB).error().code(), Code::not_found);
}

/// One thread replaces sections whose texts and values belong together; readers must never see a mixture.
TEST(Page, AReaderNeverSeesHalfOfOneSectionAndHalfOfAnother) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 64 * KiB).value();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    std::vector<Section> sections(40);
    for (std::size_t round = 0; !done; ++round) {
      const std::string word(16, round % 2 == 0 ? 'e' : 'o');
      sections[round % sections.size()] = page.add(word, word + word, {{word, Kind::counter}, {word, Kind::gauge}});
    }
  });
  const Reader reader = Reader::open(page.path().value()).value();
  std::size_t seen = 0;
  for (int look = 0; look < 5'000; ++look) {
    const auto snapshot = reader.read();
    if (!snapshot) {
      ADD_FAILURE() << snapshot.error().text();
      break;
    }
    for (const auto& section : snapshot->sections) {
      ++seen;
      EXPECT_EQ(section.name.find_first_not_of(section.name[0]), std::string::npos) << section.name;
      EXPECT_EQ(section.label, section.name + section.name);
      EXPECT_EQ(section.values.at(0).name, section.name);
      EXPECT_EQ(section.values.at(1).name, section.name);
    }
  }
  done = true;
  writer.join();
  EXPECT_GT(seen, 0u);
}

TEST(Page, ManyThreadsAddCountAndRemove) {
  const Directory directory;
  const Page page = Page::create(directory.path(), 64 * KiB).value();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        const Section section = page.add("worker", "", {{"n", Kind::counter}});
        auto counter = section.counter("n");
        for (int i = 0; i < 100; ++i) counter.add();
        if (counter.value() != 100) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(read(page).sections.empty());
}

}  // namespace
