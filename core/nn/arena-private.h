/* Memory of one training step: handed out from large chunks, given back all at once. */
#ifndef LACUNA_ARENA_PRIVATE_H
#define LACUNA_ARENA_PRIVATE_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

enum { NN_ALIGN = 64 }; /* a cache line, and the widest vector */

typedef struct {
    uint8_t *bytes;
    size_t size, used;
} NnChunk;

/** NnArena: chunks are filled in order; after a reset they are filled again, so that steps alike
 * need no new memory. Under AddressSanitizer each block is a chunk of its own, freed by the reset:
 * a pointer that outlived its step is then seen. Starts as zeros. */
typedef struct {
    NnChunk *chunks;
    size_t n_chunks, room, current;
} NnArena;

/** nn_arena_alloc: @bytes aligned to NN_ALIGN, not initialised; NULL when there is no memory. */
void *nn_arena_alloc(NnArena *arena, size_t bytes);
/** NnArenaMark: how far an arena is filled. */
typedef struct {
    size_t chunk, used;
} NnArenaMark;

/** nn_arena_mark, nn_arena_release: what was allocated in between is free again, and the next to
 * ask finds it still in the cache. */
NnArenaMark nn_arena_mark(const NnArena *arena);
void nn_arena_release(NnArena *arena, NnArenaMark mark);
void nn_arena_reset(NnArena *arena);
void nn_arena_clear(NnArena *arena);

G_END_DECLS

#endif
