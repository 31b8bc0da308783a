/* Memory of one training step, see arena-private.h. */
#include "arena-private.h"

#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
enum { APART = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { APART = 1 };
#else
enum { APART = 0 };
#endif
#else
enum { APART = 0 };
#endif

static const size_t least_chunk = (size_t)1 << 20;

static size_t
arena_round_up(size_t bytes)
{
    return (MAX(bytes, 1) + NN_ALIGN - 1) / NN_ALIGN * NN_ALIGN;
}

/* A chunk for at least @bytes, twice as large as the last so that there are never many of them. */
static gboolean
arena_grow(NnArena *arena, size_t bytes)
{
    const size_t last = arena->n_chunks > 0 ? arena->chunks[arena->n_chunks - 1].size : 0;
    const size_t size = APART ? bytes : MAX(bytes, MAX(least_chunk, 2 * last));
    uint8_t *fresh = aligned_alloc(NN_ALIGN, size);

    if (fresh == NULL)
        return FALSE;
    if (arena->n_chunks == arena->room) {
        arena->room = MAX(16, 2 * arena->room);
        arena->chunks = g_renew(NnChunk, arena->chunks, arena->room);
    }
    arena->chunks[arena->n_chunks++] = (NnChunk){fresh, size, 0};
    return TRUE;
}

void *
nn_arena_alloc(NnArena *arena, size_t bytes)
{
    if (bytes > G_MAXSSIZE - NN_ALIGN)
        return NULL;

    const size_t wanted = arena_round_up(bytes);

    while (arena->current < arena->n_chunks &&
           arena->chunks[arena->current].size - arena->chunks[arena->current].used < wanted)
        arena->current++;
    if (arena->current == arena->n_chunks && !arena_grow(arena, wanted))
        return NULL;

    NnChunk *chunk = &arena->chunks[arena->current];
    void *block = chunk->bytes + chunk->used;

    chunk->used += wanted;
    return block;
}

NnArenaMark
nn_arena_mark(const NnArena *arena)
{
    const size_t chunk = APART ? arena->n_chunks : arena->current;

    return (NnArenaMark){chunk, chunk < arena->n_chunks ? arena->chunks[chunk].used : 0};
}

void
nn_arena_release(NnArena *arena, NnArenaMark mark)
{
    while (APART && arena->n_chunks > mark.chunk)
        free(arena->chunks[--arena->n_chunks].bytes);
    for (size_t k = mark.chunk; k < arena->n_chunks; k++)
        arena->chunks[k].used = k == mark.chunk ? mark.used : 0;
    arena->current = APART ? arena->n_chunks : mark.chunk;
}

void
nn_arena_reset(NnArena *arena)
{
    if (APART) {
        nn_arena_clear(arena);
        return;
    }
    for (size_t k = 0; k < arena->n_chunks; k++)
        arena->chunks[k].used = 0;
    arena->current = 0;
}

void
nn_arena_clear(NnArena *arena)
{
    for (size_t k = 0; k < arena->n_chunks; k++)
        free(arena->chunks[k].bytes);
    g_free(arena->chunks);
    *arena = (NnArena){0};
}
