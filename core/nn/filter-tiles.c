/* Sums of gradients by filters, see filter-tiles-private.h. */
#include "filter-tiles-private.h"
#include <lacuna/parallel.h>

#include <string.h>

enum { TILE = NN_AMX_EDGE * NN_AMX_EDGE };

/** TilesEnd: @n sums, to be added up and put where they belong. */
typedef struct {
    const NnFilterTiles *tiles;
    size_t n;
    const LacReal *sums;
    gboolean add;
    LacReal *w;
} TilesEnd;

LAC_CLONES static void
add_tile(const LacReal *from, LacReal *to)
{
    for (size_t k = 0; k < TILE; k++)
        to[k] += from[k];
}

/* A tile's values to their filters; channels of a filter are @taps apart. */
static void
spread_tile(const TilesEnd *e, size_t filter, size_t channel, size_t tap, const LacReal *tile)
{
    const NnFilterTiles *t = e->tiles;
    const size_t down = t->filters_down ? NN_AMX_EDGE : 1, across = NN_AMX_EDGE + 1 - down;

    for (size_t i = 0; i < MIN(NN_AMX_EDGE, t->filters - filter); i++) {
        LacReal *w = e->w + ((filter + i) * t->channels + channel) * t->taps + tap;

        for (size_t c = 0; c < MIN(NN_AMX_EDGE, t->channels - channel); c++)
            w[c * t->taps] = tile[i * down + c * across] + (e->add ? w[c * t->taps] : 0);
    }
}

static void
end_tiles(size_t begin, size_t end, unsigned worker, void *user)
{
    const TilesEnd *e = user;
    const NnFilterTiles *t = e->tiles;
    const size_t columns = nn_amx_tiles(t->filters_down ? t->channels : t->filters);
    LacReal sum[TILE];

    for (size_t tile = begin; tile < end; tile++) {
        const size_t row = tile / t->taps / columns * NN_AMX_EDGE;
        const size_t column = tile / t->taps % columns * NN_AMX_EDGE;

        memcpy(sum, e->sums + tile * TILE, sizeof sum);
        for (size_t k = 1; k < e->n; k++)
            add_tile(e->sums + k * nn_filter_tiles_size(t) + tile * TILE, sum);
        spread_tile(e, t->filters_down ? row : column, t->filters_down ? column : row,
                    tile % t->taps, sum);
    }
}

void
nn_filter_tiles_end(const NnFilterTiles *tiles, size_t n, const LacReal *sums, gboolean add,
                    LacReal *w)
{
    TilesEnd e = {tiles, n, sums, add, w};

    lac_parallel_for(nn_filter_tiles_size(tiles) / TILE, 4, end_tiles, &e);
}
