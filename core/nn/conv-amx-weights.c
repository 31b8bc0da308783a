/* The gradient by the filters of a convolution on the matrix unit, see conv-amx-private.h: channels
 * are rows of C, filters its columns, pixels are k, counted through whole rows of the frame. */
#include "conv-amx-private.h"

#ifdef NN_AMX

#include "gemm-private.h"
#include "tape-private.h"
#include <lacuna/parallel.h>

#include <string.h>

gboolean
nn_weights_amx_init(LacTape *tape, NnWeightsAmx *weights, const NnFrame *f, size_t filters)
{
    const size_t tiles = nn_amx_tiles(filters);
    NnWeightsAmx w = {.frame = f,
                      .parts = nn_amx_parts(lac_tape_precision(tape)),
                      .filters = filters,
                      .steps = nn_amx_tiles(nn_conv_amx_windows(f)),
                      .tiles = {filters, f->channels, nn_frame_kernel(f), FALSE}};

    /* the last tap of the last channel reads as many pixels as the first */
    w.x_part =
        nn_amx_tiles(f->channels) * 32 * nn_frame_pixels(f) + w.steps * 32 + NN_CONV_AMX_SLACK;
    w.x_values = w.parts * w.x_part;
    w.y_values = tiles * w.steps * w.parts * NN_AMX_PAIR;
    w.wide_values = (filters + 32) * w.steps * 32 + NN_SLACK;
    w.x = nn_alloc_cleared(tape, lac_threads() * w.x_values * sizeof *w.x);
    w.y = nn_alloc_cleared(tape, lac_threads() * w.y_values * sizeof *w.y);
    w.wide = nn_alloc_cleared(tape, lac_threads() * w.wide_values * sizeof *w.wide);
    *weights = w;
    return w.x != NULL && w.y != NULL && w.wide != NULL;
}

/* @y with rows as long as those of the frame; what is between them was cleared once. */
static void
widen(const NnWeightsAmx *weights, const float *y, float *wide)
{
    const NnFrame *f = weights->frame;

    for (size_t i = 0; i < weights->filters; i++, wide += weights->steps * 32)
        for (size_t row = 0; row < f->out_height; row++, y += f->out_width)
            memcpy(wide + row * f->phase_width, y, f->out_width * sizeof *y);
}

/* Its transpose in panels of 32 filters, two pixels side by side. */
NN_AMX_TARGET static void
split_windows(const NnWeightsAmx *weights, float *wide, uint16_t *to)
{
    const size_t pixels = weights->steps * 32;
    float *turned = wide + weights->filters * pixels; /* [pixels][32] */

    for (size_t first = 0; first < weights->filters; first += 32) {
        nn_lay_out_transposed(wide + first * pixels, pixels, MIN(32, weights->filters - first),
                              pixels, turned, 32);
        for (size_t s = 0; s < weights->steps; s++, to += weights->parts * NN_AMX_PAIR)
            for (size_t half = 0; half < 2; half++)
                for (size_t k = 0; k < 32; k += 2) {
                    const float *x = turned + (s * 32 + k) * 32 + half * 16;

                    nn_amx_interleave(_mm512_loadu_ps(x), _mm512_loadu_ps(x + 32), weights->parts,
                                      to + half * NN_AMX_REGISTER + k * 16, NN_AMX_PAIR);
                }
    }
}

void
nn_weights_amx_image(const NnWeightsAmx *weights, unsigned worker, const LacReal *image,
                     const LacReal *y, gboolean more, LacReal *sums)
{
    const NnFrame *f = weights->frame;
    const size_t taps = nn_frame_kernel(f), n = nn_frame_pixels(f);
    const size_t in_size = f->channels * f->height * f->width;
    const size_t out_size = weights->filters * f->out_height * f->out_width;
    const size_t tiles = nn_amx_tiles(f->channels) * nn_amx_tiles(weights->filters) * taps;
    NnAhead in = nn_ahead(more ? image + in_size : NULL, in_size * sizeof *image, tiles);
    NnAhead next_y = nn_ahead(more ? y + out_size : NULL, out_size * sizeof *y, tiles);
    uint16_t *x = weights->x + worker * weights->x_values;
    uint16_t *y_split = weights->y + worker * weights->y_values;
    float *wide = weights->wide + worker * weights->wide_values;
    NnAmxTile tile = {
        .a = {.step = 32, .part = weights->x_part, .half = 16 * n, .row = 2 * n},
        .b = {.step = weights->parts * NN_AMX_PAIR,
              .part = NN_AMX_PAIR,
              .half = NN_AMX_REGISTER,
              .row = 64},
        .steps = weights->steps,
        .parts = weights->parts,
        .from_row = 32 * sizeof *sums,
        .c_row = 32 * sizeof *sums,
    };

    for (size_t c = 0; c < f->channels; c++)
        nn_conv_amx_split(f, image + c * f->height * f->width, weights->parts, x + c * n,
                          weights->x_part);
    widen(weights, y, wide);
    split_windows(weights, wide, y_split);
    nn_amx_begin();
    for (size_t c = 0; c < f->channels; c += 32) {
        tile.lower = f->channels - c > 16;
        for (size_t i = 0; i < weights->filters; i += 32) {
            tile.right = weights->filters - i > 16;
            tile.b.v = y_split + i / 32 * weights->steps * tile.b.step;
            for (size_t tap = 0; tap < taps; tap++, sums += 32 * 32) {
                tile.from = tile.c = sums;
                tile.a.v = x + c * n + f->taps[tap];
                nn_ahead_next(&in);
                nn_ahead_next(&next_y);
                nn_amx_tile(&tile);
            }
        }
    }
    nn_amx_end();
}

#else

gboolean
nn_weights_amx_init(LacTape *tape, NnWeightsAmx *weights, const NnFrame *frame, size_t filters)
{
    return FALSE;
}

void
nn_weights_amx_image(const NnWeightsAmx *weights, unsigned worker, const LacReal *image,
                     const LacReal *y, gboolean more, LacReal *sums)
{
    g_assert_not_reached();
}

#endif
