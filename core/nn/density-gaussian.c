/* Gaussian log density and the standard normal one.
 *   r = (x - mu) / s, term = -ln(2 pi)/2 - ln s - r^2/2
 *   d/dx = -r / s, d/dmu = r / s, d/ds = (r^2 - 1) / s */
#include "density-private.h"
#include "vmath-private.h"

LAC_CLONES static void
gaussian_terms(size_t n, const LacReal *x, const LacReal *mu, const LacReal *s, const LacReal *o,
               LacReal *terms)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal r = (x[i] - mu[i]) / s[i];
        const LacReal term = -NN_HALF_LN_2PI - lac_real_log(s[i]) - r * r / 2;

        terms[i] = o[i] != 0 ? term : 0;
    }
}

/* d/dmu times @sign: d/dx is its negative */
LAC_CLONES static void
gaussian_by_location(size_t n, const LacReal *x, const LacReal *mu, const LacReal *s,
                     const LacReal *o, LacReal sign, LacReal *slope)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        slope[i] = o[i] != 0 ? sign * (x[i] - mu[i]) / (s[i] * s[i]) : 0;
}

LAC_CLONES static void
gaussian_by_scale(size_t n, const LacReal *x, const LacReal *mu, const LacReal *s, const LacReal *o,
                  LacReal *slope)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal r = (x[i] - mu[i]) / s[i];

        slope[i] = o[i] != 0 ? (r * r - 1) / s[i] : 0;
    }
}

static void
gaussian_kernel(size_t n, const LacReal *const *in, const LacReal *p, LacReal *terms,
                LacReal *const *slope)
{
    const LacReal *x = in[0], *mu = in[1], *s = in[2], *o = in[3];

    gaussian_terms(n, x, mu, s, o, terms);
    if (slope[0] != NULL)
        gaussian_by_location(n, x, mu, s, o, -1, slope[0]);
    if (slope[1] != NULL)
        gaussian_by_location(n, x, mu, s, o, 1, slope[1]);
    if (slope[2] != NULL)
        gaussian_by_scale(n, x, mu, s, o, slope[2]);
}

static const LacOp lac_op_gaussian_logpdf = {
    "gaussian_logpdf", "-ln(2 pi)/2 - ln s - ((x - mu)/s)^2/2", nn_density_backward, NULL,
    .assigns = TRUE,
};

LacTensor *
lac_nn_gaussian_logpdf(LacTensor *x, LacTensor *mu, LacTensor *s, LacTensor *o)
{
    return nn_density(&lac_op_gaussian_logpdf, gaussian_kernel, 4, (LacTensor *[]){x, mu, s, o}, 0,
                      NULL, FALSE);
}

static const LacOp lac_op_gaussian_rows = {
    "gaussian_rows", "sum_j -ln(2 pi)/2 - ln s - ((x - mu)/s)^2/2", nn_density_backward, NULL,
    .assigns = TRUE,
};

LacTensor *
lac_nn_gaussian_rows(LacTensor *x, LacTensor *mu, LacTensor *s, LacTensor *o)
{
    return nn_density(&lac_op_gaussian_rows, gaussian_kernel, 4, (LacTensor *[]){x, mu, s, o}, 0,
                      NULL, TRUE);
}

/* ---- standard normal: term = -(z^2 + ln 2 pi)/2, d/dz = -z ---- */

LAC_CLONES static void
normal_kernel(size_t n, const LacReal *const *in, const LacReal *p, LacReal *terms,
              LacReal *const *slope)
{
    const LacReal *z = in[0];

#pragma omp simd
    for (size_t i = 0; i < n; i++)
        terms[i] = -NN_HALF_LN_2PI - z[i] * z[i] / 2;
    if (slope[0] == NULL)
        return;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        slope[0][i] = -z[i];
}

static const LacOp lac_op_normal_rows = {
    "normal_rows", "sum_j -(z^2 + ln 2 pi)/2", nn_density_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_normal_rows(LacTensor *z)
{
    return nn_density(&lac_op_normal_rows, normal_kernel, 2, (LacTensor *[]){z, NULL}, 0, NULL,
                      TRUE);
}
