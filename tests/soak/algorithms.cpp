#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/algorithm/par_any.hpp>
#include <psyne/pool/algorithm/par_filter.hpp>
#include <psyne/pool/algorithm/par_find.hpp>
#include <psyne/pool/algorithm/par_for_each.hpp>
#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/algorithm/par_map.hpp>
#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/algorithm/par_scan.hpp>
#include <psyne/pool/algorithm/par_sort.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <numeric>
#include <ranges>
#include <string>

namespace psyne_soak {
namespace {

psyne::ParOptions any_options(Piece& piece) {
  return {.pool = piece.any_pool(),
          .max_workers = piece.random.below(4),
          .grain = std::array<std::size_t, 4>{0, 0, 1, 100}[piece.random.below(4)]};
}

std::vector<std::uint64_t> any_numbers(Piece& piece) {
  std::vector<std::uint64_t> numbers(piece.random.up_to(20'000) - 1);
  for (auto& number : numbers) number = piece.random.next();
  return numbers;
}

bool even(std::uint64_t number) { return number % 2 == 0; }

// A number of Fibonacci by as many forks.
std::uint64_t fork_to(unsigned depth) {
  if (depth < 2) return depth;
  std::uint64_t left = 0;
  std::uint64_t right = 0;
  psyne::par_invoke([&] { left = fork_to(depth - 1); }, [&] { right = fork_to(depth - 2); });
  return left + right;
}

// Forks that throw at every leaf: the leftmost goes on.
void throw_leftmost(std::uint64_t first, std::uint64_t count) {
  if (count == 1) throw first;  // NOLINT(hicpp-exception-baseclass)
  psyne::par_invoke([=] { throw_leftmost(first, count / 2); }, [=] { throw_leftmost(first + count / 2, count / 2); });
}

}  // namespace

// Each element once, in its place, with progress told one at a time up to the last, and loops inside of loops.
void loops(Piece& piece) {
  const auto numbers = any_numbers(piece);
  auto all = countdown(numbers.size());
  const auto places = std::views::iota(std::size_t{0}, numbers.size());
  auto options = any_options(piece);
  std::atomic<int> telling{0};
  std::size_t told = 0;
  options.progress = [&](std::size_t done, std::size_t total) {
    piece.expect(telling.fetch_add(1) == 0, "progress is told by one thread at a time");
    piece.expect(done <= total, "no more is done than there is");
    told = total - done;
    telling.fetch_sub(1);
  };
  psyne::par_for_each(
      places, [&](std::size_t place) { all->did(place); }, std::move(options));
  piece.expect(all->left() == 0, "par_for_each calls for every element");
  piece.expect(told == 0, "progress is told at the end");

  const auto mapped = psyne::par_map(
      numbers, [](std::uint64_t number) { return ~number; }, any_options(piece));
  bool same = mapped.size() == numbers.size();
  for (std::size_t place = 0; same && place < numbers.size(); ++place) same = mapped[place] == ~numbers[place];
  piece.expect(same, "par_map keeps the order");

  std::vector<std::uint64_t> chosen;
  std::ranges::copy_if(numbers, std::back_inserter(chosen), even);
  piece.expect(psyne::par_filter(numbers, even, any_options(piece)) == chosen, "par_filter keeps the order");

  const auto wanted = numbers.empty() ? 0 : numbers[piece.random.below(numbers.size())];
  const auto is_wanted = [&](std::uint64_t number) { return number == wanted; };
  piece.expect(psyne::par_find(numbers, is_wanted, any_options(piece)) == std::ranges::find_if(numbers, is_wanted),
               "par_find finds the first");
  piece.expect(psyne::par_any(numbers, is_wanted, any_options(piece)) == !numbers.empty(), "par_any finds one");

  auto inner_options = any_options(piece);
  auto* const inner_pool = inner_options.pool;
  const auto sums = psyne::par_map(
      std::views::iota(0, 20),
      [&](int last) {
        return psyne::par_reduce(std::views::iota(0, 100 * last), 0, std::plus{}, {.pool = inner_pool});
      },
      any_options(piece));
  for (int last = 0; last < 20; ++last) {
    const int count = 100 * last;
    piece.expect(sums[static_cast<std::size_t>(last)] == count * (count - 1) / 2, "a loop in a loop gives its sum");
  }
}

// What depends on order: the bits of sums of floating-point numbers, scans, sorting.
void orders(Piece& piece) {
  const auto numbers = any_numbers(piece);
  const auto grain = piece.random.one_in(2) ? std::size_t{0} : piece.random.up_to(300);
  const auto small = [](std::uint64_t number) { return 1.0 / static_cast<double>(number % 1000 + 1); };
  const auto sum = [&](psyne::Pool* pool, std::size_t width) {
    return std::bit_cast<std::uint64_t>(
        psyne::par_map_reduce(numbers, 0.5, std::plus{}, small, {.pool = pool, .max_workers = width, .grain = grain}));
  };
  piece.expect(sum(piece.any_pool(), 0) == sum(nullptr, 1), "a sum has the same bits at any width");

  std::vector<std::uint64_t> expected(numbers.size());
  const auto kind = piece.random.one_in(2) ? psyne::Scan::inclusive : psyne::Scan::exclusive;
  if (kind == psyne::Scan::inclusive) {
    std::inclusive_scan(numbers.begin(), numbers.end(), expected.begin(), std::plus{}, std::uint64_t{7});
  } else {
    std::exclusive_scan(numbers.begin(), numbers.end(), expected.begin(), std::uint64_t{7});
  }
  piece.expect(psyne::par_scan(numbers, std::uint64_t{7}, std::plus{}, any_options(piece), kind) == expected,
               "par_scan gives every sum");

  auto sorted = numbers;
  std::ranges::sort(sorted);
  auto own = numbers;
  psyne::par_sort(own, any_options(piece));
  piece.expect(own == sorted, "par_sort sorts numbers");
  std::vector<std::string> words;
  for (std::size_t place = 0; place < std::min<std::size_t>(numbers.size(), 2000); ++place) {
    words.push_back("a word too long to lie in a string itself " + std::to_string(numbers[place]));
  }
  auto own_words = words;
  std::ranges::sort(words);
  psyne::par_sort(own_words, any_options(piece));
  piece.expect(own_words == words, "par_sort sorts what it cannot copy as bytes");
}

// Elements that throw, or that stop the loop.
void fails_in_loops(Piece& piece) {
  const std::size_t count = piece.random.up_to(10'000);
  const std::size_t modulus = piece.random.up_to(count);
  const std::size_t offset = piece.random.below(modulus);
  const auto places = std::views::iota(std::size_t{0}, count);
  std::vector<std::atomic<int>> calls(count);
  try {
    psyne::par_for_each(
        places,
        [&](std::size_t place) {
          ++calls[place];
          if (place % modulus == offset) throw place;  // NOLINT(hicpp-exception-baseclass)
        },
        any_options(piece));
    piece.expect(false, "what an element throws comes out of the loop");
  } catch (const std::size_t& thrown) {
    std::size_t first = offset;
    while (first < count && calls[first] == 0) first += modulus;
    piece.expect(thrown == first, "of several exceptions that of the lowest position is thrown");
  }
  for (const auto& called : calls) piece.expect(called <= 1, "an element of a failed loop is visited once at most");

  const psyne::StopSource source;
  auto options = any_options(piece);
  options.stop = source.token();
  std::atomic<std::size_t> visited{0};
  try {
    psyne::par_for_each(
        places,
        [&](std::size_t place) {
          ++visited;
          if (place == offset) source.request_stop();
        },
        std::move(options));
    piece.expect(visited == count, "a loop that left something undone throws");
  } catch (const psyne::Exception& stopped) {
    piece.expect(stopped.error().code() == psyne::Code::stopped, "a loop that was stopped says so");
    piece.expect(visited < count, "a loop that is done is not stopped");
  }
}

void invokes(Piece& piece) {
  constexpr std::array<std::uint64_t, 8> fibonacci = {377, 610, 987, 1597, 2584, 4181, 6765, 10946};  // from 14 on
  const std::size_t place = piece.random.below(fibonacci.size());
  piece.expect(fork_to(static_cast<unsigned>(14 + place)) == fibonacci[place], "forks give their sum");
  try {
    throw_leftmost(5, std::uint64_t{1} << piece.random.below(9));
    piece.expect(false, "what a fork throws comes out of it");
  } catch (const std::uint64_t& thrown) {
    piece.expect(thrown == 5, "of forks that throw that of the leftmost goes on");
  }
}

}  // namespace psyne_soak
