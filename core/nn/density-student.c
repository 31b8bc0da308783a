/* Student-t log density with location mu, scale s and nu degrees of freedom.
 *   r = (x - mu) / s, h = nu / 2, G(h) = ln Gamma(h + 1/2) - ln Gamma(h)
 *   term = G(h) - ln(pi nu)/2 - ln s - (nu + 1)/2 ln(1 + r^2/nu)
 *   w = (nu + 1) / (nu + r^2)
 *   d/dmu = w r / s, d/dx = -d/dmu, d/ds = (w r^2 - 1) / s
 *   d/dnu = G'(h)/2 - 1/(2 nu) - ln(1 + r^2/nu)/2 + w r^2 / (2 nu) */
#include "density-private.h"
#include "vmath-private.h"

#include <math.h>

/* G and its derivative. The difference is taken in its asymptotic series (from that of ln Gamma,
 * Abramowitz and Stegun 6.1.41 and 6.1.47), which needs no cancelling of large numbers, for h >= 8;
 * below, G(h) = G(h + 8) - sum_i<8 ln((h + i + 1/2) / (h + i)). Truncation is below 1e-12. */
enum { SHIFT = 8 };

static inline LacReal
gamma_ratio_tail(LacReal z)
{
    const LacReal u = 1 / z, v = u * u;
    LacReal q = (LacReal)(-31.0 / 18432);

    q = q * v + (LacReal)(17.0 / 14336);
    q = q * v - (LacReal)(1.0 / 640);
    q = q * v + (LacReal)(1.0 / 192);
    q = q * v - (LacReal)0.125;
    return q * u;
}

static inline LacReal
log_gamma_ratio(LacReal h)
{
    const gboolean small = h < SHIFT;
    const LacReal low = small ? h : SHIFT, z = small ? h + SHIFT : h;
    LacReal above = 1, below = 1;

    for (int i = 0; i < SHIFT; i++) {
        above *= low + (LacReal)i;
        below *= low + (LacReal)i + (LacReal)0.5;
    }
    return lac_real_log(z) / 2 + gamma_ratio_tail(z) + (small ? lac_real_log(above / below) : 0);
}

static inline LacReal
log_gamma_ratio_slope(LacReal h)
{
    const gboolean small = h < SHIFT;
    const LacReal low = small ? h : SHIFT, z = small ? h + SHIFT : h, u = 1 / z, v = u * u;
    LacReal q = (LacReal)(9 * 31.0 / 18432), sum = 0;

    for (int i = 0; i < SHIFT; i++) {
        const LacReal at = low + (LacReal)i;

        sum += (LacReal)0.5 / (at * (at + (LacReal)0.5));
    }
    q = q * v - (LacReal)(7 * 17.0 / 14336);
    q = q * v + (LacReal)(5 * 1.0 / 640);
    q = q * v - (LacReal)(3 * 1.0 / 192);
    q = q * v + (LacReal)0.125;
    return u / 2 + q * v + (small ? sum : 0);
}

LAC_CLONES static void
student_terms(size_t n, const LacReal *const *in, LacReal *terms)
{
    const LacReal *x = in[0], *mu = in[1], *s = in[2], *nu = in[3], *o = in[4];
    const LacReal ln_pi = (LacReal)1.14472988584940017414;

#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal r = (x[i] - mu[i]) / s[i];
        const LacReal term = log_gamma_ratio(nu[i] / 2) - (lac_real_log(nu[i]) + ln_pi) / 2 -
                             lac_real_log(s[i]) - (nu[i] + 1) / 2 * lac_real_log1p(r * r / nu[i]);

        terms[i] = o[i] != 0 ? term : 0;
    }
}

/* d/dmu times @sign */
LAC_CLONES static void
student_by_location(size_t n, const LacReal *const *in, LacReal sign, LacReal *slope)
{
    const LacReal *x = in[0], *mu = in[1], *s = in[2], *nu = in[3], *o = in[4];

#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal r = (x[i] - mu[i]) / s[i], w = (nu[i] + 1) / (nu[i] + r * r);

        slope[i] = o[i] != 0 ? sign * w * r / s[i] : 0;
    }
}

LAC_CLONES static void
student_by_scale(size_t n, const LacReal *const *in, LacReal *slope)
{
    const LacReal *x = in[0], *mu = in[1], *s = in[2], *nu = in[3], *o = in[4];

#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal r = (x[i] - mu[i]) / s[i], w = (nu[i] + 1) / (nu[i] + r * r);

        slope[i] = o[i] != 0 ? (w * r * r - 1) / s[i] : 0;
    }
}

LAC_CLONES static void
student_by_freedom(size_t n, const LacReal *const *in, LacReal *slope)
{
    const LacReal *x = in[0], *mu = in[1], *s = in[2], *nu = in[3], *o = in[4];

#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const LacReal r = (x[i] - mu[i]) / s[i], w = (nu[i] + 1) / (nu[i] + r * r);
        const LacReal by_nu = log_gamma_ratio_slope(nu[i] / 2) - 1 / nu[i] -
                              lac_real_log1p(r * r / nu[i]) + w * r * r / nu[i];

        slope[i] = o[i] != 0 ? by_nu / 2 : 0;
    }
}

static void
student_kernel(size_t n, const LacReal *const *in, const LacReal *p, LacReal *terms,
               LacReal *const *slope)
{
    student_terms(n, in, terms);
    if (slope[0] != NULL)
        student_by_location(n, in, -1, slope[0]);
    if (slope[1] != NULL)
        student_by_location(n, in, 1, slope[1]);
    if (slope[2] != NULL)
        student_by_scale(n, in, slope[2]);
    if (slope[3] != NULL)
        student_by_freedom(n, in, slope[3]);
}

static const LacOp lac_op_student_rows = {
    "student_rows", "sum_j ln t((x - mu)/s; nu) - ln s", nn_density_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_student_rows(LacTensor *x, LacTensor *mu, LacTensor *s, LacTensor *nu, LacTensor *o)
{
    return nn_density(&lac_op_student_rows, student_kernel, 5, (LacTensor *[]){x, mu, s, nu, o}, 0,
                      NULL, TRUE);
}
