/* The standard normal law on an interval. Everything is turned into the lower tail first, where
 * the distribution function keeps its relative accuracy. */
#include "gcopula.h"

#include <lacuna/stats.h>
#include <math.h>

#define NARROW 1e-4 /* below it the density is a straight line */

/* Towards -infinity, where the mass is beyond the doubles: an exponential tail at b < 0. */
static void
tail_moments(double b, double *mean, double *variance)
{
    *mean = b + 1.0 / b;
    *variance = 1.0 / (b * b);
}

void
gc_truncated_moments(double a, double b, double *mean, double *variance)
{
    const gboolean turned = a > 0.0;
    const double from = turned ? -b : a, to = turned ? -a : b;
    const double mass = lac_normal_cdf(to) - lac_normal_cdf(from);

    if (to - from < NARROW) {
        *mean = 0.5 * (from + to);
        *variance = (to - from) * (to - from) / 12.0;
    } else if (!(mass > 1e-280)) {
        tail_moments(to, mean, variance);
        *mean = MAX(*mean, from);
    } else {
        const double left = isinf(from) ? 0.0 : lac_normal_pdf(from);
        const double right = isinf(to) ? 0.0 : lac_normal_pdf(to);
        const double edge = (isinf(from) ? 0.0 : from * left) - (isinf(to) ? 0.0 : to * right);

        *mean = (left - right) / mass;
        *variance = MAX(1.0 + edge / mass - *mean * *mean, 0.0);
    }
    if (turned)
        *mean = -*mean;
}

double
gc_truncated_draw(double a, double b, double u)
{
    const gboolean turned = a > 0.0;
    const double from = turned ? -b : a, to = turned ? -a : b;
    const double low = lac_normal_cdf(from), high = lac_normal_cdf(to);
    const double p = low + u * (high - low);
    const double z = p > 1e-300 && p < 1.0 ? lac_normal_quantile(p) : p >= 1.0 ? from : to;
    const double held = CLAMP(z, from, to);

    return turned ? -held : held;
}
