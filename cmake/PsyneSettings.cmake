# One place for the language level, the warnings and the sanitizers of everything in this project.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(psyne_settings INTERFACE)
target_compile_features(psyne_settings INTERFACE cxx_std_20)
target_compile_options(psyne_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns of changed layouts of over-aligned values, and of null or out-of-bounds accesses that its own inlining
  # of std::string, std::vector and std::variant invents, and of a mismatch where it inlined only one half of a program's
  # own operator new and delete; clang-tidy and the sanitizers look for the real ones.
  target_compile_options(psyne_settings INTERFACE -Wno-interference-size -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict -Wno-mismatched-new-delete)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Where sources are compiled in batches, clang takes another file's names for shadowed ones; GCC looks for real ones.
  target_compile_options(psyne_settings INTERFACE "SHELL:-Wno-shadow")  # SHELL: else one that stands before -Wshadow is kept
endif()
if(PSYNE_SANITIZE)
  target_compile_options(psyne_settings INTERFACE -fsanitize=${PSYNE_SANITIZE} -fno-omit-frame-pointer -g)
  target_link_options(psyne_settings INTERFACE -fsanitize=${PSYNE_SANITIZE})
endif()
