# What `cmake --install` puts where: library, command, headers, plugins, pkg-config and CMake files.
include(CMakePackageConfigHelpers)
