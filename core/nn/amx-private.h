/* The processor's matrix unit (AMX): products of bfloat16 numbers with sums in float.
 *
 * A factor is given as numbers of eight bits each, in one part (rounded: LAC_PRECISION_BFLOAT16) or
 * in three that add up to the float (LAC_PRECISION_FLOAT32):
 *
 *   a = a0 + a1 + a2, |a1| <= 2^-8 |a|, |a2| <= 2^-16 |a|, exactly where |a| > 2^-102,
 *   a b = a0 b0 + a0 b1 + a1 b0 + a1 b1 + a0 b2 + a2 b0 + rest, |rest| < 2^-23 |a b|
 *
 * so that six products of parts are as good as one in float (the rest is rounding's own size at
 * worst and an eighth of it on average), at three times the speed of AVX-512. What is infinite
 * becomes NaN on the way; what is below 2^-126 is 0. Source of the scheme: Henry, Tang and
 * Heinecke, Leveraging the bfloat16 artificial intelligence datatype for higher-precision
 * computations (ARITH 2019). */
#ifndef LACUNA_AMX_PRIVATE_H
#define LACUNA_AMX_PRIVATE_H

#include "base-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

enum {
    NN_AMX_EDGE = 32,          /* rows and columns of a tile of C: four registers */
    NN_AMX_STEP = 32,          /* steps of k the unit takes at once */
    NN_AMX_REGISTER = 16 * 32, /* values of a register of a factor */
    NN_AMX_PAIR = 2 * 16 * 32, /* of the two that a tile's 32 rows or columns fill */
};

/** nn_amx_tiles: how many tiles hold @n rows or columns. */
static inline size_t
nn_amx_tiles(size_t n)
{
    return (n + NN_AMX_EDGE - 1) / NN_AMX_EDGE;
}

/** nn_amx_found: whether there is such a unit and we may use it. */
LAC_PRIVATE_API gboolean nn_amx_found(void);
/** nn_amx_parts: how many a factor is split into. */
static inline unsigned
nn_amx_parts(LacPrecision precision)
{
    return precision == LAC_PRECISION_BFLOAT16 ? 1 : 3;
}

/** NnAmxFactor: where the registers of one factor lie: those of step s, part p and half h (16 of
 * the tile's rows or columns) at @v + (@at[s] or s * @step) + p * @part + h * @half, in 16 rows
 * @row bytes apart. A row of the left factor is 32 steps of k for one row of C; one of the right
 * factor two steps of k, side by side, for 16 columns. */
typedef struct {
    const uint16_t *v;
    const size_t *at; /* [steps] or NULL */
    size_t step, part, half, row;
} NnAmxFactor;

/** NnAmxTile: c [32 x 32] = from + the product of @steps * 32 steps of k.
 * @lower, @right: whether there are more than 16 rows, columns; without, those are not touched
 * @from: what sums begin with; NULL: 0. May be @c
 * @c_row, @from_row: bytes from one row to the next; 0: all rows of @from are the same */
typedef struct {
    NnAmxFactor a, b;
    size_t steps;
    unsigned parts; /* 1 or 3 */
    gboolean lower, right;
    const float *from;
    size_t from_row;
    float *c;
    size_t c_row;
} NnAmxTile;

/** nn_amx_begin, nn_amx_end: around tiles, in the thread that computes them. */
void nn_amx_begin(void);
/** nn_amx_begin_rows: tiles are @rows <= 16 rows from @a, and from @half, each; rows of C are still
 * counted as if there were 16. */
void nn_amx_begin_rows(unsigned rows);
void nn_amx_end(void);
void nn_amx_tile(const NnAmxTile *tile);

/** NnAhead: memory that will be needed soon; asked for a piece at a time, while there is something
 * to compute. */
typedef struct {
    const char *v;
    size_t lines, piece; /* of 64 bytes */
} NnAhead;

/** nn_ahead: @bytes at @v (NULL: nothing) in @pieces. nn_ahead_next: asks for one of them. */
static inline NnAhead
nn_ahead(const void *v, size_t bytes, size_t pieces)
{
    const size_t lines = v != NULL ? bytes / 64 : 0;

    return (NnAhead){v, lines, lines / pieces + 1};
}

static inline void
nn_ahead_next(NnAhead *a)
{
    const size_t n = MIN(a->piece, a->lines);

    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(a->v + 64 * i, 0, 2);
    a->v += 64 * n;
    a->lines -= n;
}

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) &&       \
    !defined(LAC_NN_DOUBLE)
#define NN_AMX 1
#define NN_AMX_TARGET __attribute__((target("arch=x86-64-v4,avx512bf16,amx-tile,amx-bf16")))

#include <immintrin.h>

/* The float nearest to @x that has eight bits, a tie away from 0: its lower half is 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline __m512i
nn_amx_upper(__m512 x)
{
    return _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000)),
                            _mm512_set1_epi32((int)0xffff0000u));
}

/* The three parts of 16 floats, in the upper halves of lanes; the lower halves are 0 but for parts
 * below 2^-126. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
nn_amx_split(__m512 x, __m512i parts[3])
{
    parts[0] = nn_amx_upper(x);
    x = _mm512_sub_ps(x, _mm512_castsi512_ps(parts[0]));
    parts[1] = nn_amx_upper(x);
    parts[2] = _mm512_castps_si512(_mm512_sub_ps(x, _mm512_castsi512_ps(parts[1])));
}

/** nn_amx_join: the parts of 32 floats, @x and then @y, to @to, @part values apart. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
nn_amx_join(__m512 x, __m512 y, unsigned parts, uint16_t *to, size_t part)
{
    __m512i first[3], second[3];

    if (parts == 1) {
        _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh(y, x));
        return;
    }
    nn_amx_split(x, first);
    nn_amx_split(y, second);
#pragma GCC unroll 3
    for (unsigned p = 0; p < 3; p++) {
        const __m512i odd =
            _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31, 29,
                             27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);

        _mm512_storeu_si512(to + p * part, _mm512_permutex2var_epi16(first[p], odd, second[p]));
    }
}

/** nn_amx_interleave: the same with each value of @x before its neighbour of @y. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
nn_amx_interleave(__m512 x, __m512 y, unsigned parts, uint16_t *to, size_t part)
{
    __m512i first[3], second[3];

    if (parts == 1) {
        const __m512i order =
            _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7,
                             22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);

        _mm512_storeu_si512(to,
                            _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(y, x)));
        return;
    }
    nn_amx_split(x, first);
    nn_amx_split(y, second);
#pragma GCC unroll 3
    for (unsigned p = 0; p < 3; p++) /* the lower half of a part below 2^-126 is not 0 */
        _mm512_storeu_si512(
            to + p * part,
            _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(first[p], 16), second[p]));
}

/** nn_amx_store: the parts of 16 floats. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
nn_amx_store(__m512 x, unsigned parts, uint16_t *to, size_t part)
{
    __m512i split[3];

    if (parts == 1) {
        _mm256_storeu_si256((void *)to, (__m256i)_mm512_cvtneps_pbh(x));
        return;
    }
    nn_amx_split(x, split);
#pragma GCC unroll 3
    for (unsigned p = 0; p < 3; p++)
        _mm256_storeu_si256((void *)(to + p * part),
                            _mm512_cvtepi32_epi16(_mm512_srli_epi32(split[p], 16)));
}

/** nn_amx_turn: 16 rows of 16 values as 16 columns: rounds that exchange single values, pairs,
 * fours and eights. @r is used up. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
nn_amx_turn(__m512 r[16], __m512 out[16])
{
    __m512 s[16];

#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i += 2) {
        s[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        s[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i += 4)
#pragma GCC unroll 2
        for (size_t j = i; j < i + 2; j++) {
            const __m512d a = _mm512_castps_pd(s[j]), b = _mm512_castps_pd(s[j + 2]);

            r[i + 2 * (j - i)] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            r[i + 2 * (j - i) + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
#pragma GCC unroll 16
    for (size_t i = 0; i < 4; i++) {
        s[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        s[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        s[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        s[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < 8; i++) {
        out[i] = _mm512_shuffle_f32x4(s[i], s[i + 8], 0x88);
        out[i + 8] = _mm512_shuffle_f32x4(s[i], s[i + 8], 0xdd);
    }
}

/* The first @n of 16 lanes. */
static inline __mmask16
nn_amx_mask(size_t n)
{
    return (__mmask16)(n >= 16 ? 0xffff : (1u << n) - 1);
}

#endif

G_END_DECLS

#endif
