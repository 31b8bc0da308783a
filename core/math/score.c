/* Kernels of the scores on plain arrays. */
#include <lacuna/score.h>
#include <lacuna/stats.h>

double
lac_norm_value(const LacNorm *s)
{
    const double middle = sqrt(s->middle);

    if (s->large > 0)
        return hypot(sqrt(s->large) * 0x1p+600, middle);
    return hypot(middle, sqrt(s->small) * 0x1p-600);
}

double
lac_score_crps(size_t m, const double *sorted, double truth, gboolean fair)
{
    g_assert(m >= (fair ? 2 : 1));
    const double centre = sorted[m / 2]; /* keeps values like 1e9 + 1 from cancelling */
    const double pairs = (double)m * (double)(fair ? m - 1 : m);
    double miss = 0, spread = 0;

    for (size_t d = 0; d < m; d++) {
        miss += fabs(sorted[d] - truth);
        spread += (2.0 * (double)d + 1 - (double)m) * (sorted[d] - centre);
    }
    return miss / (double)m - spread / pairs;
}

double
lac_score_interval(size_t m, const double *sorted, double level, double *lower, double *upper)
{
    g_assert(m >= 2);
    const double tail = (1 - level) / 2;

    /* below rank 1 there is no draw to end the interval at; the slack forgives rounding of tail */
    if (((double)m + 1) * tail < 1 - 1e-9) {
        *lower = sorted[0];
        *upper = sorted[m - 1];
        return ((double)m - 1) / ((double)m + 1);
    }
    *lower = lac_stats_quantile(m, sorted, tail, 6);
    *upper = lac_stats_quantile(m, sorted, 1 - tail, 6);
    return level;
}

static double
score_length(size_t q, const double *a, const double *b)
{
    LacNorm s = {0};

    for (size_t j = 0; j < q; j++)
        lac_norm_add(&s, a[j] - b[j]);
    return lac_norm_value(&s);
}

double
lac_score_energy(size_t m, size_t q, const double *draws, const double *truth)
{
    g_assert(m >= 2);
    double miss = 0, spread = 0;

    for (size_t d = 0; d < m; d++) {
        miss += score_length(q, draws + d * q, truth);
        for (size_t e = 0; e < d; e++)
            spread += score_length(q, draws + d * q, draws + e * q);
    }
    return miss / (double)m - spread / ((double)m * (double)(m - 1));
}

double
lac_score_wasserstein(size_t n, const double *x, size_t m, const double *y, int order)
{
    g_assert(n >= 1 && m >= 1 && (order == 1 || order == 2));
    LacSum total = {0};
    double done = 0; /* share of the mass moved so far; both quantile functions are flat between */

    for (size_t i = 0, k = 0; i < n && k < m;) {
        const double end_x = (double)(i + 1) / (double)n, end_y = (double)(k + 1) / (double)m;
        const double end = fmin(end_x, end_y), gap = fabs(x[i] - y[k]);

        lac_sum_add(&total, (end - done) * (order == 1 ? gap : gap * gap));
        done = end;
        i += end_x <= end_y;
        k += end_y <= end_x;
    }
    return order == 1 ? lac_sum_value(&total) : sqrt(lac_sum_value(&total));
}

double
lac_score_ks(size_t n, const double *x, size_t m, const double *y)
{
    g_assert(n >= 1 && m >= 1);
    double worst = 0;

    for (size_t i = 0, k = 0; i < n && k < m;) {
        const double at = fmin(x[i], y[k]);

        while (i < n && x[i] <= at) /* all ties at a value first, on both sides */
            i++;
        while (k < m && y[k] <= at)
            k++;
        worst = fmax(worst, fabs((double)i / (double)n - (double)k / (double)m));
    }
    return worst;
}
