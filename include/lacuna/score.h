/* Kernels of the scores, on plain arrays: sums that neither lose small terms nor overflow, CRPS,
 * intervals from draws, and distances between samples. What walks over a table with them is in
 * <lacuna/scoring.h>. */
#ifndef LACUNA_SCORE_H
#define LACUNA_SCORE_H

#include <lacuna/matrix.h>
#include <math.h>

G_BEGIN_DECLS

/** LacSum: a running sum with Neumaier's compensation; start from {0}. */
typedef struct {
    double sum, carry;
} LacSum;

/** lac_sum_add: one more term. Source: Neumaier, ZAMM 54 (1974), 39. */
static inline void
lac_sum_add(LacSum *s, double x)
{
    const double t = s->sum + x;

    s->carry += fabs(s->sum) >= fabs(x) ? (s->sum - t) + x : (x - t) + s->sum;
    s->sum = t;
}

/** lac_sum_value: not finite when a term, or the sum itself, was not. */
static inline double
lac_sum_value(const LacSum *s)
{
    return isfinite(s->sum) ? s->sum + s->carry : s->sum;
}

/** LacNorm: a running root of a sum of squares; start from {0}. Terms near 1e+-300 go into sums of
 * their own with a scale of their own, so that squares neither overflow nor vanish (Blue, "A
 * portable Fortran program to find the Euclidean norm of a vector", 1978). */
typedef struct {
    double small, middle, large;
} LacNorm;

#define LAC_NORM_SMALL 0x1p-500
#define LAC_NORM_LARGE 0x1p+480

/** lac_norm_add: one more term; lac_norm_merge: @into as if the terms of @other had been added. */
static inline void
lac_norm_add(LacNorm *s, double x)
{
    const double a = fabs(x);

    if (G_LIKELY(a > LAC_NORM_SMALL && a < LAC_NORM_LARGE))
        s->middle += a * a;
    else if (a >= LAC_NORM_LARGE)
        s->large += (a * 0x1p-600) * (a * 0x1p-600);
    else
        s->small += (a * 0x1p+600) * (a * 0x1p+600);
}

static inline void
lac_norm_merge(LacNorm *into, const LacNorm *other)
{
    into->small += other->small;
    into->middle += other->middle;
    into->large += other->large;
}

/** lac_norm_value: the root of the sum of the squares added; infinite only when the root is. */
LAC_API double lac_norm_value(const LacNorm *s);

/**
 * lac_score_crps:
 * @m: draws, m >= 1
 * @sorted: [m] draws, ascending
 * @fair: TRUE: unbiased for the law the draws come from (needs m >= 2); FALSE: the V form, the
 *   CRPS of the empirical law itself
 *
 * Continuous ranked probability score, in the unit of the column; smaller is better. The fair form
 * may be negative for one cell. Source: Ferro, Fair scores for ensemble forecasts (2014). O(m).
 */
LAC_API double lac_score_crps(size_t m, const double *sorted, double truth, gboolean fair);

/**
 * lac_score_interval:
 * @m: draws, m >= 2
 * @sorted: [m] draws, ascending
 * @level: share that the central interval shall hold, in (0, 1)
 * @lower, @upper: (out): type-6 quantiles, which cover @level when truth and draws are
 *   exchangeable; [min, max] when m is too small for @level
 *
 * Returns: the level the interval really has: @level, or (m - 1)/(m + 1) for [min, max].
 */
LAC_API double
lac_score_interval(size_t m, const double *sorted, double level, double *lower, double *upper);

/** lac_score_energy: energy score, fair form (Gneiting and Raftery 2007; Ferro 2014), of @m >= 2
 * draws [m][q] for the vector @truth [q]. With q = 1 it is lac_score_crps(). O(m^2 q). */
LAC_API double lac_score_energy(size_t m, size_t q, const double *draws, const double *truth);

/** lac_score_wasserstein: integral of |F - G|, order @order = 1, or root of the integral of the
 * squared difference of quantiles, @order = 2, between the empirical laws of two ascending samples
 * of any sizes n, m >= 1. O(n + m). */
LAC_API double
lac_score_wasserstein(size_t n, const double *x, size_t m, const double *y, int order);

/** lac_score_ks: sup |F - G| for two ascending samples. O(n + m). */
LAC_API double lac_score_ks(size_t n, const double *x, size_t m, const double *y);

/**
 * lac_score_energy_distance:
 * @x, @y: samples as rows, same number of columns, at least one row each
 * @out: (out): 2 E|X - Y| - E|X - X'| - E|Y - Y'| in its V form (>= 0; 0 for equal samples)
 * @error: LAC_ERROR_SHAPE when scratch memory cannot be had
 *
 * Not its root and not its n m/(n + m)-fold. O(n^2 p) in blocks of 256 rows, O(n log n) for one
 * column. The same bits for any number of threads.
 * Source: Szekely and Rizzo, Energy statistics (2013).
 */
LAC_API gboolean lac_score_energy_distance(const LacMatrix *x, const LacMatrix *y, double *out,
                                           GError **error);

G_END_DECLS

#endif
