/* Bernoulli log likelihood from logits.
 *   term = x l - ln(1 + e^l)
 *   d/dx = l, d/dl = x - 1 / (1 + e^-l); both from e^-|l|, which does not overflow */
#include "density-private.h"
#include "vmath-private.h"

LAC_CLONES static void
bernoulli_terms(size_t n, const LacReal *x, const LacReal *l, const LacReal *o, LacReal *terms)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal term = x[i] * l[i] - lac_real_softplus(l[i]);

        terms[i] = o[i] != 0 ? term : 0;
    }
}

/* One pass for both: the exponential is the larger part of the work. */
LAC_CLONES static void
bernoulli_terms_and_slope(size_t n, const LacReal *x, const LacReal *l, const LacReal *o,
                          LacReal *terms, LacReal *slope)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        LacReal probability;
        const LacReal softplus = lac_real_softplus_slope(l[i], &probability);
        const LacReal term = x[i] * l[i] - softplus;

        terms[i] = o[i] != 0 ? term : 0;
        slope[i] = o[i] != 0 ? x[i] - probability : 0;
    }
}

static void
bernoulli_kernel(size_t n, const LacReal *const *in, const LacReal *p, LacReal *terms,
                 LacReal *const *slope)
{
    const LacReal *x = in[0], *l = in[1], *o = in[2];

    if (slope[1] != NULL)
        bernoulli_terms_and_slope(n, x, l, o, terms, slope[1]);
    else
        bernoulli_terms(n, x, l, o, terms);
    for (size_t i = 0; i < n && slope[0] != NULL; i++)
        slope[0][i] = o[i] != 0 ? l[i] : 0;
}

static const LacOp lac_op_bernoulli_rows = {
    "bernoulli_rows", "sum_j x l - ln(1 + e^l)", nn_density_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_bernoulli_rows(LacTensor *x, LacTensor *logit, LacTensor *o)
{
    return nn_density(&lac_op_bernoulli_rows, bernoulli_kernel, 3, (LacTensor *[]){x, logit, o}, 0,
                      NULL, TRUE);
}
