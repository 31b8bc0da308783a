/* The masked Gaussian: rows of a multivariate normal of which some entries are missing.
 *
 * Everything depends on a row's pattern of holes first, so rows are grouped by pattern and each
 * pattern is factorised once. With P = cov^-1 the law of the missing part m given the observed part
 * o needs only the small block P_mm: its mean is mu_m - P_mm^-1 P_mo (x_o - mu_o), its covariance
 * P_mm^-1. Patterns with more holes than values, and badly conditioned covariances, go through
 * cov_oo instead. Standardise columns first. Source: Little and Rubin (2019), chapter 11. */
#ifndef LACUNA_GAUSSIAN_H
#define LACUNA_GAUSSIAN_H

#include <lacuna/mask.h>
#include <lacuna/matrix.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * LacPatterns: the rows of a mask, grouped.
 * @n: distinct patterns
 * @row: [rows] row numbers, pattern after pattern, ascending within one
 * @start: [n + 1] where each pattern's rows begin in @row
 * @column: [n][cols]: first the missing columns of a pattern, then the observed ones, ascending
 * @missing: [n] how many of them are missing
 */
typedef struct {
    size_t rows, cols, n;
    size_t *row, *start, *column, *missing;
} LacPatterns;

/** lac_patterns_new: O(rows x words of a mask row). Owned; NULL with LAC_ERROR_SHAPE. */
LAC_API LacPatterns *lac_patterns_new(const LacMask *holes, GError **error);
LAC_API void lac_patterns_free(LacPatterns *patterns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacPatterns, lac_patterns_free)

/** lac_patterns_gather: copy of @x [rows x cols] in the order of the patterns, with 0 in every
 * hole, row distance a multiple of 8. Owned; NULL with LAC_ERROR_SHAPE when there is no memory. */
LAC_API LacMatrix *
lac_patterns_gather(const LacPatterns *patterns, const LacMatrix *x, GError **error);

/**
 * LacGaussian:
 * @mean: [p]; @cov: [p][p] symmetric
 * @precision: [p][p] its inverse, @log_det: ln |cov|, @rcond: reciprocal condition number in the
 *   1-norm; these three are set by lac_gaussian_prepare()
 */
typedef struct {
    size_t p;
    double *mean, *cov, *precision;
    double log_det, rcond;
} LacGaussian;

/** lac_gaussian_new: standard normal in @p >= 1 dimensions, prepared. lac_gaussian_dup() copies
 * deeply. Owned. */
LAC_API LacGaussian *lac_gaussian_new(size_t p);
LAC_API LacGaussian *lac_gaussian_dup(const LacGaussian *g);
LAC_API void lac_gaussian_free(LacGaussian *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacGaussian, lac_gaussian_free)

/** Covariances with a smaller reciprocal condition number are given a ridge. */
#define LAC_GAUSSIAN_RCOND 1e-10

/**
 * lac_gaussian_prepare:
 *
 * Inverts and measures cov. When it is singular or rcond < LAC_GAUSSIAN_RCOND, adds the smallest
 * of 1e-10, 1e-9 ... times the mean variance to its diagonal that mends it; to be told to the
 * user. To be called after every change of cov. O(p^3).
 * Returns: what was added, 0 when nothing, -1 when nothing helped (entries not finite).
 */
LAC_API double lac_gaussian_prepare(LacGaussian *g);

/**
 * LacGaussianSums: what one E-step finds, about the mean that it was given.
 * @n: rows used (rows with nothing observed are left out), or the sum of their weights
 * @first: [p] sum of E(x - mean)
 * @second: [p][p] sum of E(x - mean)(x - mean)'
 * @log_likelihood: of the observed entries under the parameters given, nats
 */
typedef struct {
    size_t p;
    double n, log_likelihood;
    double *first, *second;
} LacGaussianSums;

/** lac_gaussian_sums_new: zeroed, [p] and [p][p]. Owned. */
LAC_API LacGaussianSums *lac_gaussian_sums_new(size_t p);
LAC_API void lac_gaussian_sums_free(LacGaussianSums *sums);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacGaussianSums, lac_gaussian_sums_free)

/**
 * lac_gaussian_e_step:
 * @sorted: from lac_patterns_gather()
 * @weight: [rows] >= 0, in the order of @sorted (bootstrap counts), or NULL
 * @sums: (out)
 *
 * The result does not depend on the number of threads. @error: LAC_ERROR_SHAPE for scratch memory.
 */
LAC_API gboolean lac_gaussian_e_step(const LacGaussian *g, const LacPatterns *patterns,
                                     const LacMatrix *sorted, const double *weight,
                                     LacGaussianSums *sums, GError **error);

/**
 * lac_gaussian_m_step:
 * @ridge: e >= 0 in the unit of rows: cov = (S + e I) / (n + e + p + 2) with S the centred sums, a
 *   prior worth e rows of uncorrelated standard columns; 0: the maximum, S / n
 *
 * Sets mean and cov of @g and prepares it. Returns: as lac_gaussian_prepare().
 */
LAC_API double lac_gaussian_m_step(const LacGaussianSums *sums, double ridge, LacGaussian *g);

/**
 * lac_gaussian_conditional:
 * @columns: [p] the @q missing ones first, then the observed ones (as in LacPatterns)
 * @x: [p] a row; its missing entries are not read
 * @mean: [q] conditional mean of the missing entries; @cov: [q][q] their covariance; may be NULL
 *
 * One row at a time, for checking and small jobs.
 * Returns: ln p(observed part), nats, 0 when nothing is observed.
 */
LAC_API double lac_gaussian_conditional(const LacGaussian *g, size_t q, const size_t *columns,
                                        const double *x, double *mean, double *cov);

/**
 * lac_gaussian_complete:
 * @x: [rows x cols] in the table's row order; holes are overwritten, other entries untouched
 * @draw: NULL: conditional means. Otherwise a draw from the conditional law; row i uses the
 *   stream lac_rng_at(draw, i)
 * @error: LAC_ERROR_SHAPE for scratch memory
 *
 * The result does not depend on the number of threads.
 */
LAC_API gboolean lac_gaussian_complete(const LacGaussian *g, const LacPatterns *patterns,
                                       const LacRng *draw, LacMatrix *x, GError **error);

/** LacGaussianLimits: [@lower, @upper] is what entry @k of row @row lies in, in the units of the
 * table to be completed; -inf and +inf where nothing is known. Any thread may call. */
typedef void (*LacGaussianLimits)(const void *user, size_t row, size_t k, double *lower,
                                  double *upper);

/**
 * lac_gaussian_complete_within:
 * @limits, @user: of the missing entries
 *
 * The same from the law cut at the limits. Rows without limits are as lac_gaussian_complete()
 * fills them. Draws: joint draws until one lies inside (exact), after 16 in vain 50 sweeps of Gibbs
 * sampling. Means: exact where one entry of a row is limited; of several the mean of 400 sweeps
 * after 50, from a stream of the row's own.
 */
LAC_API gboolean lac_gaussian_complete_within(const LacGaussian *g, const LacPatterns *patterns,
                                              const LacRng *draw, LacGaussianLimits limits,
                                              const void *user, LacMatrix *x, GError **error);

/**
 * lac_gaussian_log_density:
 * @x: complete rows, in the table's order
 * @out: [rows] ln p(entries in the holes | the others), nats; 0 for rows without holes
 * @error: LAC_ERROR_SHAPE for scratch memory
 */
LAC_API gboolean lac_gaussian_log_density(const LacGaussian *g, const LacPatterns *patterns,
                                          const LacMatrix *x, double *out, GError **error);

G_END_DECLS

#endif
