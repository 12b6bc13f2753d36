# Installs the library of BUILD and moves the installation to PREFIX, so that a path that was kept from building or
# installing shows. When SHARED is given, BUILD is made first: psyne alone, SHARED or not, from SOURCE.
set(staged "${PREFIX}-staged")
file(REMOVE_RECURSE "${staged}" "${PREFIX}")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(DEFINED SHARED)
  # Not optimised: what is tested is the package.
  run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${BUILD}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
    -DCMAKE_BUILD_TYPE=None -DBUILD_SHARED_LIBS=${SHARED} -DPSYNE_TESTS=OFF -DPSYNE_TOOLS=OFF -DPSYNE_EXAMPLES=OFF
    -DPSYNE_BENCH=OFF -DPSYNE_UNITY=ON)
  run("${CMAKE_COMMAND}" --build "${BUILD}" --target psyne --parallel 2)
endif()
run("${CMAKE_COMMAND}" --install "${BUILD}" --component library --prefix "${staged}")
file(RENAME "${staged}" "${PREFIX}")
