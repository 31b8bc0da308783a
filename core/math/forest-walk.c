/* Rows down a tree, several at once: while one waits for its next node the others move on. */
#include "forest-private.h"

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

void
lac_tree_walk(const LacTree *tree, const LacBins *bins, size_t n, const uint32_t *rows,
              uint32_t *leaf)
{
    if (tree->root < 0) {
        for (size_t i = 0; i < n; i++)
            leaf[i] = (uint32_t)~tree->root;
    } else if (tree->subset_of == NULL) {
        walk_all(tree, bins, n, rows, FALSE, leaf);
    } else {
        walk_all(tree, bins, n, rows, TRUE, leaf);
    }
}
