/* Least squares from cross-products, and the Bayesian draw of its coefficients. */
#ifndef LACUNA_LINEAR_H
#define LACUNA_LINEAR_H

#include <lacuna/matrix.h>

G_BEGIN_DECLS

/**
 * LacLinear: a solved regression of y on q predictors (the intercept counts as one of them).
 * @q: predictors given; @capacity: the most it can hold
 * @rank: predictors kept; @kept: [rank] their positions 0 .. q-1, ascending
 * @factor: [rank][rank] lower L with L L' = G[kept][kept] (+ ridge); row distance @rank
 * @beta: [q] coefficients, 0 for aliased predictors
 * @rss: residual sum of squares, unit of y squared, never negative
 * @rows: 0, or n when solved by lac_linear_solve_rows(); then @factor is that of the n x n kernel,
 *   @design: [rows][q] is the scaled design and @root: [q] the prior sd of each coefficient
 * @yty: y'y; when rss is below 1e-8 of it, cancellation has eaten it: sum residuals instead
 */
typedef struct {
    size_t capacity, q, rank, rows, room;
    size_t *kept;
    double *factor, *beta, *design, *root;
    double rss, yty;
} LacLinear;

/** lac_linear_new: room for @capacity >= 1 predictors, nothing solved. Owned. */
LAC_API LacLinear *lac_linear_new(size_t capacity);
LAC_API void lac_linear_free(LacLinear *fit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacLinear, lac_linear_free)

/** A predictor whose remaining variance falls below this share of its own is aliased. */
#define LAC_LINEAR_TOLERANCE 1e-10

/**
 * lac_linear_solve:
 * @gram: cross-products of predictors and target, rows @ld apart
 * @predictors: [q] their rows in @gram, @target: that of y
 * @ridge: relative: the diagonal is multiplied by 1 + ridge before solving; >= 0
 *
 * Cholesky in the order given; a predictor that is a linear combination of earlier ones (by
 * LAC_LINEAR_TOLERANCE) or has no variance gets coefficient 0, as R's lm() does.
 * With a ridge, rss is still that of the unpenalised criterion.
 * Returns: how many predictors are aliased. O(q^3 / 6), allocates nothing.
 */
LAC_API size_t lac_linear_solve(LacLinear *fit, const double *gram, size_t ld, size_t q,
                                const size_t *predictors, size_t target, double ridge);

/**
 * lac_linear_solve_rows:
 * @n: rows, at most the fit's capacity; @z: design, @index: [n] its rows or NULL, @stride apart
 * @weight: [n] >= 0 or NULL; @y: [n]
 * @ridge: > 0, as for lac_linear_solve(), whose result this is, up to rounding
 *
 * With R the ridge's diagonal, beta = R^-1 Z' (Z R^-1 Z' + I)^-1 y: for fewer rows than predictors
 * an n x n system takes the place of a q x q one. O(n^2 q + n^3).
 * Returns: FALSE when the kernel is too badly conditioned; solve the q x q system then.
 */
LAC_API gboolean lac_linear_solve_rows(LacLinear *fit, size_t n, const double *z,
                                       const size_t *index, size_t stride, const double *weight,
                                       const double *y, size_t q, const size_t *predictors,
                                       double ridge);

/**
 * lac_linear_apply_inverse:
 * @x: [q], @work: [rank], or [rows] after lac_linear_solve_rows()
 * @out: [q] G^-1 x with the ridge in G, 0 for aliased predictors; not @x
 */
LAC_API void
lac_linear_apply_inverse(const LacLinear *fit, const double *x, double *work, double *out);

/** lac_linear_sigma: posterior draw sqrt(rss / chi2) of the residual sd; chi2 > 0 has n - rank
 * degrees of freedom. */
LAC_API double lac_linear_sigma(double rss, double chi2);

/** lac_linear_normals: how many normals a draw takes: rank, or q + rows. */
LAC_API size_t lac_linear_normals(const LacLinear *fit);

/**
 * lac_linear_draw:
 * @sigma: residual sd to use
 * @normals: [lac_linear_normals()] independent standard normals
 * @beta: [q] out: beta + sigma L'^-1 normals, a draw from N(beta, sigma^2 G^-1)
 *
 * Source: Rubin (1987), example 5.1; Bhattacharya, Chakraborty and Mallick, "Fast sampling with
 * Gaussian scale mixture priors in high-dimensional regression" (2016) for the same law through
 * rows. Aliased coefficients stay 0.
 */
LAC_API void
lac_linear_draw(const LacLinear *fit, double sigma, const double *normals, double *beta);

G_END_DECLS

#endif
