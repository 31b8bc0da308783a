/* Quantiles of a weighted mixture: the predictive distribution of a hole is one part for each
 * sample of z, so its distribution function is a weighted sum of known ones.
 * Source: Ipsen, Mattei & Frellsen, not-MIWAE (ICLR 2021), appendix B, eq. 19. */
#include "missiwae.h"

#include <lacuna/parallel.h>
#include <lacuna/stats.h>
#include <math.h>

enum { MOST_STEPS = 200 };

#define TOLERANCE 1e-6 /* of the spread */
#define ROOT_HALF 0.70710678118654752440
#define DENSITY 0.39894228040143267794 /* 1 / sqrt(2 pi) */

/* The normal deviate with the distribution function of Student's t at @t, nu >= 3: the function is
 * met to 1.1e-5 (at nu = 3; 1e-8 at 7), which the tests hold it to, for a twentieth of
 * its cost. Source: Hill, Algorithm 395, Comm. ACM 13 (1970), 617. */
static double
normal_of_student(double t, double nu)
{
    const double a = nu - 0.5, b = 48.0 * a * a, y = a * log1p(t * t / nu);
    const double z =
        (((((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0) / b +
         1.0) *
        sqrt(y);

    return t < 0.0 ? -z : z;
}

/* ln of Student's density without its constant, which is close enough for a slope */
static double
student_slope(double t, double nu)
{
    return DENSITY * exp(-0.5 * (nu + 1.0) * log1p(t * t / nu)) * (1.0 - 0.25 / nu);
}

/* The mixture's distribution function at @x, and its slope there. */
static double
mixture_cdf(const Parts *parts, double x, double *slope)
{
    double sum = 0.0, density = 0.0;

    for (size_t l = 0; l < parts->n; l++) {
        const double t = (x - parts->mu[l]) / parts->s[l];
        const double z = parts->nu != NULL ? normal_of_student(t, parts->nu[l]) : t;

        sum += parts->weight[l] * 0.5 * erfc(-z * ROOT_HALF);
        density +=
            parts->weight[l] / parts->s[l] *
            (parts->nu != NULL ? student_slope(t, parts->nu[l]) : DENSITY * exp(-0.5 * t * t));
    }
    *slope = density;
    return sum;
}

/* Mean of the locations, and how far the parts reach from it. */
static double
mixture_spread(const Parts *parts, double *mean)
{
    double sum = 0.0, square = 0.0;

    for (size_t l = 0; l < parts->n; l++)
        sum += parts->weight[l] * parts->mu[l];
    for (size_t l = 0; l < parts->n; l++)
        square += parts->weight[l] * (pow(parts->mu[l] - sum, 2.0) + parts->s[l] * parts->s[l]);
    *mean = sum;
    return sqrt(square);
}

/* Newton's method within a bracket that every step narrows; halving where it would leave it. */
double
quantile_mixture(const Parts *parts, double level)
{
    double x, slope;
    const double spread = mixture_spread(parts, &x);
    double low = x - spread, high = x + spread;

    while (mixture_cdf(parts, low, &slope) > level && isfinite(low))
        low -= 2.0 * (x - low);
    while (mixture_cdf(parts, high, &slope) < level && isfinite(high))
        high += 2.0 * (high - x);
    for (int step = 0; step < MOST_STEPS && high - low > TOLERANCE * spread; step++) {
        const double over = mixture_cdf(parts, x, &slope) - level;
        double next = x - over / slope;

        if (over > 0.0)
            high = x;
        else
            low = x;
        if (!(next > low && next < high))
            next = 0.5 * (low + high);
        if (fabs(next - x) < 0.5 * TOLERANCE * spread)
            return next;
        x = next;
    }
    return x;
}

double
quantile_levels(const Layout *layout, const Parts *parts, double level)
{
    const double step = 2.0 * layout->half;
    size_t low = 0, high = (size_t)rint((layout->upper - layout->lower) / step);

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const double x = layout->lower + step * (double)middle + layout->half;
        double sum = 0.0;

        for (size_t l = 0; l < parts->n; l++)
            sum += parts->weight[l] * lac_sigmoid((x - parts->mu[l]) / exp(parts->s[l]));
        if (sum >= level)
            high = middle;
        else
            low = middle + 1;
    }
    return layout->lower + step * (double)low;
}

/* P(x <= k) of the mixture. */
static double
counts_cdf(const Parts *parts, double k)
{
    double sum = 0.0;

    for (size_t l = 0; l < parts->n; l++)
        sum += parts->weight[l] * lac_gamma_inc(k + 1.0, parts->mu[l], TRUE);
    return sum;
}

double
quantile_counts(const Parts *parts, double level)
{
    double low = 0.0, high = 1.0;

    while (counts_cdf(parts, high) < level && high < 1e15)
        high *= 2.0;
    while (low < high) {
        const double middle = floor(0.5 * (low + high));

        if (counts_cdf(parts, middle) >= level)
            high = middle;
        else
            low = middle + 1.0;
    }
    return low;
}

double
quantile_atoms(size_t n, const double *mu, const double *weight, double level)
{
    g_autofree size_t *order = g_new(size_t, n + 1);
    double sum = 0.0;

    lac_stats_order(n, mu, order);
    for (size_t k = 0; k + 1 < n; k++) {
        sum += weight[order[k]];
        if (sum >= level)
            return mu[order[k]];
    }
    return mu[order[n - 1]];
}
