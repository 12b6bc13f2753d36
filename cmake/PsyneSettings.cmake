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
  # Its -Wconversion has changed signs too, which GCC's has not in C++.
  target_compile_options(psyne_settings INTERFACE "SHELL:-Wno-shadow" -Wno-sign-conversion)  # SHELL: else one before -Wshadow is kept
endif()
if(PSYNE_SANITIZE)
  # Of debug information, what a report shows: files, functions and lines.
  target_compile_options(psyne_settings INTERFACE -fsanitize=${PSYNE_SANITIZE} -fno-omit-frame-pointer -g1)
  target_link_options(psyne_settings INTERFACE -fsanitize=${PSYNE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    if(PSYNE_SANITIZE MATCHES "undefined")
      # clang's check of an object's type opens a pipe, and finds fault where tests have taken every descriptor.
      target_compile_options(psyne_settings INTERFACE -fno-sanitize=vptr)
    endif()
    # What GCC defines, and sources ask for; clang does from version 21 on.
    foreach(sanitizer IN ITEMS address thread)
      string(TOUPPER "__SANITIZE_${sanitizer}__" macro)
      if(PSYNE_SANITIZE MATCHES "${sanitizer}")
        target_compile_options(psyne_settings INTERFACE -D${macro}=1)
      endif()
    endforeach()
  endif()
endif()
