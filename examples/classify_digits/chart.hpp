#pragma once

#include "classify_digits/work_log.hpp"

#include <cstddef>
#include <string>

/// How the terminal shows it.
struct Paper {
  std::size_t columns;  ///< of a row's bar
  bool blocks;          ///< it knows block characters; else ASCII

  /// Of standard output: 80 columns at most, and blocks where the locale is one of UTF-8. `label`: columns before a
  /// bar.
  static Paper of_terminal(std::size_t label);
};

/// One bar: how busy a thread was, time from `begin` to the right for `length`; a character is darker the larger the
/// part of its time that the thread worked.
std::string bar(const WorkLog& log, std::thread::id thread, WorkLog::Time begin, psyne::Clock::duration length,
                const Paper& paper);
