// Tells real handwritten digits by their nearest neighbours, with one worker and with all of them, and draws who worked
// when. What is drawn is what the example itself noted while it worked.
#include <psyne/pool/algorithm/par_map.hpp>

#include "classify_digits/chart.hpp"
#include "classify_digits/neighbours.hpp"

#include <algorithm>
#include <cstdio>
#include <ranges>
#include <string>
#include <vector>

namespace {

constexpr std::size_t passes = 51;  // with one worker and with all of them, in turns
constexpr std::size_t label = 18;   // columns before a bar

struct Pass {
  std::vector<std::uint8_t> digits;  // what each image was taken for
  WorkLog log;
  WorkLog::Time begin;
  psyne::Clock::duration length;
  std::uint64_t stolen;  // pieces

  double milliseconds() const { return std::chrono::duration<double, std::milli>(length).count(); }
};

/// `workers`: how many at most, 0: all.
Pass classify(const std::vector<Image>& images, psyne::Pool& pool, std::size_t workers) {
  const Neighbours neighbours(images);
  WorkLog log(images.size());
  const std::uint64_t stolen = pool.statistics().stolen;
  const auto begin = psyne::Clock::now();
  auto digits =
      psyne::par_map(std::views::iota(std::size_t{0}, images.size()),
                     [&](std::size_t image) { return log.note(image, [&] { return neighbours.classify(image); }); },
                     {.pool = &pool, .max_workers = workers});
  const auto length = psyne::Clock::now() - begin;
  return {std::move(digits), std::move(log), begin, length, pool.statistics().stolen - stolen};
}

/// Two passes right after each other, so that both met the same machine.
struct Pair {
  Pass one, all;

  double speed_up() const { return one.milliseconds() / all.milliseconds(); }
};

double percent(std::size_t part, std::size_t whole) {
  return 100 * static_cast<double>(part) / static_cast<double>(whole);
}

double accuracy(const std::vector<Image>& images, const Pass& pass) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < images.size(); ++i) right += pass.digits[i] == images[i][pixels] ? 1U : 0U;
  return percent(right, images.size());
}

/// Of the images those that a thread classified which had to steal them first: all began with this thread.
double stolen_share(const Pass& pass) {
  const auto away = std::ranges::count_if(pass.log.lines(),
                                          [](const auto& line) { return line.thread != std::this_thread::get_id(); });
  return percent(static_cast<std::size_t>(away), pass.digits.size());
}

void print_table(const std::vector<Image>& images, const Pass& one, const Pass& all) {
  std::printf("\n  %-14s %9s %12s\n", "", "1 worker", "all workers");
  std::printf("  %-14s %7.2f %% %10.2f %%\n", "accuracy", accuracy(images, one), accuracy(images, all));
  std::printf("  %-14s %6.1f ms %9.1f ms\n", "time", one.milliseconds(), all.milliseconds());
  std::printf("  %-14s %9s %12.2f\n", "speed-up", "1", one.milliseconds() / all.milliseconds());
  std::printf("  %-14s %9llu %12llu\n", "steals", static_cast<unsigned long long>(one.stolen),
              static_cast<unsigned long long>(all.stolen));
  std::printf("  %-14s %7.1f %% %10.1f %%\n\n", "stolen digits", stolen_share(one), stolen_share(all));
}

/// A row for each thread of a pass; the rows of all passes to the same scale.
void print_rows(const char* title, const Pass& pass, psyne::Clock::duration length, const Paper& paper) {
  int helpers = 0;
  for (const std::thread::id thread : pass.log.threads()) {
    const std::string who = thread == std::this_thread::get_id() ? "main" : "thief " + std::to_string(++helpers);
    std::printf("  %-6s %-8s %s\n", title, who.c_str(), bar(pass.log, thread, pass.begin, length, paper).c_str());
    title = "";
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto images = read_images(argc > 1 ? argv[1] : DIGITS_FILE);
  if (!images) {
    std::fprintf(stderr, "classify_digits: %s\n", images.error().text().c_str());
    return 1;
  }
  auto pool = psyne::Pool::open({.name = "digits"});
  if (!pool) {
    std::fprintf(stderr, "classify_digits: %s\n", pool.error().text().c_str());
    return 1;
  }
  std::printf(
      "Telling %zu real handwritten digits by their 3 nearest neighbours, each among\n"
      "all others, %zu times with one worker and with all %zu in turns; the median pair:\n",
      images->size(), passes, pool->workers());
  std::fflush(stdout);

  std::vector<Pair> pairs;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    auto one = classify(*images, *pool, 1);
    pairs.push_back({std::move(one), classify(*images, *pool, 0)});
  }
  std::ranges::nth_element(pairs, pairs.begin() + passes / 2, {}, &Pair::speed_up);
  const auto& [one, all] = pairs[passes / 2];
  print_table(*images, one, all);
  std::printf("Who worked when, %.1f ms from left to right:\n", one.milliseconds());
  const Paper paper = Paper::of_terminal(label);
  print_rows("one", one, std::max(one.length, all.length), paper);
  print_rows("all", all, std::max(one.length, all.length), paper);
  const auto same = [&one = one](const Pair& pair) {
    return pair.one.digits == one.digits && pair.all.digits == one.digits;
  };
  if (std::ranges::all_of(pairs, same)) return 0;
  std::fprintf(stderr, "classify_digits: the passes DIFFER\n");
  return 1;
}
