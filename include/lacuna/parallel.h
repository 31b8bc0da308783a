/* One thread setting shared by our loops, OpenBLAS and whatever else computes. */
#ifndef LACUNA_PARALLEL_H
#define LACUNA_PARALLEL_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

/** lac_threads: how many threads one cell may use, >= 1. */
LAC_API unsigned lac_threads(void);

/**
 * LacLoopBody:
 * @begin, @end: the half-open range of indices to work on
 * @worker: 0 .. lac_threads()-1, the same for no two bodies running at once; picks scratch memory
 */
typedef void (*LacLoopBody)(size_t begin, size_t end, unsigned worker, void *user);

/**
 * lac_parallel_for:
 * @n: indices 0 .. n-1 are all visited once
 * @grain: indices per block, >= 1; blocks are [0, grain), [grain, 2 grain) ... whatever the
 *   number of threads, so per-block sums added in block order do not depend on it
 *
 * Cancelling is for the caller, between loops. Inside @body BLAS runs on one thread; nested calls
 * run in the calling thread.
 */
LAC_API void lac_parallel_for(size_t n, size_t grain, LacLoopBody body, void *user);

G_END_DECLS

#endif
