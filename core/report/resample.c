/* Intervals for means: the corrected paired t and the bootstrap over data sets. */
#include "inference-private.h"

#include <lacuna/stats.h>
#include <math.h>

LacPairedT
lac_paired_t(size_t n, const double *difference, double ratio)
{
    const double mean = lac_stats_mean(n, difference);
    const double variance = lac_stats_variance(n, difference, 1);
    LacPairedT out = {.mean = mean, .df = (double)n - 1.0};

    out.error = sqrt((1.0 / (double)n + ratio) * variance);
    if (!(out.error > 0.0)) {
        out.t = mean == 0.0 ? 0.0 : copysign(INFINITY, mean);
        out.p = mean == 0.0 ? 1.0 : NAN; /* identical differences have no spread to test against */
        return out;
    }
    out.t = mean / out.error;
    out.p = fmin(1.0, 2.0 * lac_t_cdf(fabs(out.t), out.df, TRUE));
    return out;
}

LacInterval
lac_paired_t_interval(const LacPairedT *t, double level)
{
    const double reach =
        t->error > 0.0 ? lac_t_quantile(0.5 * (1.0 + level), t->df) * t->error : 0.0;

    return (LacInterval){t->mean, t->mean - reach, t->mean + reach, t->error};
}

/* means of all n^n resamples, n <= 5 */
static size_t
bootstrap_all(size_t n, const double *x, double **means_out)
{
    size_t count = 1;
    double *means;

    for (size_t i = 0; i < n; i++)
        count *= n;
    means = g_new(double, count);
    for (size_t code = 0; code < count; code++) {
        size_t rest = code;
        double sum = 0.0;
        for (size_t i = 0; i < n; i++, rest /= n)
            sum += x[rest % n];
        means[code] = sum / (double)n;
    }
    *means_out = means;
    return count;
}

static size_t
bootstrap_some(size_t n, const double *x, size_t draws, LacRng *rng, double **means_out)
{
    double *means = g_new(double, draws);

    for (size_t draw = 0; draw < draws; draw++) {
        double sum = 0.0;
        for (size_t i = 0; i < n; i++)
            sum += x[lac_rng_below(rng, n)];
        means[draw] = sum / (double)n;
    }
    *means_out = means;
    return draws;
}

LacInterval
lac_bootstrap_mean(size_t n, const double *x, double level, size_t draws, LacRng rng)
{
    g_autofree double *means = NULL;
    LacInterval out = {.mean = lac_stats_mean(n, x)};
    const size_t count =
        n <= 5 ? bootstrap_all(n, x, &means) : bootstrap_some(n, x, draws, &rng, &means);

    out.error = sqrt(fmax(lac_stats_variance(count, means, 0), 0.0));
    lac_stats_sort(count, means);
    out.low = lac_stats_quantile(count, means, 0.5 * (1.0 - level), 7);
    out.high = lac_stats_quantile(count, means, 0.5 * (1.0 + level), 7);
    return out;
}
