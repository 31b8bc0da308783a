/* Convolutions on the matrix unit, see conv-amx-private.h.
 *
 * Pixels are counted through a whole phase of the frame: window p begins at pixel p, and 32 windows
 * that follow one another are 32 columns of C, those between the end of one row of windows and the
 * begin of the next for nothing. A tap moves where they begin, no more. */
#include "conv-amx-private.h"

#ifdef NN_AMX

#include "activation-private.h"
#include "gemm-private.h"
#include "tape-private.h"
#include <lacuna/parallel.h>

enum {
    LEAST_CHANNELS = 16, /* fewer leave more than half of a register empty */
};

gboolean
nn_conv_amx_suits(const NnFrame *f)
{
    return f->channels >= LEAST_CHANNELS && nn_amx_found();
}

/* ---- filters ---- */

/* One row of 32 steps of k: a filter's weights of one tap for 32 channels, c beside c + 16. */
NN_AMX_TARGET static void
filter_row(const float *w, size_t taps, size_t channels, unsigned parts, uint16_t *to)
{
    float wide[32] = {0};

    for (size_t c = 0; c < channels; c++)
        wide[c] = w[c * taps];
    nn_amx_interleave(_mm512_loadu_ps(wide), _mm512_loadu_ps(wide + 16), parts, to, NN_AMX_PAIR);
}

static void
filters_lay_out(const NnConvAmx *conv, const float *w)
{
    const size_t taps = nn_frame_kernel(conv->frame), channels = conv->frame->channels;
    const size_t step = conv->parts * NN_AMX_PAIR;

    for (size_t row = 0; row < conv->rows; row++) {
        uint16_t *to = conv->filters + row / 32 * conv->steps * step + row % 32 * 32;

        for (size_t c = 0; c < channels; c += 32)
            for (size_t tap = 0; tap < taps; tap++, to += step)
                filter_row(w + (row * channels + c) * taps + tap, taps, MIN(32, channels - c),
                           conv->parts, to);
    }
}

static NnWindows
windows_at(const NnFrame *f, size_t first)
{
    NnWindows windows = {0};
    size_t row = first / f->phase_width, col = first % f->phase_width;

    windows.place = row * f->out_width + MIN(col, f->out_width);
    for (unsigned lane = 0; lane < 16 && row < f->out_height; lane++) {
        if (col < f->out_width)
            windows.real |= (uint16_t)(1u << lane);
        if (++col == f->phase_width)
            col = 0, row++;
    }
    return windows;
}

gboolean
nn_conv_amx_init(LacTape *tape, NnConvAmx *conv, const NnFrame *f, size_t rows, const LacReal *w)
{
    const size_t taps = nn_frame_kernel(f), blocks = nn_amx_tiles(f->channels);
    const size_t windows = 2 * nn_amx_tiles(nn_conv_amx_windows(f));

    *conv = (NnConvAmx){.frame = f,
                        .parts = nn_amx_parts(lac_tape_precision(tape)),
                        .rows = rows,
                        .steps = blocks * taps,
                        .part = blocks * 32 * nn_frame_pixels(f) + NN_CONV_AMX_SLACK};
    conv->frame_values = conv->parts * conv->part;
    conv->windows = lac_tape_alloc(tape, windows * sizeof *conv->windows);
    conv->at = lac_tape_alloc(tape, conv->steps * sizeof *conv->at);
    conv->filters = nn_alloc_cleared(tape, nn_amx_tiles(rows) * conv->steps * conv->parts *
                                               NN_AMX_PAIR * sizeof(uint16_t));
    conv->frames = nn_alloc_cleared(tape, lac_threads() * conv->frame_values * sizeof(uint16_t));
    if (conv->windows == NULL || conv->at == NULL || conv->filters == NULL || conv->frames == NULL)
        return FALSE;
    for (size_t i = 0; i < windows; i++)
        conv->windows[i] = windows_at(f, 16 * i);
    for (size_t s = 0; s < conv->steps; s++) /* two values a pixel */
        conv->at[s] = s / taps * 32 * nn_frame_pixels(f) + 2 * f->taps[s % taps];
    filters_lay_out(conv, w);
    return TRUE;
}

/* ---- forward ---- */

/* @n pixels of an image, each @stride-th; other lanes are 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline __m512
load_pixels(const float *x, size_t n, size_t stride)
{
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __mmask16 mask = nn_amx_mask(n);
    float apart[16];

    if (stride == 1)
        return _mm512_maskz_loadu_ps(mask, x);
    if (stride == 2) { /* the last one read is the last one wanted */
        const size_t all = 2 * MIN(n, 16) - 1;
        const __m512 left = _mm512_maskz_loadu_ps(nn_amx_mask(all), x);
        const __m512 right =
            all > 16 ? _mm512_maskz_loadu_ps(nn_amx_mask(all - 16), x + 16) : _mm512_setzero_ps();

        return _mm512_maskz_permutex2var_ps(mask, left, _mm512_slli_epi32(lanes, 1), right);
    }
    for (size_t i = 0; i < MIN(n, 16); i++)
        apart[i] = x[i * stride];
    return _mm512_maskz_loadu_ps(mask, apart);
}

/* The planes of one or two channels into a frame that was cleared once. What is stored too much is
 * 0 as borders are, and comes before what lies behind it. @pair: two planes side by side, the
 * second of which may be missing; else @second means nothing. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
split_planes(const NnFrame *f, const size_t stride, const gboolean pair, const float *first,
             const float *second, unsigned parts, uint16_t *to, size_t part)
{
    const ptrdiff_t s = (ptrdiff_t)stride;

    for (ptrdiff_t phase = 0; phase < s * s; phase++) {
        const NnColumns columns = nn_frame_columns(f, phase % s);
        ptrdiff_t row = phase / s - f->top;

        for (size_t i = 0; i < f->phase_height; i++, row += s) {
            const size_t from = (size_t)row * f->width + columns.from;
            const size_t at =
                ((size_t)phase * f->phase_height + i) * f->phase_width + columns.first;

            if (row < 0 || row >= (ptrdiff_t)f->height)
                continue;
            for (size_t j = 0; j < columns.n; j += 16) {
                const __m512 x = load_pixels(first + from + stride * j, columns.n - j, stride);

                if (pair)
                    nn_amx_interleave(x,
                                      second != NULL ? load_pixels(second + from + stride * j,
                                                                   columns.n - j, stride)
                                                     : _mm512_setzero_ps(),
                                      parts, to + 2 * (at + j), part);
                else
                    nn_amx_store(x, parts, to + at + j, part);
            }
        }
    }
}

/* The same with strides and parts the compiler knows. */
NN_AMX_TARGET static void
split_pair(const NnFrame *f, const float *first, const float *second, unsigned parts, uint16_t *to,
           size_t part)
{
    if (f->stride == 1 && parts == 1)
        split_planes(f, 1, TRUE, first, second, 1, to, part);
    else if (f->stride == 1)
        split_planes(f, 1, TRUE, first, second, 3, to, part);
    else if (f->stride == 2)
        split_planes(f, 2, TRUE, first, second, parts, to, part);
    else
        split_planes(f, f->stride, TRUE, first, second, parts, to, part);
}

NN_AMX_TARGET void
nn_conv_amx_split(const NnFrame *f, const float *plane, unsigned parts, uint16_t *to, size_t part)
{
    if (f->stride == 1 && parts == 1)
        split_planes(f, 1, FALSE, plane, NULL, 1, to, part);
    else if (f->stride == 1)
        split_planes(f, 1, FALSE, plane, NULL, 3, to, part);
    else if (f->stride == 2)
        split_planes(f, 2, FALSE, plane, NULL, parts, to, part);
    else
        split_planes(f, f->stride, FALSE, plane, NULL, parts, to, part);
}

static void
split_image(const NnConvAmx *conv, const float *image, uint16_t *to)
{
    const NnFrame *f = conv->frame;
    const size_t n = f->height * f->width;

    for (size_t c = 0; c < f->channels; c += c % 32 == 15 ? 17 : 1, to += 2 * nn_frame_pixels(f))
        split_pair(f, image + c * n, c + 16 < f->channels ? image + (c + 16) * n : NULL,
                   conv->parts, to, conv->part);
}

/** Ending: what is done with sums before they are stored. */
typedef struct {
    const float *bias;
    gboolean relu, add;
    float *out;
    size_t row_step;
} Ending;

NN_AMX_TARGET static inline void
store_windows(const Ending *e, const NnWindows *w, size_t row, size_t rows, const float *c)
{
    const __mmask16 mask = nn_amx_mask((size_t)__builtin_popcount((unsigned)w->real));

    for (size_t i = row; i < row + rows; i++, c += 32) {
        float *to = e->out + i * e->row_step + w->place;
        __m512 v = _mm512_maskz_compress_ps(w->real, _mm512_load_ps(c));

        if (e->bias != NULL)
            v = _mm512_add_ps(v, _mm512_set1_ps(e->bias[i]));
        if (e->add)
            v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, to));
        if (e->relu) /* the second where one is NaN */
            v = _mm512_max_ps(_mm512_setzero_ps(), v);
        _mm512_mask_storeu_ps(to, mask, v);
    }
}

NN_AMX_TARGET void
nn_conv_amx_image(const NnConvAmx *conv, unsigned worker, const LacReal *image, gboolean more,
                  const LacReal *bias, LacActivation activation, gboolean add, LacReal *out)
{
    const NnFrame *f = conv->frame;
    const size_t windows = nn_conv_amx_windows(f), row_size = f->out_height * f->out_width;
    const size_t in_size = f->channels * f->height * f->width, out_size = conv->rows * row_size;
    const size_t tiles = nn_amx_tiles(conv->rows) * nn_amx_tiles(windows);
    const Ending ending = {bias, activation == LAC_ACTIVATION_RELU, add, out, row_size};
    NnAhead in = nn_ahead(more ? image + in_size : NULL, in_size * sizeof *image, tiles);
    NnAhead result = nn_ahead(more ? out + out_size : NULL, out_size * sizeof *out, tiles);
    uint16_t *split = conv->frames + worker * conv->frame_values;
    float c[32 * 32] __attribute__((aligned(64)));
    NnAmxTile tile = {
        .a = {.step = conv->parts * NN_AMX_PAIR,
              .part = NN_AMX_PAIR,
              .half = NN_AMX_REGISTER,
              .row = 64},
        .b = {.at = conv->at, .part = conv->part, .half = 32, .row = 4 * nn_frame_pixels(f)},
        .steps = conv->steps,
        .parts = conv->parts,
        .c = c,
        .c_row = 32 * sizeof *c,
    };

    split_image(conv, image, split);
    nn_amx_begin();
    for (size_t row = 0; row < conv->rows; row += 32) {
        const size_t rows = MIN(32, conv->rows - row);

        tile.a.v = conv->filters + row / 32 * conv->steps * tile.a.step;
        tile.lower = rows > 16;
        for (size_t w = 0; w < windows; w += 32) {
            const NnWindows *both = conv->windows + w / 16;

            tile.b.v = split + 2 * w;
            tile.right = both[1].real != 0;
            nn_ahead_next(&in);
            nn_ahead_next(&result);
            nn_amx_tile(&tile);
            store_windows(&ending, &both[0], row, rows, c);
            if (tile.right)
                store_windows(&ending, &both[1], row, rows, c + 16);
        }
    }
    nn_amx_end();
    if (activation > LAC_ACTIVATION_RELU)
        nn_activation_apply(activation, out_size, 0, out);
}

#else

gboolean
nn_conv_amx_suits(const NnFrame *frame)
{
    return FALSE;
}

gboolean
nn_conv_amx_init(LacTape *tape, NnConvAmx *conv, const NnFrame *frame, size_t rows,
                 const LacReal *w)
{
    return FALSE;
}

void
nn_conv_amx_image(const NnConvAmx *conv, unsigned worker, const LacReal *image, gboolean more,
                  const LacReal *bias, LacActivation activation, gboolean add, LacReal *out)
{
    g_assert_not_reached();
}

#endif
