# What `cmake --install` leaves behind: headers, library, CMake package and pkg-config file. Nothing in it names the
# place it was installed to, so the whole may be moved.
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME library)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/psyne")

install(TARGETS psyne EXPORT psyne
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT psyne NAMESPACE psyne:: FILE psyneTargets.cmake DESTINATION "${package_folder}")

# A static library's dependencies belong on its user's link line; those of a shared library do not.
set(inside "-lspdlog -lfmt -lssl -lcrypto -lhwloc -llz4 -lzstd -lhwy")
if(BUILD_SHARED_LIBS)
  set(PSYNE_SHARED TRUE)
  set(PSYNE_PC_LIBS "")
  set(PSYNE_PC_PRIVATE " ${inside}")
else()
  set(PSYNE_SHARED FALSE)
  set(PSYNE_PC_LIBS " ${inside}")
  set(PSYNE_PC_PRIVATE "")
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/psyneConfig.cmake.in" "${PROJECT_BINARY_DIR}/psyneConfig.cmake"
  INSTALL_DESTINATION "${package_folder}" NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/psyneConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/psyneConfig.cmake" "${PROJECT_BINARY_DIR}/psyneConfigVersion.cmake"
  DESTINATION "${package_folder}")

file(RELATIVE_PATH PSYNE_PC_UP "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file("${CMAKE_CURRENT_LIST_DIR}/psyne.pc.in" "${PROJECT_BINARY_DIR}/psyne.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/psyne.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
