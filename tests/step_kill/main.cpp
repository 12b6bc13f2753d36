#include "coverage.hpp"
#include "leftovers.hpp"
#include "victim.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

int main(int count, char** arguments) {
  if (count == 4 && std::string_view(arguments[1]) == "--victim") {
    return step_kill::Victim::main(arguments[2], std::atoi(arguments[3]));
  }
  const step_kill::NamesDirectory names;
  testing::InitGoogleTest(&count, arguments);
  testing::AddGlobalTestEnvironment(new step_kill::Totals);
  return RUN_ALL_TESTS();
}
