# The library: every source below core and transports, built once, with hidden visibility.
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(spdlog REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWLOC REQUIRED IMPORTED_TARGET hwloc)

# Headers stand beside their sources and are included as <psyne/core/...>: one link makes that true in the build tree.
set(PSYNE_BUILD_INCLUDE "${PROJECT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${PSYNE_BUILD_INCLUDE}")
file(CREATE_LINK "${PROJECT_SOURCE_DIR}" "${PSYNE_BUILD_INCLUDE}/psyne" SYMBOLIC)
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/psyne.hpp" "${PSYNE_BUILD_INCLUDE}/psyne.hpp" SYMBOLIC)

file(GLOB_RECURSE PSYNE_SOURCES CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/core/*.cpp" "${PROJECT_SOURCE_DIR}/transports/*.cpp")
add_library(psyne ${PSYNE_SOURCES})
add_library(psyne::psyne ALIAS psyne)
target_include_directories(psyne PUBLIC
  $<BUILD_INTERFACE:${PSYNE_BUILD_INCLUDE}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(psyne PUBLIC cxx_std_20)
target_link_libraries(psyne
  PUBLIC Threads::Threads tl::expected
  PRIVATE $<BUILD_INTERFACE:psyne_settings> $<BUILD_INTERFACE:spdlog::spdlog> $<BUILD_INTERFACE:PkgConfig::HWLOC>)
target_compile_definitions(psyne PRIVATE PSYNE_VERSION="${PROJECT_VERSION}")
if(PSYNE_STEPS)
  target_compile_definitions(psyne PUBLIC PSYNE_STEPS)
endif()
set_target_properties(psyne PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
