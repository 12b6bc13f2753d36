// What a reader makes of pages that no psyne wrote.
#include <psyne/core/metrics/page.hpp>
#include <psyne/core/metrics/reader.hpp>
#include <psyne/core/uri/quantity.hpp>

#include "directory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

namespace {

using psyne::Code;
using psyne::KiB;
namespace metrics = psyne::metrics;
namespace layout = psyne::metrics::layout;
using metrics::Kind;
using Words = std::vector<std::uint64_t>;
using psyne_test::Directory;

class Parse : public testing::Test {
 protected:
  void SetUp() override {
    page_ = metrics::Page::create(directory_.path(), 4 * KiB).value();
    section_ = page_.add("lane", "a", {{"n", Kind::counter}, {"h", Kind::histogram}});
    section_.counter("n").add(3);
    std::ifstream file(page_.path().value(), std::ios::binary);
    good_.resize(4 * KiB / 8);
    file.read(reinterpret_cast<char*>(good_.data()), 4 * KiB);
  }
  static std::size_t entry(std::size_t index) { return layout::head::words + index * layout::entry::words; }
  std::size_t block() const { return good_[entry(0) + layout::entry::place] >> 32; }
  psyne::Result<metrics::Snapshot> parse_with(std::size_t word, std::uint64_t value) const {
    Words changed = good_;
    changed[word] = value;
    return metrics::parse(changed, changed, changed);
  }
  Code code_with(std::size_t word, std::uint64_t value) const { return parse_with(word, value).error().code(); }
  std::size_t sections_with(std::size_t word, std::uint64_t value) const {
    return parse_with(word, value).value().sections.size();
  }

  Directory directory_;
  metrics::Page page_ = metrics::Page::disabled(Code::invalid_state);
  metrics::Section section_;
  Words good_;
};

TEST_F(Parse, ReadsAGoodPage) {
  const auto snapshot = metrics::parse(good_, good_, good_).value();
  ASSERT_EQ(snapshot.sections.size(), 1u);
  EXPECT_EQ(snapshot.sections[0].values[0].number, 3u);
}

TEST_F(Parse, RefusesAnotherHeader) {
  EXPECT_EQ(code_with(layout::head::magic, 0), Code::corrupted);
  EXPECT_EQ(code_with(layout::head::version, 2), Code::incompatible);
  EXPECT_EQ(code_with(layout::head::bytes, 8 * KiB), Code::corrupted);
  EXPECT_EQ(code_with(layout::head::capacity, 1000), Code::corrupted);
  EXPECT_EQ(code_with(layout::head::published, 9), Code::corrupted);
  EXPECT_EQ(code_with(layout::head::published, ~std::uint64_t{0}), Code::corrupted);
  EXPECT_EQ(metrics::parse({}, {}, {}).error().code(), Code::corrupted);
  EXPECT_EQ(metrics::parse(std::span(good_).first(16), good_, good_).error().code(), Code::corrupted);
  EXPECT_EQ(metrics::parse(good_, good_, std::span(good_).first(16)).error().code(), Code::corrupted);
}

TEST_F(Parse, LeavesOutSectionsThatMakeNoSense) {
  const std::size_t place = entry(0) + layout::entry::place;
  const std::uint64_t words = good_[place] & 0xffffffff;
  for (const std::uint64_t bad : {~std::uint64_t{0}, std::uint64_t{512} << 32 | words, std::uint64_t{511} << 32 | 2,
                                  std::uint64_t{0xffffffff} << 32 | 8, std::uint64_t{block()} << 32 | 8}) {
    EXPECT_EQ(sections_with(place, bad), 0u) << std::hex << bad;
  }
  for (const std::uint64_t bad : {~std::uint64_t{0}, std::uint64_t{0xffffffff} << 32, std::uint64_t{0xffffffff},
                                  std::uint64_t{60} << 32 | 1, std::uint64_t{2} << 32 | 80}) {
    EXPECT_EQ(sections_with(block() + layout::block::counts, bad), 0u) << std::hex << bad;
  }
  const std::size_t descriptor = block() + layout::block::words + layout::descriptor::kind;
  for (const std::uint64_t bad : {std::uint64_t{3} << 32, std::uint64_t{66}, std::uint64_t{0xffffffff},
                                  std::uint64_t{2} << 32 | 2, ~std::uint64_t{0}}) {
    EXPECT_EQ(sections_with(descriptor, bad), 0u) << std::hex << bad;
  }
  EXPECT_EQ(sections_with(descriptor, std::uint64_t{2} << 32 | 1), 1u) << "the last cells are the block's still";
}

TEST_F(Parse, LeavesOutASectionThatChangedWhileItWasCopied) {
  Words after = good_;
  after[entry(0) + layout::entry::generation] += 2;
  EXPECT_TRUE(metrics::parse(good_, good_, after).value().sections.empty());
  EXPECT_EQ(sections_with(entry(0) + layout::entry::generation, 2), 0u) << "an even generation is no section";
}

TEST_F(Parse, SectionsThatOverlapDoNotMultiplyTheWork) {
  Words changed = good_;
  changed[layout::head::published] = changed[layout::head::capacity];
  for (std::size_t i = 0; i < changed[layout::head::capacity]; ++i) {
    changed[entry(i) + layout::entry::generation] = 1;
    changed[entry(i) + layout::entry::place] = std::uint64_t{block()} << 32 | (good_.size() - block());
  }
  EXPECT_EQ(metrics::parse(changed, changed, changed).error().code(), Code::corrupted);
}

TEST_F(Parse, AnyBytesAreReadWithoutLeavingThem) {
  std::mt19937_64 random(42);
  const std::uint64_t favourites[] = {0, 1, 2, 3, 8, 511, 512, 0xffffffff, ~std::uint64_t{0}, std::uint64_t{1} << 32};
  std::size_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    Words changed = good_;
    for (std::uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
      std::uint64_t& word = changed[random() % 160];
      word =
          random() % 2 == 0 ? favourites[random() % std::size(favourites)] : word ^ (std::uint64_t{1} << random() % 64);
    }
    if (metrics::parse(changed, changed, changed)) ++read;
  }
  EXPECT_GT(read, 0u);
  EXPECT_LT(read, 20'000u);
}

TEST_F(Parse, AFileThatIsNoPageIsRefused) {
  const std::string path = directory_.path() + "/7-0.metrics";
  const auto open_error = [&](std::size_t bytes) {
    std::ofstream(path) << std::string(bytes, 'x');
    auto reader = metrics::Reader::open(path);
    return reader ? reader->read().error().code() : reader.error().code();
  };
  EXPECT_EQ(open_error(0), Code::corrupted);
  EXPECT_EQ(open_error(4095), Code::corrupted);
  EXPECT_EQ(open_error(4097), Code::corrupted);
  EXPECT_EQ(open_error(4096), Code::corrupted);
  EXPECT_EQ(metrics::Reader::open(directory_.path()).error().code(), Code::corrupted);
  EXPECT_EQ(metrics::Reader::open("/nowhere").error().code(), Code::not_found);
}

TEST_F(Parse, AFileThatShrinksWhileItIsOpenIsAnErrorAndNoSignal) {
  const std::string copy = directory_.path() + "/7-1.metrics";
  std::filesystem::copy_file(page_.path().value(), copy);
  const auto reader = metrics::Reader::open(copy).value();
  EXPECT_TRUE(reader.read());
  for (const std::uintmax_t left : {4088u, 100u, 0u}) {
    std::filesystem::resize_file(copy, left);
    EXPECT_EQ(reader.read().error().code(), Code::corrupted);
  }
}

}  // namespace
