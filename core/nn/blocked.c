/* Images with 32 channels side by side, see blocked-private.h. */
#include "blocked-private.h"

#ifdef NN_AMX

/* ---- rows of pixels ---- */

/* Asks for a pixel some way behind @pixel: what fetches memory ahead by itself stops at the end of
 * each page, and a page holds few pixels. */
__attribute__((always_inline)) static inline void
ask_ahead(const void *v, size_t pixel, unsigned parts)
{
    enum { FAR = 48 };
    const size_t bytes = NN_LANES * (parts == 1 ? sizeof(uint16_t) : sizeof(float));
    const char *at = (const char *)v + (pixel + FAR) * bytes;

    __builtin_prefetch(at);
    if (bytes > 64)
        __builtin_prefetch(at + 64);
}

__attribute__((always_inline)) NN_AMX_TARGET static inline void
fill_block(const NnPlaces *p, const void *v, size_t pixel, const float *scale, const float *shift,
           unsigned parts, uint16_t *to, size_t part)
{
    const NnLanes a = nn_lanes_at(scale), b = nn_lanes_at(shift);

    for (size_t y = 0; y < p->height_read; y++)
        for (size_t x = 0; x < p->width_read; x++) {
            NnLanes r = nn_lanes_load(v, pixel + y * p->width + x, parts);

            ask_ahead(v, pixel + y * p->width + x, parts);
            r.low = _mm512_fmadd_ps(a.low, r.low, b.low);
            r.high = _mm512_fmadd_ps(a.high, r.high, b.high);
            nn_amx_interleave(r.low, r.high, parts, to + (p->row[y] + p->column[x]) * NN_LANES,
                              part);
        }
}

NN_AMX_TARGET void
nn_rows_fill(const NnRows *rows, const NnPlaces *places, const NnBlocked *image, const void *v,
             const NnScale *scale, uint16_t *to)
{
    for (size_t b = 0; b < image->blocks; b++, to += rows->rows * NN_LANES) {
        const float *by = scale->scale + b * NN_LANES, *shift = scale->shift + b * NN_LANES;

        if (rows->parts == 1)
            fill_block(places, v, b * image->pixels, by, shift, 1, to, 0);
        else
            fill_block(places, v, b * image->pixels, by, shift, 3, to, nn_rows_part(rows));
    }
}

/* @k: of this block, @all channels apart */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
fill_slope_block(const NnPlaces *p, const NnSlope *s, size_t pixel, const float *k, size_t all,
                 unsigned parts, double *sums, uint16_t *to, size_t part)
{
    const NnLanes by_gy = nn_lanes_at(k), by_r = nn_lanes_at(k + all),
                  by = nn_lanes_at(k + 2 * all);
    const __mmask16 every = s->relu ? 0 : 0xffff;
    const __m512 zero = _mm512_setzero_ps();

    for (size_t y = 0; y < p->height_read; y++) {
        NnLanes sum = {zero, zero};

        for (size_t x = 0; x < p->width_read; x++, pixel++) {
            const NnLanes gy = nn_lanes_load(s->gy, pixel, parts);
            const NnLanes r = nn_lanes_load(s->r, pixel, parts);
            NnLanes g = {_mm512_fmadd_ps(by_r.low, r.low, by.low),
                         _mm512_fmadd_ps(by_r.high, r.high, by.high)};

            ask_ahead(s->gy, pixel, parts);
            ask_ahead(s->r, pixel, parts);
            g.low = _mm512_maskz_fmadd_ps(_mm512_cmp_ps_mask(r.low, zero, _CMP_GT_OQ) | every,
                                          by_gy.low, gy.low, g.low);
            g.high = _mm512_maskz_fmadd_ps(_mm512_cmp_ps_mask(r.high, zero, _CMP_GT_OQ) | every,
                                           by_gy.high, gy.high, g.high);
            sum.low = _mm512_add_ps(sum.low, g.low);
            sum.high = _mm512_add_ps(sum.high, g.high);
            nn_amx_interleave(g.low, g.high, parts, to + (p->row[y] + p->column[x]) * NN_LANES,
                              part);
        }
        nn_lanes_widen(sum, sums);
    }
}

NN_AMX_TARGET void
nn_rows_fill_slope(const NnRows *rows, const NnPlaces *places, const NnBlocked *image,
                   const NnSlope *slope, double *sums, uint16_t *to)
{
    const size_t all = image->blocks * NN_LANES;

    for (size_t b = 0; b < image->blocks; b++, to += rows->rows * NN_LANES) {
        const float *k = slope->k + b * NN_LANES;
        double *own = sums + b * NN_LANES;

        if (rows->parts == 1)
            fill_slope_block(places, slope, b * image->pixels, k, all, 1, own, to, 0);
        else
            fill_slope_block(places, slope, b * image->pixels, k, all, 3, own, to,
                             nn_rows_part(rows));
    }
}

/* ---- from plane after plane and back ---- */

/* @n pixels of 32 planes as @n pixels of 32 lanes. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
turn_planes(const float *const *planes, size_t n, NnLanes out[16])
{
    const __mmask16 mask = nn_amx_mask(n);
    __m512 r[16], turned[2][16];

    for (size_t half = 0; half < 2; half++) {
#pragma GCC unroll 16
        for (size_t k = 0; k < 16; k++)
            r[k] = planes[16 * half + k] != NULL
                       ? _mm512_maskz_loadu_ps(mask, planes[16 * half + k])
                       : _mm512_setzero_ps();
        nn_amx_turn(r, turned[half]);
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        out[i] = (NnLanes){turned[0][i], turned[1][i]};
}

NN_AMX_TARGET void
nn_rows_from_planes(const NnRows *rows, const float *const *planes, size_t n, uint16_t *to)
{
    NnLanes v[16];

    turn_planes(planes, n, v);
    for (size_t i = 0; i < n; i++, to += NN_LANES) {
        if (rows->parts == 1)
            nn_amx_interleave(v[i].low, v[i].high, 1, to, 0);
        else
            nn_amx_interleave(v[i].low, v[i].high, 3, to, nn_rows_part(rows));
    }
}

/* The planes of the next image, in as many pieces as this one is worked on: planes are too many for
 * what fetches memory by itself. */
static NnAhead
planes_ahead(const NnBlocked *image, const float *planes, gboolean more)
{
    const size_t values = image->channels * image->pixels;

    return nn_ahead(more ? planes + values : NULL, values * sizeof *planes,
                    image->blocks * ((image->pixels + 15) / 16));
}

NN_AMX_TARGET void
nn_blocked_gather(const NnBlocked *image, const float *planes, gboolean more, void *v)
{
    NnAhead next = planes_ahead(image, planes, more);

    for (size_t b = 0; b < image->blocks; b++) {
        for (size_t pixel = 0; pixel < image->pixels; pixel += 16) {
            const size_t n = MIN(16, image->pixels - pixel);
            const float *from[NN_LANES];
            NnLanes lanes[16];

            for (size_t k = 0; k < NN_LANES; k++)
                from[k] = b * NN_LANES + k < image->channels
                              ? planes + (b * NN_LANES + k) * image->pixels + pixel
                              : NULL;
            nn_ahead_next(&next);
            turn_planes(from, n, lanes);
            for (size_t i = 0; i < n; i++)
                nn_lanes_store(lanes[i], v, b * image->pixels + pixel + i, image->parts);
        }
    }
}

/* 16 channels of @n pixels, of which @rows are wanted. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
store_planes(__m512 r[16], size_t channels, size_t n, gboolean add, size_t step, float *to)
{
    const __mmask16 mask = nn_amx_mask(n);
    __m512 turned[16];

    nn_amx_turn(r, turned);
    for (size_t k = 0; k < channels; k++, to += step)
        _mm512_mask_storeu_ps(
            to, mask, add ? _mm512_add_ps(turned[k], _mm512_maskz_loadu_ps(mask, to)) : turned[k]);
}

NN_AMX_TARGET void
nn_blocked_spread(const NnBlocked *image, const void *v, const NnScale *scale, gboolean add,
                  gboolean more, float *planes)
{
    NnAhead next = planes_ahead(image, planes, more);
    const size_t step = image->pixels;

    for (size_t b = 0; b < image->blocks; b++) {
        const size_t first = b * NN_LANES, left = image->channels - first;
        const __m512 one = _mm512_set1_ps(1), zero = _mm512_setzero_ps();
        const NnLanes by = scale != NULL ? nn_lanes_at(scale->scale + first) : (NnLanes){one, one};
        const NnLanes shift =
            scale != NULL ? nn_lanes_at(scale->shift + first) : (NnLanes){zero, zero};

        for (size_t pixel = 0; pixel < image->pixels; pixel += 16) {
            const size_t n = MIN(16, image->pixels - pixel);
            float *to = planes + first * step + pixel;
            __m512 low[16], high[16];

            nn_ahead_next(&next);
            for (size_t i = 0; i < 16; i++) {
                const NnLanes r =
                    nn_lanes_load(v, b * image->pixels + pixel + MIN(i, n - 1), image->parts);

                low[i] = _mm512_fmadd_ps(by.low, r.low, shift.low);
                high[i] = _mm512_fmadd_ps(by.high, r.high, shift.high);
            }
            store_planes(low, MIN(16, left), n, add, step, to);
            if (left > 16)
                store_planes(high, MIN(16, left - 16), n, add, step, to + 16 * step);
        }
    }
}

/* ---- sums ---- */

NN_AMX_TARGET void
nn_blocked_sums(const NnBlocked *image, const void *gy, const void *r, const float *centre,
                double *sums)
{
    enum { RUN = 16 }; /* pixels summed in float */
    const size_t all = image->blocks * NN_LANES;

    for (size_t b = 0; b < image->blocks; b++, sums += NN_LANES, centre += NN_LANES) {
        const NnLanes about = nn_lanes_at(centre);

        for (size_t first = 0; first < image->pixels; first += RUN) {
            const __m512 zero = _mm512_setzero_ps();
            NnLanes plain = {zero, zero}, moment = {zero, zero};

            for (size_t i = first; i < MIN(first + RUN, image->pixels); i++) {
                const NnLanes g = nn_lanes_load(gy, b * image->pixels + i, image->parts);
                const NnLanes v = nn_lanes_load(r, b * image->pixels + i, image->parts);

                plain.low = _mm512_add_ps(plain.low, g.low);
                plain.high = _mm512_add_ps(plain.high, g.high);
                moment.low = _mm512_fmadd_ps(g.low, _mm512_sub_ps(v.low, about.low), moment.low);
                moment.high =
                    _mm512_fmadd_ps(g.high, _mm512_sub_ps(v.high, about.high), moment.high);
            }
            nn_lanes_widen(plain, sums);
            nn_lanes_widen(moment, sums + all);
        }
    }
}

/* ---- factors whose steps of k are rows ---- */

/* Two rows as pairs of 16 channels each: the lower halves of lanes, then the upper. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
pair_rows(const uint16_t *first, const uint16_t *second, __m512i out[2])
{
    const __mmask32 upper = 0xaaaaaaaa;
    const __m512i a = _mm512_loadu_si512(first), b = _mm512_loadu_si512(second);

    out[0] = _mm512_mask_blend_epi16(upper, a, _mm512_slli_epi32(b, 16));
    out[1] = _mm512_mask_blend_epi16(upper, _mm512_srli_epi32(a, 16), b);
}

NN_AMX_TARGET void
nn_rows_pairs(const NnRows *rows, size_t odd, size_t used, const uint16_t *from, uint16_t *to)
{
    const size_t pairs = (MIN(used, rows->rows) - odd) / 2;

    for (size_t b = 0; b < rows->parts * rows->blocks; b++) {
        for (size_t m = 0; m < pairs; m++) {
            const uint16_t *pair = from + (2 * m + odd) * NN_LANES;
            __m512i halves[2];

            pair_rows(pair, pair + NN_LANES, halves);
            _mm512_storeu_si512(to + 2 * m * NN_LANES, halves[0]);
            _mm512_storeu_si512(to + (2 * m + 1) * NN_LANES, halves[1]);
        }
        from += rows->rows * NN_LANES;
        to += rows->rows * NN_LANES;
    }
}

NN_AMX_TARGET static void
turn_step(const uint16_t *from, uint16_t *to)
{
    __m512 low[16], high[16], turned[16];

#pragma GCC unroll 16
    for (size_t m = 0; m < 16; m++) {
        __m512i halves[2];

        pair_rows(from + 2 * m * NN_LANES, from + (2 * m + 1) * NN_LANES, halves);
        low[m] = _mm512_castsi512_ps(halves[0]);
        high[m] = _mm512_castsi512_ps(halves[1]);
    }
    nn_amx_turn(low, turned);
#pragma GCC unroll 16
    for (size_t k = 0; k < 16; k++)
        _mm512_storeu_ps(to + k * NN_LANES, turned[k]);
    nn_amx_turn(high, turned);
#pragma GCC unroll 16
    for (size_t k = 0; k < 16; k++)
        _mm512_storeu_ps(to + (16 + k) * NN_LANES, turned[k]);
}

void
nn_rows_turn(const NnRows *rows, size_t first, size_t steps, const uint16_t *from, uint16_t *to)
{
    for (size_t b = 0; b < rows->blocks; b++)
        for (size_t s = 0; s < steps; s++)
            for (unsigned p = 0; p < rows->parts; p++, to += NN_AMX_PAIR)
                turn_step(from + p * nn_rows_part(rows) +
                              (b * rows->rows + first + s * NN_AMX_STEP) * NN_LANES,
                          to);
}

#endif
