/* Comparing methods: ranks, tests of significance and intervals. Pure functions of numbers; nothing
 * here knows about runs, files or pages.
 *
 * A *block* is what methods are compared within: a data set (or a family of them). Losses are
 * smaller-is-better; +INFINITY is a failure, which loses against everything and ties with itself.
 */
#ifndef LACUNA_INFERENCE_PRIVATE_H
#define LACUNA_INFERENCE_PRIVATE_H

#include "base-private.h"
#include <lacuna/convergence.h>
#include <lacuna/rng.h>
#include <lacuna/stats.h>

G_BEGIN_DECLS

/**
 * LacFriedman: @chi2 is corrected for ties, on @df1 degrees of freedom; @f is Iman and Davenport's,
 * on @df1 and @df2, infinite when every block ranks alike.
 */
typedef struct {
    double chi2, p_chi2, f, p_f, df1, df2;
} LacFriedman;

/** lac_friedman: of @ranks [blocks x k], blocks >= 2, k >= 2. All tied: chi2 = 0, p = 1.
 * Source: Demsar (JMLR 2006), equations of section 3.2.2. */
LAC_PRIVATE_API LacFriedman lac_friedman(size_t blocks, size_t k, const double *ranks);
/** lac_friedman_permutation: p by shuffling the ranks inside each block @draws times; the given
 * arrangement counts as one of the draws, so p is never 0. */
LAC_PRIVATE_API double
lac_friedman_permutation(size_t blocks, size_t k, const double *ranks, size_t draws, LacRng rng);

/** lac_studentized_range: P(range of k standard normals <= r). */
LAC_PRIVATE_API double lac_studentized_range(double r, size_t k);
/** lac_nemenyi_q: upper @alpha quantile of the studentized range with infinite degrees of freedom,
 * divided by the square root of 2; alpha in (0, 1), k >= 2. */
LAC_PRIVATE_API double lac_nemenyi_q(double alpha, size_t k);
/** lac_nemenyi_difference: how far two mean ranks must lie apart to differ at @alpha. */
LAC_PRIVATE_API double lac_nemenyi_difference(double alpha, size_t k, size_t blocks);
/** lac_nemenyi_p: of two mean ranks @difference apart. */
LAC_PRIVATE_API double lac_nemenyi_p(double difference, size_t k, size_t blocks);

/** LacClique: methods @first..@last of a sorted list that no test tells apart. */
typedef struct {
    size_t first, last;
} LacClique;
/** lac_cliques: maximal runs of @mean_rank [k] (ascending) closer than @difference; writes at most
 * k of them to @out and returns how many. */
LAC_PRIVATE_API size_t lac_cliques(size_t k, const double *mean_rank, double difference,
                                   LacClique *out);

/**
 * LacMcNemar: two classifiers on the same rows.
 * @b, @c: rows that only the first, only the second has right
 * @z: (b - c) / sqrt(b + c), 0 without such rows; @p: two-sided, normal
 * @p_exact: two-sided, from the binomial distribution of b among b + c at 1/2
 */
typedef struct {
    size_t b, c;
    double z, p, p_exact;
} LacMcNemar;

/** lac_differing_z: sqrt(n) (2 @right / n - 1): two classifiers say different things of @n rows,
 * and the first is right on @right of them. Rows that both have wrong count against the first, so
 * it is no comparison of the two where there are many; 0 for n = 0. Zethraeus (Lund 2019),
 * section 3.6, read to the letter. */
LAC_PRIVATE_API double lac_differing_z(size_t right, size_t n);
/** lac_mcnemar: z^2 is McNemar's statistic (Psychometrika 1947) without correction. */
LAC_PRIVATE_API LacMcNemar lac_mcnemar(size_t b, size_t c);

/** LacZeros: what the signed-rank test does with differences of 0. */
typedef enum {
    LAC_ZEROS_PRATT, /* rank them, then leave their ranks out */
    LAC_ZEROS_DROP,  /* Wilcoxon's: leave them out before ranking */
} LacZeros;

/**
 * LacWilcoxon:
 * @nonzero: differences that are not 0; @w_plus, @w_minus: sums of their ranks
 * @p: two-sided; exact up to 50 nonzero differences, ties and zeros included
 * @p_least: the smallest p that so few differences can give
 * @shift: Hodges and Lehmann's median of pairwise means, of the finite differences; NaN without any
 * @biserial: (w_plus - w_minus) / (w_plus + w_minus), 0 when all differences are 0
 */
typedef struct {
    size_t nonzero;
    double w_plus, w_minus, p, p_least, shift, biserial;
    gboolean exact;
} LacWilcoxon;
LAC_PRIVATE_API LacWilcoxon lac_wilcoxon(size_t n, const double *difference, LacZeros zeros);
/** lac_wilcoxon_normal: two-sided p by the normal approximation, with or without the correction of
 * one half; @z_out may be NULL. */
LAC_PRIVATE_API double lac_wilcoxon_normal(size_t n, const double *difference, LacZeros zeros,
                                           gboolean continuity, double *z_out);

/** lac_holm: step-down adjusted p values; NaN entries stay NaN and do not count. */
LAC_PRIVATE_API void lac_holm(size_t n, const double *p, double *adjusted);

/**
 * LacBayes: how probable it is that method A is practically better, equal (within the region of
 * practical equivalence), or worse, by the Bayesian signed-rank test.
 * @less, @same, @more: P(that region has the largest share); @error: their largest Monte-Carlo
 * standard error
 * Source: Benavoli, Corani, Demsar, Zaffalon (JMLR 2017), section 4.2; prior weight 1/2 at 0.
 */
typedef struct {
    double less, same, more, error;
} LacBayes;
LAC_PRIVATE_API LacBayes lac_bayes_signed_rank(size_t n, const double *difference, double rope,
                                               size_t draws, LacRng rng);
/** lac_bayes_expectation: the posterior means of the three shares, in closed form (error = 0). */
LAC_PRIVATE_API LacBayes lac_bayes_expectation(size_t n, const double *difference, double rope);

/**
 * LacPairedT: @mean difference, its standard error, @t on @df degrees of freedom, two-sided @p.
 * Identical differences: p = 1 at 0, else NaN.
 */
typedef struct {
    double mean, error, t, df, p;
} LacPairedT;
/** lac_paired_t: of n >= 2 differences. @ratio: test rows by training rows when the differences
 * come from overlapping training sets (Nadeau and Bengio 2003), else 0. */
LAC_PRIVATE_API LacPairedT lac_paired_t(size_t n, const double *difference, double ratio);

typedef struct {
    double mean, low, high, error;
} LacInterval;
/** lac_paired_t_interval: the interval of the mean difference at @level (0.95). */
LAC_PRIVATE_API LacInterval lac_paired_t_interval(const LacPairedT *t, double level);

/** lac_bootstrap_mean: percentile interval of the mean of @x [n], n >= 1; all n^n resamples when
 * n <= 5, else @draws of them. @level: 0.95. */
LAC_PRIVATE_API LacInterval lac_bootstrap_mean(size_t n, const double *x, double level,
                                               size_t draws, LacRng rng);

typedef struct {
    size_t win, tie, loss;
} LacDuel;
/** lac_duel: in how many blocks a's loss is below, equal to, above b's. */
LAC_PRIVATE_API LacDuel lac_duel(size_t blocks, const double *a, const double *b);

/**
 * lac_elo: Bradley-Terry ratings with mean 1000 from @loss [blocks x k].
 * @ridge: penalty; 1e-6, or 1 when somebody wins everything
 */
LAC_PRIVATE_API void
lac_elo(size_t blocks, size_t k, const double *loss, double ridge, double *rating);

/** lac_pareto: @front [n] TRUE where no other point is as good in both and better in one. NaN
 * points are never on it. */
LAC_PRIVATE_API void lac_pareto(size_t n, const double *cost, const double *loss, gboolean *front);

G_END_DECLS

#endif
