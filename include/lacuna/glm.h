/* Logistic and multinomial regression, with the pseudo-observations that keep them finite. */
#ifndef LACUNA_GLM_H
#define LACUNA_GLM_H

#include <lacuna/linear.h>

G_BEGIN_DECLS

/**
 * LacGlmRows: observations, as rows of a design.
 * @z: rows @stride doubles apart (a multiple of 8, padding finite); @index: [n] which, or NULL
 * @y: [n] classes 0 .. K-1; @weight: [n] >= 0, or NULL for ones
 */
typedef struct {
    size_t n, stride;
    const double *z;
    const size_t *index;
    const double *y, *weight;
} LacGlmRows;

/**
 * LacGlm: P(class k) is proportional to exp(z . beta[k-1]), with 0 for class 0; two classes make
 * it logistic regression.
 * @q: predictors taking part, @predictors: [q] their columns of z (the intercept is one of them)
 * @beta: [classes - 1][stride], 0 elsewhere; what it holds before a fit is where that starts
 * @hessian: after a fit: factor of the information matrix of the (classes - 1) q coefficients
 * @log_likelihood: of the last fit, nats, without the penalty
 * @iterations, @converged: of the last fit
 * @ridge: >= 0, 0 unless set before a fit: penalty ridge/2 times the sum of the squares of all
 *   coefficients but those of the first predictor, the intercept
 */
typedef struct {
    size_t classes, q, stride;
    size_t *predictors;
    double *beta;
    LacLinear *hessian;
    double log_likelihood;
    unsigned iterations;
    gboolean converged;
    double ridge;
} LacGlm;

/** lac_glm_new: @predictors is copied; coefficients 0. Owned. classes >= 2. */
LAC_API LacGlm *lac_glm_new(size_t classes, size_t stride, size_t q, const size_t *predictors);
LAC_API void lac_glm_free(LacGlm *glm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacGlm, lac_glm_free)

/**
 * lac_glm_fit:
 * @parts: [n_parts] blocks of observations (data, pseudo-observations); at least one row in all
 *
 * Maximum likelihood, penalised by the ridge, by Newton's method with step halving; linear
 * predictors are kept within +-30. Aliased predictors get coefficient 0. Does not depend on the
 * number of threads. Cost of an iteration: n q^2 K (K - 1) / 2. Returns: whether it converged (the
 * step would raise the log-likelihood by less than 1e-12 of it) within 50 iterations.
 */
LAC_API gboolean lac_glm_fit(LacGlm *glm, size_t n_parts, const LacGlmRows *parts);

/** lac_glm_draw: @beta [classes - 1][stride] = a draw from N(estimate, information^-1);
 * @normals: [hessian->rank]. */
LAC_API void lac_glm_draw(const LacGlm *glm, const double *normals, double *beta);

/** lac_glm_probabilities: @out [n][classes], each row adding up to 1, under @beta
 * [classes - 1][stride]; @z and @index as in LacGlmRows. */
LAC_API void lac_glm_probabilities(size_t classes, size_t stride, const double *beta, size_t n,
                                   const double *z, const size_t *index, double *out);

/** LacGlmPseudo: pseudo-observations; `rows` points into the rest. */
typedef struct {
    LacGlmRows rows;
    double *z, *y, *weight;
} LacGlmPseudo;

/**
 * lac_glm_augment:
 * @n, @z: all rows of the design, observed response or not
 * @predictors: [q], the first is the intercept
 *
 * Rows that keep every coefficient finite where a predictor separates the classes: for every
 * predictor and class two rows, at the predictor's mean plus and minus half its sd (cut to its
 * range), the others at their means, with weight (p + 1) / (2 p K), p = q - 1 predictors. The
 * divisor of the sd is n - 1. With p = 0 there are none. Owned.
 * Source: White, Daniel and Royston, Comput. Stat. Data Anal. 54 (2010), 2267.
 */
LAC_API LacGlmPseudo *lac_glm_augment(size_t n, size_t stride, const double *z, size_t q,
                                      const size_t *predictors, size_t classes);
LAC_API void lac_glm_pseudo_free(LacGlmPseudo *pseudo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacGlmPseudo, lac_glm_pseudo_free)

G_END_DECLS

#endif
