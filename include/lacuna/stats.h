/* Statistics that more than one component needs. */
#ifndef LACUNA_STATS_H
#define LACUNA_STATS_H

#include <lacuna/error.h>

G_BEGIN_DECLS

/** lac_stats_mean: mean of x [n], n >= 1; pairwise sums. */
LAC_API double lac_stats_mean(size_t n, const double *x);
/** lac_stats_variance: divisor n - @ddof; NaN when n <= ddof. Two passes. */
LAC_API double lac_stats_variance(size_t n, const double *x, unsigned ddof);
/** lac_stats_mean_sd: mean and standard deviation (divisor n - 1, 0 for n = 1) of finite x [n],
 * n >= 1, also where squares overflow or vanish. FALSE when the range is no double (> 1.8e308);
 * @mean and @sd are then not to be used. */
LAC_API gboolean lac_stats_mean_sd(size_t n, const double *x, double *mean, double *sd);
/** lac_stats_trimmed_mean: mean without the share @trim in [0, 0.5] cut from each tail; 0.5 is the
 * median. Reorders x. */
LAC_API double lac_stats_trimmed_mean(size_t n, double *x, double trim);
/** lac_stats_quantile: Hyndman and Fan's @type 6 or 7 of x sorted ascending, n >= 1, at p in [0,
 * 1]. Source: Hyndman and Fan, Am. Stat. 50 (1996), 361. */
LAC_API double lac_stats_quantile(size_t n, const double *sorted, double p, int type);
/** lac_stats_sort: ascending, in place; x holds no NaN, a -0 may become 0. O(n) for large n
 * (radix). */
LAC_API void lac_stats_sort(size_t n, double *x);
/** lac_stats_order: @order [n] such that x[order[0]] <= x[order[1]] ...; ties by index. */
LAC_API void lac_stats_order(size_t n, const double *x, size_t *order);
/** lac_ranks: @rank [n] of @x [n], 1 the smallest; a group whose members lie within @tie of its
 * first shares its mean rank. */
LAC_API void lac_ranks(size_t n, const double *x, double tie, double *rank);
/** lac_stats_mode: smallest level among the most frequent codes 0..n_levels-1; -1 when n = 0. */
LAC_API gssize lac_stats_mode(size_t n, const double *codes, size_t n_levels);
/** lac_stats_sum: Neumaier-compensated sum of x [n], left to right; 0 for n = 0. */
LAC_API double lac_stats_sum(size_t n, const double *x);

/** lac_normal_pdf, lac_normal_cdf, lac_normal_quantile: standard normal: density, distribution (the
 * upper tail is lac_normal_cdf(-x), accurate down to the smallest doubles), quantile (Wichura's AS
 * 241; NaN outside [0, 1]). Relative errors below 1e-14. */
LAC_API double lac_normal_pdf(double x);
LAC_API double lac_normal_cdf(double x);
LAC_API double lac_normal_quantile(double p);
/** lac_sigmoid: 1 / (1 + exp(-x)) without overflow. */
LAC_API double lac_sigmoid(double x);
/** lac_chi2_cdf, lac_t_cdf, lac_f_cdf: distribution functions (lower tail) and, with @upper, 1
 * minus them, accurate in both tails; df > 0, also INFINITY for t. lac_t_quantile: inverse of
 * lac_t_cdf(), 0 < p < 1. */
LAC_API double lac_chi2_cdf(double x, double df, gboolean upper);
LAC_API double lac_t_cdf(double x, double df, gboolean upper);
LAC_API double lac_t_quantile(double p, double df);
LAC_API double lac_f_cdf(double x, double df1, double df2, gboolean upper);
/** lac_beta_inc: regularised incomplete beta I_x(a, b); lac_gamma_inc: regularised P(a, x). */
LAC_API double lac_beta_inc(double x, double a, double b);
LAC_API double lac_gamma_inc(double a, double x, gboolean upper);

/**
 * LacPooled: outcome of Rubin's rules.
 * @estimate, @within, @between, @total: mean estimate and variances (unit squared)
 * @riv, @lambda, @fmi: relative increase, share of variance due to missingness, missing information
 * @df: degrees of freedom, infinite when between = 0 and the complete-data ones are infinite
 */
typedef struct {
    double estimate, within, between, total, riv, lambda, fmi, df;
} LacPooled;

/**
 * lac_stats_rubin_pool:
 * @m: number of completed data sets, m >= 2
 * @q: [m] estimates; @u: [m] their sampling variances, finite and >= 0
 * @df_complete: degrees of freedom with complete data; INFINITY when not known
 * @error: LAC_ERROR_NUMERIC when an entry is negative or not finite; names its index
 *
 * T = mean(u) + (1 + 1/m) B. Source: Rubin (1987) section 3.1; Barnard and Rubin (1999) for df.
 */
LAC_API gboolean lac_stats_rubin_pool(size_t m, const double *q, const double *u,
                                      double df_complete, LacPooled *out, GError **error);
/**
 * lac_stats_rubin_draws:
 * @fmi: missing information found with @m completions, in [0, 1]
 * @cv: by which share of itself a standard error may change when the draws are made anew, > 0
 *
 * Returns: how many completions that takes, >= 2: 1 + (fmi / cv)^2 / 2 at the upper end of the 95 %
 * interval of fmi. Source: von Hippel, "How many imputations do you need? A two-stage calculation
 * using a quadratic rule", Sociol. Methods Res. 49 (2020), 699.
 */
LAC_API size_t lac_stats_rubin_draws(double fmi, size_t m, double cv);

G_END_DECLS

#endif
