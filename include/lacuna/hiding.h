/* What mask generators share: choosing columns, standardised values, and the loop that hides each
 * cell with a chance of its own. */
#ifndef LACUNA_HIDING_H
#define LACUNA_HIDING_H

#include <lacuna/data.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * lac_hiding_columns:
 * @names: NULL-terminated column names, or NULL for all columns
 * @who: the generator, for messages
 * @n_out: (out): how many
 * @error: LAC_ERROR_PARAM naming a column that does not exist
 *
 * Returns: (transfer full): [n_out] column indices, ascending, each once; g_free().
 */
LAC_API size_t *lac_hiding_columns(const LacData *truth, char *const *names, const char *who,
                                   size_t *n_out, GError **error);

/** lac_hiding_standardise: column @j of @truth (numbers or codes as they are) as (x - mean)/sd
 * (divisor n - 1) of its observed cells, 0 in holes, to @out [rows], @stride apart. All 0, and
 * FALSE, for a constant column. */
LAC_API gboolean lac_hiding_standardise(const LacData *truth, size_t j, double *out, size_t stride);

/** LacHidingChance: the chance, 0 .. 1, that cell (@i, @j) is hidden. Any thread may ask. */
typedef double (*LacHidingChance)(size_t i, size_t j, const void *user);

/**
 * lac_hiding_draw:
 * @cols: [n] columns that may lose cells, ascending
 * @out: cells drawn are set; cells that are holes already are left alone
 *
 * Row i compares the uniform number j of its own stream, lac_rng_at(rng, i), with the chance of
 * cell (i, j): neither threads nor further rows or columns move the holes of a cell whose chance
 * stays the same.
 */
LAC_API void lac_hiding_draw(const LacData *truth, const LacRng *rng, size_t n, const size_t *cols,
                             LacHidingChance chance, const void *user, LacMask *out);

/**
 * lac_hiding_draw_logistic:
 * @score: [rows x n] finite linear predictors, row by row, one column for each of @cols
 * @rate: share of the observed cells of each of these columns, in [0, 1]
 *
 * Hides cell (i, cols[k]) with chance 1 / (1 + exp(-(score + c_k))), where c_k is found such that
 * these chances have the mean @rate over the observed cells of the column. Draws as
 * lac_hiding_draw() does.
 */
LAC_API void
lac_hiding_draw_logistic(const LacData *truth, const LacRng *rng, size_t n, const size_t *cols,
                         const LacMatrix *score, double rate, LacMask *out);

G_END_DECLS

#endif
