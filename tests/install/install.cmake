# Builds psyne alone, static or shared, installs it, and moves the installation to PREFIX, so that a path that was kept
# from building or installing shows.
set(staged "${BUILD}-staged")
file(REMOVE_RECURSE "${staged}" "${PREFIX}")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Not optimised: what is tested is the package, and this is built for every run of the tests.
run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${BUILD}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
  -DCMAKE_BUILD_TYPE=None -DBUILD_SHARED_LIBS=${SHARED} -DPSYNE_TESTS=OFF -DPSYNE_TOOLS=OFF -DPSYNE_EXAMPLES=OFF
  -DPSYNE_BENCH=OFF)
run("${CMAKE_COMMAND}" --build "${BUILD}" --parallel 2)
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${staged}")
file(RENAME "${staged}" "${PREFIX}")
