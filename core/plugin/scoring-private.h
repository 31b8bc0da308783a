/* What the walks over scored cells share with each other. */
#ifndef LACUNA_SCORING_PRIVATE_H
#define LACUNA_SCORING_PRIVATE_H

#include <lacuna/scoring.h>

G_BEGIN_DECLS

/** ScoringFault: where a block met a completion that is not finite; row = G_MAXSIZE: nowhere. */
typedef struct {
    size_t row, col;
    double seen;
} ScoringFault;

/** scoring_block_rows: rows are cut into at most 64 blocks, whatever the number of threads, and the
 * blocks' sums added in order: the same bits everywhere, and memory that does not grow with rows.
 */
size_t scoring_block_rows(size_t rows);
/** scoring_kinds: [cols] TRUE for numeric columns (or for the others). Owned. */
gboolean *scoring_kinds(const LacData *truth, gboolean numeric);
/** scoring_no_faults: [blocks]. Owned. */
ScoringFault *scoring_no_faults(size_t blocks);
/** scoring_check: FALSE with LAC_ERROR_NUMERIC naming the first of the faults. */
gboolean scoring_check(const LacScoring *in, size_t n, const ScoringFault *faults, GError **error);

/** scoring_next_bit: the position of the lowest set bit of *word, which is cleared. */
static inline size_t
scoring_next_bit(uint64_t *word)
{
    const size_t bit = (size_t)__builtin_ctzll(*word);

    *word &= *word - 1;
    return bit;
}

G_END_DECLS

#endif
