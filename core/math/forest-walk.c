/* Rows down a tree, several at once: while one waits for its next node the others move on. */
#include "tree-wide-private.h"

enum { ABREAST = 16 };

static inline int32_t
walk_right(const LacTree *tree, int32_t at, uint8_t code, gboolean subsets)
{
    const TreeNode *node = &tree->nodes[at];

    if (!subsets || node->cut != TREE_BY_SUBSET)
        return code > node->cut;
    return !(tree->subsets[tree->subset_of[at]].words[code / 64] >> (code % 64) & 1);
}

static inline size_t
walk_row(const uint32_t *rows, size_t i)
{
    return rows != NULL ? rows[i] : i;
}

/* ABREAST rows; those that have arrived stay where they are. */
static inline void
walk_block(const LacTree *tree, const LacBins *bins, const uint32_t *rows, size_t i,
           gboolean subsets, uint32_t *leaf)
{
    const uint8_t *codes[ABREAST];
    int32_t at[ABREAST];
    int32_t under_way = 1;

    for (size_t k = 0; k < ABREAST; k++) {
        codes[k] = bins->by_row + walk_row(rows, i + k) * bins->width;
        at[k] = tree->root;
    }
    while (under_way) {
        under_way = 0;
        for (size_t k = 0; k < ABREAST; k++) {
            const int32_t here = at[k] < 0 ? 0 : at[k];
            const TreeNode *node = &tree->nodes[here];
            const int32_t next =
                node->child[walk_right(tree, here, codes[k][node->feature], subsets)];

            at[k] = at[k] < 0 ? at[k] : next;
            under_way |= at[k] >= 0;
        }
    }
    for (size_t k = 0; k < ABREAST; k++)
        leaf[i + k] = (uint32_t)~at[k];
}

static inline void
walk_all(const LacTree *tree, const LacBins *bins, size_t n, const uint32_t *rows, gboolean subsets,
         uint32_t *leaf)
{
    size_t i = 0;

    for (; i + ABREAST <= n; i += ABREAST)
        walk_block(tree, bins, rows, i, subsets, leaf);
    for (; i < n; i++) {
        const uint8_t *codes = bins->by_row + walk_row(rows, i) * bins->width;
        int32_t at = tree->root;

        while (at >= 0)
            at = tree->nodes[at]
                     .child[walk_right(tree, at, codes[tree->nodes[at].feature], subsets)];
        leaf[i] = (uint32_t)~at;
    }
}

#if defined(__x86_64__)

enum {
    WIDE_ROWS = 16,
    WIDE_ABREAST = 4,
    RULE_WORD = 2, /* of the three of a node: feature and cut */
};

/** WalkWide: @codes: where in bins->by_row its codes begin; @at: node, or leaf where negative. */
typedef struct {
    __m512i codes[WIDE_ABREAST], at[WIDE_ABREAST];
} WalkWide;

/* Up to WIDE_ABREAST times 16 rows to the root; lanes without a row have arrived. */
TREE_WIDE_INLINE void
walk_wide_begin(const LacBins *bins, size_t i, size_t n, const uint32_t *rows, WalkWide *walk)
{
    const __m512i step = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    for (size_t v = 0; v < WIDE_ABREAST; v++, i += WIDE_ROWS) {
        const unsigned left = i < n ? (unsigned)MIN(n - i, (size_t)WIDE_ROWS) : 0;
        const __mmask16 there = (__mmask16)_bzhi_u32(0xffff, left);
        const __m512i row = rows != NULL
                                ? _mm512_maskz_loadu_epi32(there, rows + i)
                                : _mm512_maskz_add_epi32(there, step, _mm512_set1_epi32((int)i));

        walk->codes[v] = _mm512_mullo_epi32(row, _mm512_set1_epi32((int)bins->width));
        walk->at[v] = _mm512_mask_set1_epi32(_mm512_setzero_si512(), (__mmask16)~there, -1);
    }
}

/* One level down; the lanes that have not yet arrived. */
TREE_WIDE_INLINE __mmask16
walk_wide_step(const LacTree *tree, const LacBins *bins, __m512i codes, __m512i *at)
{
    const int *words = (const int *)(const void *)tree->nodes;
    const __mmask16 live = _mm512_cmpge_epi32_mask(*at, _mm512_setzero_si512());
    const __m512i node = _mm512_add_epi32(*at, _mm512_add_epi32(*at, *at));
    const __m512i rule = _mm512_mask_i32gather_epi32(
        *at, live, _mm512_add_epi32(node, _mm512_set1_epi32(RULE_WORD)), words, 4);
    const __m512i where =
        _mm512_add_epi32(codes, _mm512_and_si512(rule, _mm512_set1_epi32(0xffff)));
    const __m512i code = _mm512_and_si512(
        _mm512_mask_i32gather_epi32(*at, live, where, (const int *)(const void *)bins->by_row, 1),
        _mm512_set1_epi32(0xff));
    const __mmask16 right = _mm512_cmpgt_epi32_mask(code, _mm512_srli_epi32(rule, 16));
    const __m512i child = _mm512_mask_add_epi32(node, right, node, _mm512_set1_epi32(1));

    *at = _mm512_mask_i32gather_epi32(*at, live, child, words, 4);
    return live;
}

TREE_WIDE static void
walk_wide(const LacTree *tree, const LacBins *bins, size_t n, const uint32_t *rows, uint32_t *leaf)
{
    const __m512i ones = _mm512_set1_epi32(-1);
    WalkWide walk;

    for (size_t i = 0; i < n; i += (size_t)WIDE_ABREAST * WIDE_ROWS) {
        unsigned live = 1;

        walk_wide_begin(bins, i, n, rows, &walk);
        while (live) {
            live = 0;
            for (size_t v = 0; v < WIDE_ABREAST; v++)
                live |= walk_wide_step(tree, bins, walk.codes[v], &walk.at[v]);
        }
        for (size_t v = 0, k = i; v < WIDE_ABREAST && k < n; v++, k += WIDE_ROWS)
            _mm512_mask_storeu_epi32(leaf + k,
                                     (__mmask16)_bzhi_u32(0xffff, (unsigned)MIN(n - k, 16)),
                                     _mm512_xor_si512(walk.at[v], ones));
    }
}

/* Whether all places can be told by 31 bits. */
static gboolean
walk_wide_serves(const LacTree *tree, const LacBins *bins)
{
    return tree_wide_here() && (bins->rows + 1) * bins->width < INT32_MAX &&
           tree->n_nodes < INT32_MAX / 3;
}

#else

static void
walk_wide(const LacTree *tree, const LacBins *bins, size_t n, const uint32_t *rows, uint32_t *leaf)
{
    g_assert_not_reached();
}

static gboolean
walk_wide_serves(const LacTree *tree, const LacBins *bins)
{
    return FALSE;
}

#endif

void
lac_tree_walk(const LacTree *tree, const LacBins *bins, size_t n, const uint32_t *rows,
              uint32_t *leaf)
{
    if (tree->root < 0) {
        for (size_t i = 0; i < n; i++)
            leaf[i] = (uint32_t)~tree->root;
    } else if (tree->subset_of == NULL && walk_wide_serves(tree, bins)) {
        walk_wide(tree, bins, n, rows, leaf);
    } else if (tree->subset_of == NULL) {
        walk_all(tree, bins, n, rows, FALSE, leaf);
    } else {
        walk_all(tree, bins, n, rows, TRUE, leaf);
    }
}
