#pragma once

#include <gtest/gtest.h>

#include <explorer/explore.hpp>
#include <explorer/sanitizer.hpp>

namespace psyne::explorer {

/// No interleaving within the bounds fails, and there were enough of them to mean something.
inline void expect_sound(const char* name, const std::function<void()>& body, Search search = {}) {
  search.systematic /= search_cut;
  search.random /= search_cut;
  const Report report = explore(name, body, search);
  EXPECT_FALSE(report.failure) << *report.failure;
  EXPECT_GT(report.interleavings, 10U);
}

/// For bugs that lie deeper than a search in order gets in a second.
inline Search by_chance() {
  Search search;
  search.systematic = 0;
  search.random = 300'000;
  return search;
}

/// A seeded bug is found, and seen as what it is.
inline void expect_found(const char* bug, const std::function<void()>& body, const char* seen_as = "",
                         const Search& search = {}) {
  const Report report = explore(bug, body, search);
  ASSERT_TRUE(report.failure) << "not found: " << bug;
  EXPECT_NE(report.failure->find(seen_as), std::string::npos) << *report.failure;
}

}  // namespace psyne::explorer
