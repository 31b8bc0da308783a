# Flags that every target of the project shares.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG")

# Everything a build makes lands where the command finds it without being installed.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

add_library(lacuna_flags INTERFACE)
target_compile_options(lacuna_flags INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wconversion -Wshadow -Wno-unused-parameter
    -Wstrict-prototypes -Wmissing-prototypes -fno-math-errno -fno-trapping-math -ffp-contract=off -fopenmp-simd>
  $<$<BOOL:${LACUNA_WERROR}>:-Werror>
  $<$<BOOL:${LACUNA_NATIVE}>:-march=native>)
# What computes (rooms math and nn, models) is worth optimising also where a sanitizer looks on: a
# third of the time for a little more compiling. The rest compiles sooner without.
set(LACUNA_HOT_OPTIONS)
if(LACUNA_SANITIZE)
  set(LACUNA_HOT_OPTIONS -O1)
  target_compile_options(lacuna_flags INTERFACE -fsanitize=address,undefined
                         -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(lacuna_flags INTERFACE -fsanitize=address,undefined)
endif()
