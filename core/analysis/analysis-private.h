/* What is done with completed tables: regressions, and their pooling by Rubin's rules. */
#ifndef LACUNA_ANALYSIS_PRIVATE_H
#define LACUNA_ANALYSIS_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>
#include <lacuna/stats.h>

G_BEGIN_DECLS

typedef enum {
    LAC_FAMILY_GAUSSIAN,
    LAC_FAMILY_BINOMIAL,
} LacFamily;

/**
 * LacTidy: estimates of the same terms from m completed tables.
 * @terms: [n_terms] names; @draws: [m] numbers of the completions, ascending
 * @estimate, @error: [n_terms][m], standard errors >= 0
 * @df: [n_terms] degrees of freedom the complete data would have; INFINITY when not known
 * @covariance: [m][n_terms][n_terms] of the estimates of one completion; NULL when only standard
 *   errors are known
 * @aliased: names of terms that depend on others in every completion, NULL-terminated
 */
typedef struct {
    size_t n_terms, m;
    char **terms, **aliased;
    double *draws, *estimate, *error, *df, *covariance;
} LacTidy;

LAC_PRIVATE_API void lac_tidy_free(LacTidy *tidy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacTidy, lac_tidy_free)

/**
 * lac_tidy_read:
 * @table: columns term, estimate, std.error and .imp, as R's broom and its like write them below
 *   each other; optional df (or df.residual), where a hole means infinitely many
 * @error: LAC_ERROR_DATA when a column is missing or a term does not come once in every draw
 *
 * Returns: owned.
 */
LAC_PRIVATE_API LacTidy *lac_tidy_read(const LacData *table, GError **error);

/**
 * lac_tidy_regress:
 * @table: completed tables below each other, as `lacuna impute -m` writes them; .imp tells them
 *   apart and rows of .imp 0 (the original) are left out
 * @formula: see formula-private.h
 * @error: LAC_ERROR_PARAM for the formula; LAC_ERROR_DATA for holes, levels that not every draw
 * has, separated classes
 *
 * Least squares, or maximum likelihood of a logistic regression; df is rows minus coefficients.
 * Returns: owned.
 */
LAC_PRIVATE_API LacTidy *
lac_tidy_regress(const LacData *table, const char *formula, LacFamily family, GError **error);

/** LacPooledTerm: @low, @high: the interval; @p: of the two-sided t test against 0 */
typedef struct {
    const char *term;
    LacPooled pooled;
    double std_error, df_complete, statistic, p, low, high;
} LacPooledTerm;

/**
 * lac_pool:
 * @level: of the intervals, in (0, 1)
 * @df: degrees of freedom of the complete data for all terms; NaN: each term's own
 *
 * Rubin's rules term by term. Returns: [tidy->n_terms], owned; terms are lent by @tidy.
 */
LAC_PRIVATE_API LacPooledTerm *
lac_pool(const LacTidy *tidy, double level, double df, GError **error);

/** LacPooledTest: of @df1 coefficients together against 0. @df2 may be infinite; @riv: relative
 * increase of variance by the holes. */
typedef struct {
    const char *name;
    double statistic, df1, df2, p, riv;
} LacPooledTest;

enum { LAC_POOLED_WALD = 2, LAC_POOLED_TESTS };

/**
 * lac_pool_wald:
 * @tidy: with covariances
 * @n, @terms: [n] which terms are 0 under the null hypothesis
 * @df: degrees of freedom of the complete data; NaN: those of the regression
 * @out: (out): [LAC_POOLED_WALD] D1 pools estimates and covariances, D2 the Wald statistics
 * @error: LAC_ERROR_NUMERIC when a covariance cannot be inverted
 *
 * Sources: Li, Raghunathan and Rubin (1991), with Reiter's (2007) degrees of freedom for D1, and
 * Li, Meng, Raghunathan and Rubin (1991) for D2, as in R's mice; where n (m - 1) <= 4, for which
 * Reiter's are not defined, those of 1991.
 */
LAC_PRIVATE_API gboolean lac_pool_wald(const LacTidy *tidy, size_t n, const size_t *terms,
                                       double df, LacPooledTest *out, GError **error);

/**
 * lac_pool_likelihood:
 * @table, @family, @formulas, @tidy: what lac_tidy_regress() was given and what it gave, for the
 *   larger model and for the one nested in it
 * @k: coefficients that the smaller one does not have
 * @out: (out): D3, the pooled likelihood-ratio test
 *
 * Meng and Rubin (1992), as R's mice does it: with the coefficients at their means over the
 * completions, an intercept and the residual variance are estimated again in each of them. @riv is
 * not less than 0, where mice may let it.
 */
LAC_PRIVATE_API gboolean lac_pool_likelihood(const LacData *table, LacFamily family,
                                             const char *const formulas[2],
                                             const LacTidy *const tidy[2], size_t k,
                                             LacPooledTest *out, GError **error);
/** lac_pool_ratio: D3 of @k coefficients and @m completions: @own, @pooled: means over these of the
 * likelihood-ratio statistic at their own estimates, and at the means of these. */
void lac_pool_ratio(double k, double m, double own, double pooled, LacPooledTest *out);

/**
 * lac_tidy_beyond: the terms of @large that @small does not have, as indices; owned.
 * @error: LAC_ERROR_PARAM when there is none, or @small has terms of its own
 */
LAC_PRIVATE_API size_t *
lac_tidy_beyond(const LacTidy *large, const LacTidy *small, size_t *n_out, GError **error);

G_END_DECLS

#endif
