/* One pattern of holes, factorised: shared by the E-step, completion and densities. */
#ifndef LACUNA_GAUSSIAN_PRIVATE_H
#define LACUNA_GAUSSIAN_PRIVATE_H

#include "base-private.h"
#include <lacuna/gaussian.h>

G_BEGIN_DECLS

/**
 * LacConditional: scratch of one thread.
 * @q: missing columns; @column: [p] those first, then the observed ones (lent)
 * @by_precision: which of the two forms is in use
 * @factor: lower Cholesky factor of P_mm [q][q], or of cov_oo [k][k]
 * @half: factor^-1 cov_om [k][q], in the second form
 * @cov: [q][q] conditional covariance
 * @log_det_observed: ln |cov_oo|
 */
typedef struct {
    const LacGaussian *g;
    size_t q;
    const size_t *column;
    gboolean by_precision;
    double *factor, *half, *cov, *work, *rest;
    double log_det_observed;
} LacConditional;

LacConditional *lac_conditional_new(const LacGaussian *g);
void lac_conditional_free(LacConditional *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacConditional, lac_conditional_free)

/** lac_conditional_trusts_precision: whether any pattern is solved through the precision. */
gboolean lac_conditional_trusts_precision(const LacGaussian *g);
/** lac_conditional_set: factorise for one pattern; sets cov and log_det_observed. */
void lac_conditional_set(LacConditional *c, size_t q, const size_t *column);

/**
 * lac_conditional_mean:
 * @r: [p] x - mean at observed columns, 0 at missing ones
 * @pr: [p] P r; only read when @by_precision
 * @mean: [q] conditional mean of the missing part minus its marginal mean
 *
 * Returns: r_o' cov_oo^-1 r_o.
 */
double lac_conditional_mean(LacConditional *c, const double *r, const double *pr, double *mean);

/** lac_small_cholesky: lower factor of the leading q x q of @a (rows @ld apart) in place; a pivot
 * that is not positive makes its column zero, and the result FALSE. */
gboolean lac_small_cholesky(size_t q, double *a, size_t ld);

/**
 * lac_conditional_fill_within: the missing entries of row @row of the table, inside their limits.
 * @c: set, for the row's pattern; @root: [q][q] Cholesky factor of its cov; @mean: [q] rise over
 * the mean, from lac_conditional_mean()
 * @rng: of a draw, or NULL: means
 * @x: [p] the row
 *
 * Returns: FALSE, nothing done, when the row has no limits.
 */
gboolean lac_conditional_fill_within(LacConditional *c, const double *root, const double *mean,
                                     const LacRng *rng, LacGaussianLimits limits, const void *user,
                                     size_t row, double *x);

G_END_DECLS

#endif
