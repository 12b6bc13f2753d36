#include "classify_digits/chart.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <string_view>

namespace {

constexpr std::size_t widest = 80, narrowest_bar = 10;

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return widest;
  return std::min<std::size_t>(size.ws_col, widest);
}

/// What a thread that worked for that part of a character's time gets.
std::string_view shade(double busy, bool blocks) {
  constexpr std::array<std::string_view, 5> block_shades{" ", "░", "▒", "▓", "█"};
  constexpr std::array<std::string_view, 5> ascii_shades{" ", ".", "-", "+", "#"};
  const auto& shades = blocks ? block_shades : ascii_shades;
  if (busy <= 0) return shades.front();
  const auto index = static_cast<std::size_t>(busy * static_cast<double>(shades.size()));
  return shades[std::clamp<std::size_t>(index, 1, shades.size() - 1)];
}

}  // namespace

Paper Paper::of_terminal(std::size_t label) {
  std::setlocale(LC_CTYPE, "");
  const bool blocks = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  const std::size_t columns = terminal_columns();
  return {.columns = columns > label + narrowest_bar ? columns - label : narrowest_bar, .blocks = blocks};
}

std::string bar(const WorkLog& log, std::thread::id thread, WorkLog::Time begin, psyne::Clock::duration length,
                const Paper& paper) {
  const auto column_of = [&](WorkLog::Time time) {
    return std::chrono::duration<double>(time - begin) / std::chrono::duration<double>(length) *
           static_cast<double>(paper.columns);
  };
  std::vector<double> busy(paper.columns, 0.0);
  for (const WorkLog::Line& line : log.lines()) {
    if (line.thread != thread) continue;
    const double from = column_of(line.begin), to = column_of(line.end);
    for (auto column = static_cast<std::size_t>(from); column < busy.size() && static_cast<double>(column) < to;
         ++column) {
      const auto left = static_cast<double>(column);
      busy[column] += std::min(to, left + 1) - std::max(from, left);
    }
  }
  std::string text;
  for (const double part : busy) text += shade(part, paper.blocks);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}
