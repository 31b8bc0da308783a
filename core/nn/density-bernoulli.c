/* Bernoulli log likelihood from logits.
 *   term = x l - ln(1 + e^l) = x l - max(l, 0) - ln(1 + e^-|l|)
 *   d/dx = l, d/dl = x - 1 / (1 + e^-l); both from e^-|l|, which does not overflow
 * ln(1 + e) is computed as it stands: sums of terms do not see the 6e-8 that it may lose. */
#include "density-private.h"
#include "vmath-private.h"

#ifdef LAC_NN_DOUBLE
#define real_abs fabs
#else
#define real_abs fabsf
#endif

LAC_CLONES static void
bernoulli_terms(size_t n, const LacReal *x, const LacReal *l, const LacReal *o, LacReal *terms)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal e = lac_real_exp(-real_abs(l[i]));
        const LacReal term = x[i] * l[i] - (l[i] > 0 ? l[i] : 0) - lac_real_log(1 + e);

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
        const LacReal e = lac_real_exp(-real_abs(l[i]));
        const LacReal term = x[i] * l[i] - (l[i] > 0 ? l[i] : 0) - lac_real_log(1 + e);
        const LacReal by_logit = x[i] - (l[i] > 0 ? 1 : e) / (1 + e);

        terms[i] = o[i] != 0 ? term : 0;
        slope[i] = o[i] != 0 ? by_logit : 0;
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
