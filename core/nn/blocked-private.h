/* Images with 32 channels of a pixel side by side, for chains of convolutions on the processor's
 * matrix unit (amx-private.h): pixels are rows of its factors, channels the steps of k. A row
 * starts a line of the cache whatever tap of the filter meets it, and what belongs to a channel
 * (bias, moments, scale) is a vector that stays in a register. */
#ifndef LACUNA_BLOCKED_PRIVATE_H
#define LACUNA_BLOCKED_PRIVATE_H

#include "amx-private.h"

G_BEGIN_DECLS

enum { NN_LANES = 32 };

/** nn_lane_blocks: of 32 channels; those the last one lacks are 0. */
static inline size_t
nn_lane_blocks(size_t channels)
{
    return (channels + NN_LANES - 1) / NN_LANES;
}

/** NnBlocked: an image [blocks][pixels][32 channels]: with @parts 1 in bfloat16, channel c beside
 * c + 16; else in float. */
typedef struct {
    size_t channels, blocks, pixels;
    unsigned parts;
} NnBlocked;

static inline size_t
nn_blocked_bytes(const NnBlocked *b)
{
    return b->blocks * b->pixels * NN_LANES * (b->parts == 1 ? sizeof(uint16_t) : sizeof(float));
}

/** NnRows: pixels as the unit reads them: [parts][blocks][rows][32 channels, c beside c + 16]. */
typedef struct {
    size_t blocks, rows;
    unsigned parts;
} NnRows;

static inline size_t
nn_rows_part(const NnRows *r)
{
    return r->blocks * r->rows * NN_LANES;
}

/** NnPlaces: pixel (y, x) of an image of @width is row @row[y] + @column[x]; those from
 * @height_read and @width_read on are not wanted. */
typedef struct {
    size_t width, height_read, width_read;
    const size_t *row, *column;
} NnPlaces;

/** NnScale: scale v + shift, [channels in whole blocks] each. */
typedef struct {
    const float *scale, *shift;
} NnScale;

/** nn_rows_fill: the rows of the pixels @v, scaled. Other rows were cleared once. */
void nn_rows_fill(const NnRows *rows, const NnPlaces *places, const NnBlocked *image, const void *v,
                  const NnScale *scale, uint16_t *to);

/** NnSlope: the gradient in front of batch norm and ReLU: k0 gy + k1 r + k2 where @relu is FALSE or
 * r > 0.
 * @gy: by what is behind them, @r: what is between them
 * @k: [3][channels in whole blocks] */
typedef struct {
    const void *gy, *r;
    const float *k;
    gboolean relu;
} NnSlope;

/** nn_rows_fill_slope: the rows of @slope; adds their sums over pixels to @sums [channels in whole
 * blocks]. */
void nn_rows_fill_slope(const NnRows *rows, const NnPlaces *places, const NnBlocked *image,
                        const NnSlope *slope, double *sums, uint16_t *to);
/** nn_rows_from_planes: one block of @n <= 16 neighbouring rows; lane k is read at @planes[k], and
 * 0 where that is NULL. */
void nn_rows_from_planes(const NnRows *rows, const float *const *planes, size_t n, uint16_t *to);
/** nn_rows_pairs: the right factor whose steps of k are rows: [parts][blocks][pairs][2][16
 * channels], rows 2 m + @odd and 2 m + @odd + 1 side by side, of the first @used.
 * nn_rows_pairs_size: its values.
 */
void nn_rows_pairs(const NnRows *rows, size_t odd, size_t used, const uint16_t *from, uint16_t *to);
static inline size_t
nn_rows_pairs_size(const NnRows *r)
{
    return r->parts * nn_rows_part(r);
}
/** nn_rows_turn: the left factor whose steps of k are rows @first, @first + 1 ..., 32 @steps of
 * them: [blocks][steps][parts][32 channels][32 rows]. */
void
nn_rows_turn(const NnRows *rows, size_t first, size_t steps, const uint16_t *from, uint16_t *to);

/** nn_blocked_spread: @planes [channels][pixels] = or += the pixels @v, scaled unless @scale is
 * NULL; nn_blocked_gather: the way back. @more: the planes behind them come next. */
void nn_blocked_spread(const NnBlocked *image, const void *v, const NnScale *scale, gboolean add,
                       gboolean more, float *planes);
void nn_blocked_gather(const NnBlocked *image, const float *planes, gboolean more, void *v);
/** nn_blocked_sums: adds to @sums [2][channels in whole blocks] those of gy and of gy (r - centre).
 */
void nn_blocked_sums(const NnBlocked *image, const void *gy, const void *r, const float *centre,
                     double *sums);

#ifdef NN_AMX

/** NnLanes: 32 channels of a pixel. */
typedef struct {
    __m512 low, high;
} NnLanes;

__attribute__((always_inline)) NN_AMX_TARGET static inline NnLanes
nn_lanes_load(const void *image, size_t pixel, unsigned parts)
{
    const uint16_t *narrow = (const uint16_t *)image + pixel * NN_LANES;
    const float *wide = (const float *)image + pixel * NN_LANES;
    __m512i both;

    if (parts != 1)
        return (NnLanes){_mm512_loadu_ps(wide), _mm512_loadu_ps(wide + 16)};
    both = _mm512_loadu_si512(narrow);
    return (NnLanes){
        _mm512_castsi512_ps(_mm512_slli_epi32(both, 16)),
        _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32((int)0xffff0000u)))};
}

__attribute__((always_inline)) NN_AMX_TARGET static inline void
nn_lanes_store(NnLanes v, void *image, size_t pixel, unsigned parts)
{
    float *wide = (float *)image + pixel * NN_LANES;

    if (parts == 1) {
        nn_amx_interleave(v.low, v.high, 1, (uint16_t *)image + pixel * NN_LANES, 0);
        return;
    }
    _mm512_storeu_ps(wide, v.low);
    _mm512_storeu_ps(wide + 16, v.high);
}

__attribute__((always_inline)) NN_AMX_TARGET static inline NnLanes
nn_lanes_at(const float *v)
{
    return (NnLanes){_mm512_loadu_ps(v), _mm512_loadu_ps(v + 16)};
}

/** nn_lanes_widen: adds 32 floats to as many doubles. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
nn_lanes_widen(NnLanes v, double *to)
{
    const __m512 half[2] = {v.low, v.high};

#pragma GCC unroll 2
    for (size_t h = 0; h < 2; h++, to += 16) {
        const __m256 lower = _mm512_castps512_ps256(half[h]);
        const __m256 upper = _mm512_extractf32x8_ps(half[h], 1);

        _mm512_storeu_pd(to, _mm512_add_pd(_mm512_loadu_pd(to), _mm512_cvtps_pd(lower)));
        _mm512_storeu_pd(to + 8, _mm512_add_pd(_mm512_loadu_pd(to + 8), _mm512_cvtps_pd(upper)));
    }
}

#endif

G_END_DECLS

#endif
