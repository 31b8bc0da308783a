/* Best splits of numbers by 512-bit vectors: what tree-mean.c does one row and one feature at a
 * time, eight at a time. A row's target and count are one whole number (tree-packed.c), so that one
 * addition adds both. Small nodes compare every row with every other; in larger ones the features
 * drawn for a node are summed by bin in one pass over its rows, so that one sum need not wait for
 * another before it. The same splits, to the last bit where sums of doubles are exact. */
#include "tree-wide-private.h"

#if defined(__x86_64__)

enum {
    LANES = TREE_LANES,
    FEW = TREE_WIDE_FEW,
};

/** WideFew: few rows by the features searched: codes, sums up to each, and what is gained by
 * splitting there. */
typedef struct {
    __m512i own[TREE_ABREAST][FEW / LANES], sum[TREE_ABREAST][FEW / LANES];
    __m512d gain[TREE_ABREAST][FEW / LANES];
} WideFew;

TREE_WIDE_INLINE void
wide_few_codes(const uint8_t *codes, const uint32_t *rows, size_t n, int vectors, __m512i *own)
{
    for (int v = 0; v < vectors; v++)
        own[v] = wide_codes(codes, rows + LANES * v, n - (size_t)(LANES * v));
}

/* Gains by @m features, whose sums do not wait for each other. */
TREE_WIDE_INLINE void
wide_few_gains(WideFew *few, size_t first, size_t m, int vectors, const int64_t *packed, size_t n,
               const WideNode *node)
{
    /* one vector is gone through as a whole, which no branch has to foresee */
    const size_t all = vectors == 1 ? LANES : n;
    __m512i sum[TREE_ABREAST][FEW / LANES];

    for (size_t f = 0; f < m; f++) {
        for (int v = 0; v < vectors; v++)
            sum[f][v] = _mm512_setzero_si512();
    }
    for (size_t j = 0; j < all; j++) {
        const __m512i one = _mm512_set1_epi64(packed[j]);

        for (size_t f = 0; f < m; f++) {
            const long long *codes = (const long long *)(const void *)few->own[first + f];
            const __m512i here = _mm512_set1_epi64(codes[j]);

            for (int v = 0; v < vectors; v++)
                sum[f][v] = _mm512_mask_add_epi64(
                    sum[f][v], _mm512_cmple_epi64_mask(here, few->own[first + f][v]), sum[f][v],
                    one);
        }
    }
    for (size_t f = 0; f < m; f++) {
        for (int v = 0; v < vectors; v++) {
            few->sum[first + f][v] = sum[f][v];
            few->gain[first + f][v] =
                vectors == 1 ? wide_gain_small(node, sum[f][v]) : wide_gain(node, sum[f][v]);
        }
    }
}

/* The sum over rows whose code of feature @f is up to @cut, which is that of one of them. */
TREE_WIDE_INLINE int64_t
wide_few_left(const WideFew *few, size_t f, int vectors, long long cut)
{
    const __m512i here = _mm512_set1_epi64(cut);
    unsigned lanes = 0;

    for (int v = 0; v < vectors; v++)
        lanes |= (unsigned)_mm512_cmpeq_epi64_mask(few->own[f][v], here) << (LANES * v);
    return ((const int64_t *)(const void *)few->sum[f])[__builtin_ctz(lanes)];
}

/* The first of the features that gains most and its lowest such threshold, if better than @best. */
TREE_WIDE_INLINE void
wide_few_choose(const WideFew *few, size_t m, int vectors, const uint32_t *features,
                TreeSplit *best)
{
    __m512d most = _mm512_set1_pd(-1.0);
    __m512i below = _mm512_set1_epi64(LAC_BINS_MOST), above = below;
    unsigned winners = 0;

    for (size_t f = 0; f < m; f++) {
        for (int v = 0; v < vectors; v++)
            most = _mm512_max_pd(most, few->gain[f][v]);
    }
    const double gain = _mm512_reduce_max_pd(most);

    if (!(gain > best->gain))
        return;
    most = _mm512_set1_pd(gain);
    for (size_t f = 0; f < m; f++) {
        for (int v = 0; v < vectors; v++)
            winners |= (unsigned)(_mm512_cmp_pd_mask(few->gain[f][v], most, _CMP_EQ_OQ) != 0) << f;
    }
    const size_t winner = (size_t)__builtin_ctz(winners);
    const __m512i *own = few->own[winner];

    for (int v = 0; v < vectors; v++)
        below = _mm512_mask_min_epi64(
            below, _mm512_cmp_pd_mask(few->gain[winner][v], most, _CMP_EQ_OQ), below, own[v]);
    const long long cut = _mm512_reduce_min_epi64(below);

    for (int v = 0; v < vectors; v++)
        above = _mm512_mask_min_epi64(
            above, _mm512_cmpgt_epi64_mask(own[v], _mm512_set1_epi64(cut)), above, own[v]);
    best->gain = gain;
    best->feature = features[winner];
    best->by_subset = FALSE;
    best->below = (unsigned)cut;
    best->above = (unsigned)_mm512_reduce_min_epi64(above);
    best->left = wide_few_left(few, winner, vectors, cut);
}

/* Three vectors of rows and more have sums enough to add to meanwhile, but not registers for more.
 */
TREE_WIDE_INLINE void
wide_few(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m, int vectors,
         const uint32_t *features, TreeSplit *best)
{
    const uint32_t *rows = work->rows + node->begin;
    const int64_t *packed = work->packed + node->begin;
    const size_t n = node->end - node->begin;
    int64_t alone[LANES]; /* rows of other nodes, behind these, are not to be added */
    WideNode wide;
    WideFew few;

    if (vectors == 1) {
        _mm512_storeu_si512(
            alone, _mm512_maskz_loadu_epi64((__mmask8)_bzhi_u32(0xff, (unsigned)n), packed));
        packed = alone;
    }

    wide_node(space, node, &wide);
    for (size_t f = 0; f < m; f++)
        wide_few_codes(space->codes + features[f] * space->stride, rows, n, vectors, few.own[f]);
    if (vectors <= 2) {
        wide_few_gains(&few, 0, m, vectors, packed, n, &wide);
    } else {
        for (size_t f = 0; f < m; f++)
            wide_few_gains(&few, f, 1, vectors, packed, n, &wide);
    }
    wide_few_choose(&few, m, vectors, features, best);
}

TREE_WIDE_INLINE void
wide_few_by(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
            const uint32_t *features, TreeSplit *best)
{
    switch ((node->end - node->begin + LANES - 1) / LANES) {
    case 1:
        wide_few(work, space, node, m, 1, features, best);
        break;
    case 2:
        wide_few(work, space, node, m, 2, features, best);
        break;
    case 3:
        wide_few(work, space, node, m, 3, features, best);
        break;
    default:
        wide_few(work, space, node, m, 4, features, best);
    }
}

TREE_WIDE void
tree_wide_few(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
              const uint32_t *features, TreeSplit *best)
{
    switch (m) {
    case 1:
        wide_few_by(work, space, node, 1, features, best);
        break;
    case 2:
        wide_few_by(work, space, node, 2, features, best);
        break;
    case 3:
        wide_few_by(work, space, node, 3, features, best);
        break;
    default:
        wide_few_by(work, space, node, TREE_ABREAST, features, best);
    }
}

/* One pass over the node's rows for @m features, whose sums do not wait for each other; bins that
 * hold any are marked. */
TREE_WIDE_INLINE void
wide_fill(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
          const uint32_t *features)
{
    const uint8_t *codes[TREE_ABREAST];

    for (size_t f = 0; f < m; f++)
        codes[f] = space->codes + features[f] * space->stride;
    for (size_t i = node->begin; i < node->end; i++) {
        const uint32_t row = work->rows[i];
        const int64_t packed = work->packed[i];

        for (size_t f = 0; f < m; f++) {
            const uint8_t c = codes[f][row];

            work->sums[f][c] += packed;
            work->marks[f][c] = 1;
        }
    }
}

/* Sums up to each bin that holds rows, in order; how many there are. Bins and marks are zero again.
 */
TREE_WIDE_INLINE size_t
wide_gather(TreeWork *work, size_t f, size_t n_bins)
{
    int64_t *sums = work->sums[f], passed = 0;
    size_t m = 0;

    for (size_t w = 0; 64 * w < n_bins; w++) {
        const __m512i marks = _mm512_loadu_si512(work->marks[f] + 64 * w);

        _mm512_storeu_si512(work->marks[f] + 64 * w, _mm512_setzero_si512());
        for (uint64_t bits = _mm512_test_epi8_mask(marks, marks); bits != 0; bits &= bits - 1) {
            const unsigned c = (unsigned)(64 * w) + (unsigned)__builtin_ctzll(bits);

            passed += sums[c];
            sums[c] = 0;
            work->passed[m] = passed;
            work->passed_bin[m++] = (uint16_t)c;
        }
    }
    return m;
}

TREE_WIDE_INLINE void
wide_scan(TreeWork *work, const WideNode *wide, size_t m, size_t feature, TreeSplit *best)
{
    __m512d most = _mm512_set1_pd(best->gain);
    __m512i where = _mm512_set1_epi64(-1), at = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);

    for (size_t k = 0; k + 1 < m; k += LANES) { /* the last one has nothing on its right */
        const __mmask8 there = (__mmask8)_bzhi_u32(0xff, (unsigned)MIN(m - 1 - k, (size_t)LANES));
        const __m512d gain = wide_gain(wide, _mm512_maskz_loadu_epi64(there, work->passed + k));
        const __mmask8 better = _mm512_cmp_pd_mask(gain, most, _CMP_GT_OQ);

        most = _mm512_mask_mov_pd(most, better, gain);
        where = _mm512_mask_mov_epi64(where, better, at);
        at = _mm512_add_epi64(at, _mm512_set1_epi64(LANES));
    }
    const double gain = _mm512_reduce_max_pd(most);

    if (!(gain > best->gain))
        return;
    const __mmask8 ties = _mm512_cmp_pd_mask(most, _mm512_set1_pd(gain), _CMP_EQ_OQ);
    const size_t first = (size_t)_mm512_mask_reduce_min_epi64(ties, where);

    best->gain = gain;
    best->feature = feature;
    best->by_subset = FALSE;
    best->below = work->passed_bin[first];
    best->above = work->passed_bin[first + 1];
    best->left = work->passed[first];
}

TREE_WIDE void
tree_wide_many(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
               const uint32_t *features, TreeSplit *best)
{
    WideNode wide;

    wide_node(space, node, &wide);
    switch (m) {
    case 1:
        wide_fill(work, space, node, 1, features);
        break;
    case 2:
        wide_fill(work, space, node, 2, features);
        break;
    case 3:
        wide_fill(work, space, node, 3, features);
        break;
    default:
        wide_fill(work, space, node, TREE_ABREAST, features);
    }
    for (size_t f = 0; f < m; f++) {
        const size_t n_bins = space->bins->columns[space->features[features[f]]].n_bins;

        wide_scan(work, &wide, wide_gather(work, f, n_bins), features[f], best);
    }
}

#else

void
tree_wide_few(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
              const uint32_t *features, TreeSplit *best)
{
    g_assert_not_reached();
}

void
tree_wide_many(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
               const uint32_t *features, TreeSplit *best)
{
    g_assert_not_reached();
}

#endif
