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

/* ---- a row at once ----
 * The softplus terms are max(l, 0) + ln(1 + e), e = e^-|l|; the logarithms of a part of the row
 * become one: with 1 + q the product of 1 + e, (1 + q)(1 + e) = 1 + q + e + q e, which keeps the
 * digits of a small e. Sixteen such products side by side, each of PART / LANES factors up to 2. */

enum { PART = 256, LANES = 16 };

/* e, 0 in cells that do not count, and the rest of the terms of at most PART cells. */
LAC_CLONES static void
row_terms(size_t n, const LacReal *restrict x, const LacReal *restrict o, LacReal *restrict l,
          LacReal *restrict e, LacReal *restrict rest)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal logit = l[i], small = lac_real_exp(logit < 0 ? logit : -logit);
        const LacReal r = 1 / (1 + small), probability = logit < 0 ? small * r : r;
        const LacReal linear = x[i] * logit - (logit < 0 ? 0 : logit);

        e[i] = o[i] != 0 ? small : 0;
        rest[i] = o[i] != 0 ? linear : 0;
        l[i] = o[i] != 0 ? x[i] - probability : 0;
    }
}

/* The sum of @rest less ln(1 + e) over @n cells, a multiple of LANES. */
LAC_CLONES static double
row_sum(size_t n, const LacReal *e, const LacReal *rest)
{
    LacReal q[LANES] = {0}, sum[LANES] = {0};
    double total = 0;

    for (size_t i = 0; i < n; i += LANES) {
#pragma omp simd
        for (size_t k = 0; k < LANES; k++) {
            q[k] = q[k] * e[i + k] + (q[k] + e[i + k]);
            sum[k] += rest[i + k];
        }
    }
#pragma omp simd
    for (size_t k = 0; k < LANES; k++)
        q[k] = lac_real_log1p(q[k]);
    for (size_t k = 0; k < LANES; k++)
        total += (double)sum[k] - (double)q[k];
    return total;
}

double
nn_bernoulli_row(size_t n, const LacReal *x, const LacReal *o, LacReal *l)
{
    LacReal ones[PART], e[PART], rest[PART];
    double sum = 0;

    for (size_t i = 0; o == NULL && i < PART; i++)
        ones[i] = 1;
    for (size_t done = 0; done < n; done += PART) {
        const size_t part = MIN(n - done, PART);
        const size_t padded = (part + LANES - 1) / LANES * LANES;

        row_terms(part, x + done, o != NULL ? o + done : ones, l + done, e, rest);
        for (size_t i = part; i < padded; i++)
            e[i] = rest[i] = 0;
        sum += row_sum(padded, e, rest);
    }
    return sum;
}
