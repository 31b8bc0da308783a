/* Regression of ordered classes: proportional odds. */
#ifndef LACUNA_ORDINAL_H
#define LACUNA_ORDINAL_H

#include <lacuna/glm.h>

G_BEGIN_DECLS

/**
 * LacOrdinal: P(class <= k) = 1 / (1 + exp(z . beta - cut[k])).
 * @q: predictors taking part, @predictors: [q] their columns of z; the intercept is not among them
 * @beta: [stride], 0 elsewhere
 * @cut: [classes - 1] ascending
 * @iterations, @converged: of the last fit
 */
typedef struct {
    size_t classes, q, stride;
    size_t *predictors;
    double *beta, *cut;
    LacLinear *hessian;
    double log_likelihood;
    unsigned iterations;
    gboolean converged;
} LacOrdinal;

/** lac_ordinal_new: @predictors is copied. Owned. classes >= 2; q may be 0. */
LAC_API LacOrdinal *
lac_ordinal_new(size_t classes, size_t stride, size_t q, const size_t *predictors);
LAC_API void lac_ordinal_free(LacOrdinal *ordinal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacOrdinal, lac_ordinal_free)

/**
 * lac_ordinal_fit:
 * @parts: [n_parts] blocks of observations; every class occurs
 *
 * Maximum likelihood by Newton's method with step halving from beta = 0 and the shares of the
 * classes; the log-likelihood is concave. Aliased predictors get coefficient 0. Does not depend on
 * the number of threads. Cost of an iteration: n q (q + classes).
 * Returns: whether it converged within 50 iterations, as lac_glm_fit() does.
 * Source: McCullagh, J. R. Stat. Soc. B 42 (1980), 109; Pratt, JASA 76 (1981), 103, for concavity.
 */
LAC_API gboolean lac_ordinal_fit(LacOrdinal *ordinal, size_t n_parts, const LacGlmRows *parts);

/** lac_ordinal_pick: the class of a row with linear predictor @eta for a uniform number @u: the
 * first whose cumulative probability reaches it. @cut: [classes - 1]. */
LAC_API size_t lac_ordinal_pick(size_t classes, const double *cut, double eta, double u);

G_END_DECLS

#endif
