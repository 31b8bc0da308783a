/* Loops so short that waiting for another thread may cost more than it helps. */
#ifndef LACUNA_PARALLEL_PRIVATE_H
#define LACUNA_PARALLEL_PRIVATE_H

#include "base-private.h"
#include <lacuna/parallel.h>

G_BEGIN_DECLS

/**
 * lac_parallel_for_short: lac_parallel_for(), for loops of less than some milliseconds.
 * @seconds: roughly what the loop takes in one thread
 *
 * Where other programs keep the cores busy, a thread that is woken waits for its turn, for
 * milliseconds. When that was seen to happen, short loops stay in the calling thread for a while,
 * longer each time it is seen again; blocks, and so results, are the same either way.
 */
LAC_PRIVATE_API void
lac_parallel_for_short(double seconds, size_t n, size_t grain, LacLoopBody body, void *user);

G_END_DECLS

#endif
