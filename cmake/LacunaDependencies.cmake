# Every outside library as an imported target, found once. cmake/bootstrap.sh lists the packages.
find_package(PkgConfig REQUIRED)
if(LACUNA_FUZZ)
  # Fuzzing needs clang but not its OpenMP: loops run in one thread.
  file(WRITE ${CMAKE_BINARY_DIR}/one-thread/omp.h
    "static inline void omp_set_num_threads(int n) { (void)n; }\n"
    "static inline int omp_get_max_threads(void) { return 1; }\n"
    "static inline int omp_get_num_procs(void) { return 1; }\n"
    "static inline int omp_get_thread_num(void) { return 0; }\n"
    "static inline int omp_in_parallel(void) { return 0; }\n")
  add_library(OpenMP::OpenMP_C INTERFACE IMPORTED)
  target_include_directories(OpenMP::OpenMP_C SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/one-thread)
  target_compile_options(OpenMP::OpenMP_C INTERFACE -Wno-unknown-pragmas)
else()
  find_package(OpenMP REQUIRED COMPONENTS C)
endif()
find_package(Threads REQUIRED)
pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0>=2.74 gmodule-2.0 gio-2.0)
pkg_check_modules(JSON REQUIRED IMPORTED_TARGET json-glib-1.0)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
# The OpenMP flavour of OpenBLAS shares its threads with our own loops; any flavour works.
find_library(OPENBLAS_LIBRARY openblas REQUIRED
             PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp openblas-openmp)
find_path(OPENBLAS_INCLUDE cblas.h REQUIRED
          PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp
                        ${CMAKE_LIBRARY_ARCHITECTURE} openblas)
find_library(LAPACKE_LIBRARY lapacke REQUIRED)
add_library(lacuna_blas INTERFACE)
target_include_directories(lacuna_blas SYSTEM INTERFACE ${OPENBLAS_INCLUDE})
target_link_libraries(lacuna_blas INTERFACE ${LAPACKE_LIBRARY} ${OPENBLAS_LIBRARY})
