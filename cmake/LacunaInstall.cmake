# What `cmake --install` puts where: library, command, headers, plugins, pkg-config and CMake files.
# Everything finds the rest relative to itself, so an installed tree may be moved.
include(CMakePackageConfigHelpers)

set(LACUNA_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Lacuna)

install(TARGETS lacuna EXPORT LacunaTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET lacuna_command)
  install(TARGETS lacuna_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/lacuna DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# pkg-config: the prefix is where the .pc file lies, some folders up.
file(RELATIVE_PATH LACUNA_PC_TO_PREFIX
     ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/lacuna.pc.in lacuna.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lacuna.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# find_package(Lacuna)
# not in the build folder itself, where CMake would find what is good only once installed
set(package ${CMAKE_CURRENT_BINARY_DIR}/to-install)
configure_package_config_file(cmake/LacunaConfig.cmake.in ${package}/LacunaConfig.cmake
  INSTALL_DESTINATION ${LACUNA_CMAKE_DIR} PATH_VARS LACUNA_PLUGIN_DIR)
write_basic_package_version_file(${package}/LacunaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT LacunaTargets NAMESPACE Lacuna:: DESTINATION ${LACUNA_CMAKE_DIR})
install(FILES ${package}/LacunaConfig.cmake
              ${package}/LacunaConfigVersion.cmake cmake/LacunaPlugin.cmake
        DESTINATION ${LACUNA_CMAKE_DIR})

# Man pages and bash completion come from the command's own option tables.
if(TARGET lacuna_command)
  set(LACUNA_PAGES ${CMAKE_CURRENT_BINARY_DIR}/pages)
  install(CODE "
    file(MAKE_DIRECTORY ${LACUNA_PAGES}/man1)
    execute_process(COMMAND $<TARGET_FILE:lacuna_command> man ${LACUNA_PAGES}/man1
                    COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND $<TARGET_FILE:lacuna_command> completion bash
                    OUTPUT_FILE ${LACUNA_PAGES}/lacuna COMMAND_ERROR_IS_FATAL ANY)")
  install(DIRECTORY ${LACUNA_PAGES}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${LACUNA_PAGES}/lacuna
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
install(DIRECTORY experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/lacuna OPTIONAL)
