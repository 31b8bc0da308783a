/* What the holes of a table look like, before anything is filled in. */
#ifndef LACUNA_MISSINGNESS_PRIVATE_H
#define LACUNA_MISSINGNESS_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>

G_BEGIN_DECLS

/**
 * LacFlux: how well a column can be predicted, and how much it helps, as far as holes go.
 * @observed: share of rows in which it is observed
 * @influx: pairs of cells of one row with this one missing and the other observed, by all observed
 *   cells; 0 for a complete column
 * @outflux: pairs with this one observed and the other missing, by all missing cells; NaN when the
 *   table has no hole
 * @ainb: mean over the other columns of the share that is observed where this one is missing; 0 for
 *   a complete column
 * @aout: mean over the other columns of the share that is missing where this one is observed
 * @fico: share of incomplete rows among those where this one is observed; NaN when there are none
 */
typedef struct {
    double observed, influx, outflux, ainb, aout, fico;
} LacFlux;

/**
 * LacMissingness: counts of a table's holes.
 * @missing: [cols] holes of each column
 * @together: [cols][cols] rows in which both columns are missing
 * @complete: rows without a hole; @empty: rows with nothing observed
 * @flux: [cols]
 * @n: distinct patterns of holes; @pattern: [n][cols] 1 where missing; @count: [n] their rows.
 *   Patterns with fewer holes first, then those of more rows, then those that come first in the
 * table
 * @order: [cols] columns by their number of holes, few first, else as in the table
 * Source: van Buuren, Flexible Imputation of Missing Data, 2nd ed. (2018), section 4.1.
 */
typedef struct {
    size_t rows, cols, holes, complete, empty, n;
    size_t *missing, *together, *order, *count;
    LacFlux *flux;
    guint8 *pattern;
} LacMissingness;

/** lac_missingness_new: O(rows x cols + holes x holes of a row). Owned; NULL with LAC_ERROR_SHAPE
 * when there is no memory for the pairs of columns. */
LAC_PRIVATE_API LacMissingness *lac_missingness_new(const LacMask *holes, GError **error);
LAC_PRIVATE_API void lac_missingness_free(LacMissingness *missingness);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacMissingness, lac_missingness_free)

/**
 * LacLittle: Little's test of "missing completely at random".
 * @statistic: d2, the sum over patterns of rows x (mean - mu)' Sigma^-1 (mean - mu) in the observed
 *   columns; @df, @p: of its chi-squared law
 * @rows: with something observed; @cols: that took part; @patterns: of their holes
 * @nominal, @constant: columns left out for having no order, or one value or none
 * @coded: binary and ordinal columns that took part with their codes
 * @iterations: of EM; @converged: to a relative change below 1e-10
 * @undefined: why there is no test (the numbers are then NaN), or NULL
 */
typedef struct {
    double statistic, df, p;
    size_t rows, cols, patterns, nominal, constant, coded, iterations;
    gboolean converged;
    char *undefined;
} LacLittle;

/**
 * lac_little_test:
 * @error: LAC_ERROR_SHAPE for memory
 *
 * Assumes that rows are normal, with one covariance whatever is missing; compares means alone. Not
 * to reject it does not show that holes are completely at random, and holes that depend on what
 * they hide need not show. Mean and covariance by EM on standardised columns. A singular covariance
 * leaves the test undefined. Source: Little, J. Am. Stat. Assoc. 83 (1988), 1198.
 * Returns: owned.
 */
LAC_PRIVATE_API LacLittle *lac_little_test(const LacData *data, GError **error);
LAC_PRIVATE_API void lac_little_free(LacLittle *little);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacLittle, lac_little_free)

G_END_DECLS

#endif
