/* Logistic distribution discretised to levels 2 half apart; the end levels hold the tails.
 * With S the logistic function, a = (x + half - mu)/s, b = (x - half - mu)/s, d = a - b:
 *   ln(S(a) - S(b)) = -ln(1 + e^-a) - ln(1 + e^b) + ln(1 - e^-d),
 * of which the lowest level has only the first part, ln S(a), and the highest only the second,
 * ln(1 - S(b)). Each part is stable, so that no floor is needed. With i = e^-log_s:
 *   d/dmu = i (S(b) - S(-a)), d/dx = -d/dmu, d/dlog_s = b S(b) - a S(-a) - d / (e^d - 1)
 * and 1 - e^-d = 2 t / (1 + t), 1 / (e^d - 1) = (1 - t) / (2 t) with t = tanh(d / 2), which keep
 * their digits where d is small. */
#include "density-private.h"
#include "vmath-private.h"

#include <math.h>

/* One cell. @low, @high: 0 at that end of the scale, where its part is left out, else 1. */
typedef struct {
    LacReal a, b, d, t, inverse, low, high;
} Level;

static inline Level
level_of(LacReal x, LacReal mu, LacReal log_s, const LacReal *p)
{
    const LacReal half = p[0], lower = p[1], upper = p[2];
    Level l;

    l.inverse = lac_real_exp(-log_s);
    l.a = (x + half - mu) * l.inverse;
    l.b = (x - half - mu) * l.inverse;
    l.d = 2 * half * l.inverse;
    l.d = l.d > 80 ? 80 : l.d; /* e^d is as good as infinite */
    l.t = lac_real_tanh(l.d / 2);
    l.low = (LacReal)(x >= lower + half);
    l.high = (LacReal)(x <= upper - half);
    return l;
}

LAC_CLONES static void
logistic_terms(size_t n, const LacReal *const *in, const LacReal *p, LacReal *terms)
{
    const LacReal *x = in[0], *mu = in[1], *log_s = in[2], *o = in[3];

#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const Level l = level_of(x[i], mu[i], log_s[i], p);
        const LacReal term = -l.high * lac_real_softplus(-l.a) - l.low * lac_real_softplus(l.b) +
                             l.low * l.high * lac_real_log(2 * l.t / (1 + l.t));

        terms[i] = o[i] != 0 ? term : 0;
    }
}

/* d/dmu times @sign */
LAC_CLONES static void
logistic_by_location(size_t n, const LacReal *const *in, const LacReal *p, LacReal sign,
                     LacReal *slope)
{
    const LacReal *x = in[0], *mu = in[1], *log_s = in[2], *o = in[3];

#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const Level l = level_of(x[i], mu[i], log_s[i], p);
        const LacReal by_mu =
            l.inverse * (l.low * lac_real_sigmoid(l.b) - l.high * lac_real_sigmoid(-l.a));

        slope[i] = o[i] != 0 ? sign * by_mu : 0;
    }
}

LAC_CLONES static void
logistic_by_scale(size_t n, const LacReal *const *in, const LacReal *p, LacReal *slope)
{
    const LacReal *x = in[0], *mu = in[1], *log_s = in[2], *o = in[3];

#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const Level l = level_of(x[i], mu[i], log_s[i], p);
        const LacReal by_scale = l.low * l.b * lac_real_sigmoid(l.b) -
                                 l.high * l.a * lac_real_sigmoid(-l.a) -
                                 l.low * l.high * l.d * (1 - l.t) / (2 * l.t);

        slope[i] = o[i] != 0 ? by_scale : 0;
    }
}

static void
logistic_kernel(size_t n, const LacReal *const *in, const LacReal *p, LacReal *terms,
                LacReal *const *slope)
{
    logistic_terms(n, in, p, terms);
    if (slope[0] != NULL)
        logistic_by_location(n, in, p, -1, slope[0]);
    if (slope[1] != NULL)
        logistic_by_location(n, in, p, 1, slope[1]);
    if (slope[2] != NULL)
        logistic_by_scale(n, in, p, slope[2]);
}

static const LacOp lac_op_logistic_rows = {
    "logistic_rows",     "sum_j ln(S((x + half - mu)/s) - S((x - half - mu)/s))",
    nn_density_backward, NULL,
    .assigns = TRUE,
};

LacTensor *
lac_nn_logistic_rows(LacTensor *x, LacTensor *mu, LacTensor *log_s, LacTensor *o, LacReal half,
                     LacReal lower, LacReal upper)
{
    g_assert(half > 0 && lower < upper);
    return nn_density(&lac_op_logistic_rows, logistic_kernel, 4, (LacTensor *[]){x, mu, log_s, o},
                      3, (LacReal[]){half, lower, upper}, TRUE);
}
