/* Factors in the order of the matrix unit's registers, see gemm-amx-private.h. */
#include "gemm-amx-private.h"

#include <string.h>

#ifdef NN_AMX

/* 32 values of a row, those from @left on 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
lay_out_row(const float *x, size_t left, unsigned parts, uint16_t *to)
{
    nn_amx_join(_mm512_maskz_loadu_ps(nn_amx_mask(left), x),
                left <= 16 ? _mm512_setzero_ps()
                           : _mm512_maskz_loadu_ps(nn_amx_mask(left - 16), x + 16),
                parts, to, NN_AMX_PAIR);
}

/* Rows of values that follow one another, @step apart, as [steps][parts][32][32]; rows and values
 * beyond are 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
lay_out_rows_in(const float *from, size_t step, size_t rows, const AmxPart *part, unsigned parts,
                uint16_t *to)
{
    const size_t padded = rows > 16 ? 32 : 16;

    for (size_t k = 0; k < part->depth; k += NN_AMX_STEP, to += parts * NN_AMX_PAIR) {
        const size_t left = part->depth - k;

        if (left >= NN_AMX_STEP)
            for (size_t i = 0; i < rows; i++)
                lay_out_row(from + i * step + k, NN_AMX_STEP, parts, to + i * NN_AMX_STEP);
        else
            for (size_t i = 0; i < rows; i++)
                lay_out_row(from + i * step + k, left, parts, to + i * NN_AMX_STEP);
        for (unsigned p = 0; p < parts && rows < padded; p++)
            memset(to + p * NN_AMX_PAIR + rows * NN_AMX_STEP, 0,
                   (padded - rows) * NN_AMX_STEP * sizeof *to);
    }
}

NN_AMX_TARGET static void
lay_out_rows(const float *from, size_t step, size_t rows, const AmxPart *part, uint16_t *to)
{
    if (part->parts == 1)
        lay_out_rows_in(from, step, rows, part, 1, to);
    else
        lay_out_rows_in(from, step, rows, part, 3, to);
}

/* 16 rows of 16 values, @step apart, as 16 columns. Only @rows and @cols of them are read, the
 * others are 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
turn(const float *from, size_t step, size_t rows, size_t cols, __m512 out[16])
{
    const __mmask16 mask = nn_amx_mask(cols);
    __m512 r[16];

#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        r[i] = i < rows ? _mm512_maskz_loadu_ps(mask, from + i * step) : _mm512_setzero_ps();
    nn_amx_turn(r, out);
}

/* [depth x rows], rows of memory @step apart, as lay_out_rows() would its transpose. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
lay_out_turned_rows_in(const float *from, size_t step, size_t rows, const AmxPart *part,
                       unsigned parts, uint16_t *to)
{
    for (size_t k = 0; k < part->depth; k += NN_AMX_STEP, to += parts * NN_AMX_PAIR) {
        const size_t left = part->depth - k;

        for (size_t i = 0; i < rows; i += 16) {
            __m512 first[16], second[16];

            turn(from + k * step + i, step, left, rows - i, first);
            turn(from + (k + 16) * step + i, step, left > 16 ? left - 16 : 0, rows - i, second);
#pragma GCC unroll 16
            for (size_t j = 0; j < 16; j++)
                nn_amx_join(first[j], second[j], parts, to + (i + j) * NN_AMX_STEP, NN_AMX_PAIR);
        }
    }
}

NN_AMX_TARGET static void
lay_out_turned_rows(const float *from, size_t step, size_t rows, const AmxPart *part, uint16_t *to)
{
    if (part->parts == 1)
        lay_out_turned_rows_in(from, step, rows, part, 1, to);
    else
        lay_out_turned_rows_in(from, step, rows, part, 3, to);
}

/* [cols x depth], rows of memory @step apart, as a panel. */
NN_AMX_TARGET static void
lay_out_turned_columns(const float *from, size_t step, size_t cols, const AmxPart *part,
                       uint16_t *to)
{
    const size_t padded = part->steps * NN_AMX_STEP;

    for (size_t half = 0; half < (cols > 16 ? 2 : 1); half++) {
        for (size_t k = 0; k < padded; k += 16) {
            uint16_t *out = to + k / NN_AMX_STEP * part->parts * NN_AMX_PAIR +
                            half * NN_AMX_REGISTER + k % NN_AMX_STEP * 16;
            __m512 rows[16];

            turn(from + half * 16 * step + k, step, cols - 16 * half,
                 k < part->depth ? part->depth - k : 0, rows);
            if (part->parts == 1)
#pragma GCC unroll 8
                for (size_t j = 0; j < 16; j += 2)
                    nn_amx_interleave(rows[j], rows[j + 1], 1, out + j * 16, NN_AMX_PAIR);
            else
#pragma GCC unroll 8
                for (size_t j = 0; j < 16; j += 2)
                    nn_amx_interleave(rows[j], rows[j + 1], 3, out + j * 16, NN_AMX_PAIR);
        }
    }
}

/* [depth x cols], rows @step apart, as a panel. One panel after the other, although that reads a
 * part of each row only: their memory is multiples of a page apart, and would drive itself out of
 * L1. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
lay_out_columns_in(const float *x, size_t step, size_t cols, const AmxPart *part, unsigned parts,
                   uint16_t *to)
{
    const size_t padded = part->steps * NN_AMX_STEP;

    for (size_t k = 0; k < padded; k += 2, x += 2 * step) {
        uint16_t *out = to + k / NN_AMX_STEP * parts * NN_AMX_PAIR + k % NN_AMX_STEP * 16;

        for (size_t half = 0; half < cols; half += 16, out += NN_AMX_REGISTER) {
            const __mmask16 mask = nn_amx_mask(cols - half);
            const __m512 none = _mm512_setzero_ps();

            nn_amx_interleave(k < part->depth ? _mm512_maskz_loadu_ps(mask, x + half) : none,
                              k + 1 < part->depth ? _mm512_maskz_loadu_ps(mask, x + step + half)
                                                  : none,
                              parts, out, NN_AMX_PAIR);
        }
    }
}

NN_AMX_TARGET static void
lay_out_columns(const float *from, size_t step, size_t cols, const AmxPart *part, uint16_t *to)
{
    if (part->parts == 1)
        lay_out_columns_in(from, step, cols, part, 1, to);
    else
        lay_out_columns_in(from, step, cols, part, 3, to);
}

void
nn_amx_lay_out_a(const AmxPart *part, size_t row, size_t rows)
{
    const NnGemm *g = part->g;
    AmxScratch *scratch = part->scratch;

    if (!g->ta)
        lay_out_rows(g->a + row * g->lda + part->k, g->lda, rows, part, scratch->a);
    else
        lay_out_turned_rows(g->a + part->k * g->lda + row, g->lda, rows, part, scratch->a);
}

void
nn_amx_lay_out_b(const AmxPart *part, size_t first, size_t n, uint16_t *panels)
{
    const NnGemm *g = part->g;

    for (size_t panel = first; panel < first + n; panel++, panels += nn_amx_panel_size(part)) {
        const size_t column = panel * NN_AMX_EDGE, cols = MIN(NN_AMX_EDGE, g->n - column);

        if (g->lay_out != NULL) {
            g->lay_out(g->lay_out_user, column, cols, part->k, part->depth, part->scratch->wide,
                       NN_AMX_EDGE);
            lay_out_columns(part->scratch->wide, NN_AMX_EDGE, cols, part, panels);
        } else if (g->tb) {
            lay_out_turned_columns(g->b + column * g->ldb + part->k, g->ldb, cols, part, panels);
        } else {
            lay_out_columns(g->b + part->k * g->ldb + column, g->ldb, cols, part, panels);
        }
    }
}

#endif
