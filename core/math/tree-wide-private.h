/* What the files that work with 512-bit vectors share. */
#ifndef LACUNA_TREE_WIDE_PRIVATE_H
#define LACUNA_TREE_WIDE_PRIVATE_H

#include "forest-private.h"

#if defined(__x86_64__)

/** PackedRows: up to eight rows from one on, those that are @there. */
typedef struct {
    __mmask8 there;
    __m256i row;
    __m512i packed;
} PackedRows;

TREE_WIDE_INLINE __mmask8
packed_first(size_t n)
{
    return (__mmask8)_bzhi_u32(0xff, (unsigned)MIN(n, (size_t)TREE_LANES));
}

TREE_WIDE_INLINE PackedRows
packed_load(const TreeWork *work, size_t i, size_t end)
{
    const __mmask8 there = packed_first(end - i);

    return (PackedRows){there, _mm256_maskz_loadu_epi32(there, work->rows + i),
                        _mm512_maskz_loadu_epi64(there, work->packed + i)};
}

TREE_WIDE_INLINE void
packed_store(uint32_t *rows, int64_t *packed, size_t n, __m256i row, __m512i sum)
{
    const __mmask8 there = packed_first(n);

    _mm256_mask_storeu_epi32(rows, there, row);
    _mm512_mask_storeu_epi64(packed, there, sum);
}

/** WideNode: what splits of a node are measured against, and how sums are unpacked. */
typedef struct {
    __m512d mean, all, least;
    __m512i counts;
    __m128i shift;
    int64_t weight;
} WideNode;

/* The drop of squared error of eight thresholds; -1 where a side has too few rows. */
TREE_WIDE_INLINE __m512d
wide_gain(const WideNode *node, __m512i packed)
{
    const __m512d sum = _mm512_cvtepi64_pd(_mm512_sra_epi64(packed, node->shift));
    const __m512d left = _mm512_cvtepi64_pd(_mm512_and_si512(packed, node->counts));
    const __m512d right = _mm512_sub_pd(node->all, left);
    const __m512d d = _mm512_sub_pd(sum, _mm512_mul_pd(left, node->mean));
    const __mmask8 fair = _mm512_cmp_pd_mask(left, node->least, _CMP_GE_OQ) &
                          _mm512_cmp_pd_mask(right, node->least, _CMP_GE_OQ);
    const __m512d top = _mm512_mul_pd(_mm512_mul_pd(d, d), node->all);

    return _mm512_mask_div_pd(_mm512_set1_pd(-1.0), fair, top, _mm512_mul_pd(left, right));
}

/* The same where there are up to eight rows: 1 / left + 1 / right, which for light nodes stand in a
 * table. */
TREE_WIDE_INLINE __m512d
wide_gain_small(const WideNode *node, __m512i packed)
{
    const __m512d lowest =
        _mm512_setr_pd(0.0, 1.0, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7);
    const __m512d next = _mm512_setr_pd(1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13,
                                        1.0 / 14, 1.0 / 15);
    const __m512i count = _mm512_and_si512(packed, node->counts);
    const __m512d sum = _mm512_cvtepi64_pd(_mm512_sra_epi64(packed, node->shift));
    const __m512d left = _mm512_cvtepi64_pd(count), right = _mm512_sub_pd(node->all, left);
    const __m512d d = _mm512_sub_pd(sum, _mm512_mul_pd(left, node->mean));
    const __mmask8 fair = _mm512_cmp_pd_mask(left, node->least, _CMP_GE_OQ) &
                          _mm512_cmp_pd_mask(right, node->least, _CMP_GE_OQ);
    __m512d inverses;

    if (node->weight < 16) {
        const __m512i other = _mm512_sub_epi64(_mm512_set1_epi64(node->weight), count);

        inverses = _mm512_add_pd(_mm512_permutex2var_pd(lowest, count, next),
                                 _mm512_permutex2var_pd(lowest, other, next));
    } else {
        const __m512d one = _mm512_set1_pd(1.0);

        inverses = _mm512_add_pd(_mm512_div_pd(one, left), _mm512_div_pd(one, right));
    }
    return _mm512_mask_mul_pd(_mm512_set1_pd(-1.0), fair, _mm512_mul_pd(d, d), inverses);
}

/* Codes of up to eight rows; lanes without a row are above all bins, for which nothing is left on
 * the right. */
TREE_WIDE_INLINE __m512i
wide_codes_at(const uint8_t *codes, __mmask8 there, __m256i rows)
{
    const __m256i none = _mm256_set1_epi32(LAC_BINS_MOST);
    const __m256i word = _mm256_and_si256(
        _mm256_i32gather_epi32((const int *)(const void *)codes, rows, 1), _mm256_set1_epi32(0xff));

    return _mm512_cvtepu32_epi64(_mm256_mask_mov_epi32(none, there, word));
}

TREE_WIDE_INLINE __m512i
wide_codes(const uint8_t *codes, const uint32_t *rows, size_t n)
{
    const __mmask8 there = packed_first(n);

    return wide_codes_at(codes, there, _mm256_maskz_loadu_epi32(there, rows));
}

TREE_WIDE_INLINE void
wide_node(const TreeSpace *space, const TreeNodeRows *node, WideNode *wide)
{
    wide->mean = _mm512_set1_pd(node->sum / node->weight);
    wide->all = _mm512_set1_pd(node->weight);
    wide->weight = (int64_t)node->weight;
    wide->least = _mm512_set1_pd((double)MAX(space->min_leaf, 1));
    wide->counts = _mm512_set1_epi64(((int64_t)1 << space->count_bits) - 1);
    wide->shift = _mm_cvtsi32_si128((int)space->count_bits);
}

#endif

#endif
