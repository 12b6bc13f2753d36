# The library: every source below core, transports, pool, patterns and collectives, and every header there, which are all
# public.
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWLOC REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)

# Headers stand beside their sources and are included as <psyne/core/...>: one link makes that true in the build tree.
set(PSYNE_BUILD_INCLUDE "${PROJECT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${PSYNE_BUILD_INCLUDE}")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}" "${PSYNE_BUILD_INCLUDE}/psyne" SYMBOLIC)
configure_file("${PROJECT_SOURCE_DIR}/psyne.hpp" "${PSYNE_BUILD_INCLUDE}/psyne.hpp" COPYONLY)  # a link would be installed as one

file(GLOB_RECURSE PSYNE_SOURCES CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/core/*.cpp" "${PROJECT_SOURCE_DIR}/transports/*.cpp" "${PROJECT_SOURCE_DIR}/pool/*.cpp"
  "${PROJECT_SOURCE_DIR}/patterns/*.cpp" "${PROJECT_SOURCE_DIR}/collectives/*.cpp")
add_library(psyne ${PSYNE_SOURCES})
add_library(psyne::psyne ALIAS psyne)
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  "${PROJECT_SOURCE_DIR}/core/*.hpp" "${PROJECT_SOURCE_DIR}/transports/*.hpp" "${PROJECT_SOURCE_DIR}/pool/*.hpp"
  "${PROJECT_SOURCE_DIR}/patterns/*.hpp" "${PROJECT_SOURCE_DIR}/collectives/*.hpp")
list(TRANSFORM headers PREPEND "${PSYNE_BUILD_INCLUDE}/psyne/")
target_sources(psyne PUBLIC FILE_SET HEADERS BASE_DIRS "${PSYNE_BUILD_INCLUDE}"
  FILES ${headers} "${PSYNE_BUILD_INCLUDE}/psyne.hpp")
target_compile_features(psyne PUBLIC cxx_std_20)
target_link_libraries(psyne
  PUBLIC Threads::Threads tl::expected
  PRIVATE $<BUILD_INTERFACE:psyne_settings> spdlog::spdlog OpenSSL::SSL OpenSSL::Crypto PkgConfig::HWLOC PkgConfig::LZ4
    PkgConfig::ZSTD PkgConfig::HIGHWAY)
target_compile_definitions(psyne PRIVATE PSYNE_VERSION="${PROJECT_VERSION}")
set_target_properties(psyne PROPERTIES UNITY_BUILD ${PSYNE_UNITY} UNITY_BUILD_BATCH_SIZE 12
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON VERIFY_INTERFACE_HEADER_SETS ON)

# Highway compiles such a source once for each kind of vectors, by having it include itself: no batch could hold it. Kinds
# that are left out are older than any processor in use (SSSE3), or have been tried nowhere (SVE: such machines use NEON).
# A fused multiply-add rounds once where the promise is twice.
file(GLOB kernels CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/collectives/reduce/*.cpp")
set(kernels_without "HWY_SSSE3|HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128")
set(kernel_options -ffp-contract=off)
if(PSYNE_SANITIZE)
  # With a sanitizer's checks clang takes more than four minutes for one of these sources, and each kind of vectors takes as
  # long again. Their tests have bytes around each result that nothing may change.
  string(APPEND kernels_without "|HWY_AVX3|HWY_AVX3_DL|HWY_SSE4")
  list(APPEND kernel_options -fno-sanitize=all)
endif()
set_source_files_properties(${kernels} PROPERTIES
  SKIP_UNITY_BUILD_INCLUSION ON COMPILE_DEFINITIONS "HWY_DISABLED_TARGETS=(${kernels_without})" COMPILE_OPTIONS "${kernel_options}")

if(PSYNE_UNITY)
  # What is local to one file of a batch shadows what is local to another; a build without batches finds the real ones.
  target_compile_options(psyne PRIVATE -Wno-shadow)
endif()

# Exports are chosen by one list at the link; functions of the library are bound inside it, as hidden visibility would.
if(BUILD_SHARED_LIBS)
  set(exports "${PROJECT_SOURCE_DIR}/cmake/PsyneExports.map")
  target_link_options(psyne PRIVATE "LINKER:--version-script=${exports}" LINKER:-Bsymbolic-functions LINKER:--no-undefined)
  set_property(TARGET psyne APPEND PROPERTY LINK_DEPENDS "${exports}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(psyne PRIVATE -fno-semantic-interposition)
  endif()
endif()
