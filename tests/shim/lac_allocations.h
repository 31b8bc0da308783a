/* How often memory was asked for. Included by one file of a test program: it takes the place of
 * glibc's malloc() there, for all libraries. */
#ifndef LAC_ALLOCATIONS_H
#define LAC_ALLOCATIONS_H

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define COUNTS_ALLOCATIONS 0 /* the sanitizer owns malloc */
static size_t allocations;
#else
#define COUNTS_ALLOCATIONS 1
#define SEEN __attribute__((visibility("default"))) /* by all libraries, in place of glibc's */
static size_t allocations; /* by any thread of this program */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);

SEEN void *
malloc(size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_malloc(size);
}

SEEN void *
calloc(size_t n, size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_calloc(n, size);
}

SEEN void *
realloc(void *old, size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_realloc(old, size);
}

SEEN void *
aligned_alloc(size_t align, size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_memalign(align, size);
}
#endif

#endif
