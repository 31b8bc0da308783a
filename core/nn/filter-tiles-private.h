/* Gradients by the filters of a convolution, summed on the matrix unit (amx-private.h): tiles of 32
 * filters and 32 channels under one tap, in sums of their own for each block of images. */
#ifndef LACUNA_FILTER_TILES_PRIVATE_H
#define LACUNA_FILTER_TILES_PRIVATE_H

#include "amx-private.h"

G_BEGIN_DECLS

/** NnFilterTiles: what a sum consists of, [rows in tiles][columns in tiles][taps][32][32].
 * @filters_down: rows are filters, columns channels; else the other way round */
typedef struct {
    size_t filters, channels, taps;
    gboolean filters_down;
} NnFilterTiles;

/** nn_filter_tiles_size: values of one sum. */
static inline size_t
nn_filter_tiles_size(const NnFilterTiles *t)
{
    return nn_amx_tiles(t->filters) * nn_amx_tiles(t->channels) * t->taps * NN_AMX_EDGE *
           NN_AMX_EDGE;
}

/** nn_filter_tiles_end: @w [filters][channels][taps] = or += the sum of @n @sums, in their order.
 */
void nn_filter_tiles_end(const NnFilterTiles *tiles, size_t n, const LacReal *sums, gboolean add,
                         LacReal *w);

G_END_DECLS

#endif
