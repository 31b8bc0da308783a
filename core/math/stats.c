#include <lacuna/stats.h>

#include <math.h>
#include <stdlib.h>

/* Eight sums side by side up to PAIRWISE values, halves above; the error grows with log n. Adds x,
 * or (x - centre)^2 when @squares. */
#define PAIRWISE 256

static inline __attribute__((always_inline)) double
leaf_sum(size_t n, const double *x, double centre, gboolean squares)
{
    double s[8] = {0.0}, rest = 0.0;
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++) {
            const double d = x[i + k] - centre;

            s[k] += squares ? d * d : x[i + k];
        }
    for (; i < n; i++)
        rest += squares ? (x[i] - centre) * (x[i] - centre) : x[i];
    return (((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))) + rest;
}

static double
pairwise_sum(size_t n, const double *x, double centre, gboolean squares)
{
    if (n <= PAIRWISE)
        return squares ? leaf_sum(n, x, centre, TRUE) : leaf_sum(n, x, 0.0, FALSE);

    const size_t half = n / 2 / 8 * 8;

    return pairwise_sum(half, x, centre, squares) +
           pairwise_sum(n - half, x + half, centre, squares);
}

/* for values so large that their sum is not finite */
static double
scaled_mean(size_t n, const double *x)
{
    double mean = 0.0;

    for (size_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    return mean;
}

double
lac_stats_mean(size_t n, const double *x)
{
    g_assert(n >= 1);

    const double sum = pairwise_sum(n, x, 0.0, FALSE);

    return isfinite(sum) ? sum / (double)n : scaled_mean(n, x);
}

double
lac_stats_variance(size_t n, const double *x, unsigned ddof)
{
    if (n <= ddof)
        return NAN;
    return pairwise_sum(n, x, lac_stats_mean(n, x), TRUE) / (double)(n - ddof);
}

/* Where squares would leave the doubles, a copy divided by a power of two, which rounds nothing. */
gboolean
lac_stats_mean_sd(size_t n, const double *x, double *mean, double *sd)
{
    enum { SAFE = 400 }; /* 2^(2 x 400) is far from 2^1024 for any n */
    double least = x[0], most = x[0];
    int exponent;

    for (size_t i = 1; i < n; i++) {
        least = MIN(least, x[i]);
        most = MAX(most, x[i]);
    }
    frexp(MAX(fabs(least), fabs(most)), &exponent);
    if (abs(exponent) <= SAFE) {
        *mean = lac_stats_mean(n, x);
        *sd = n > 1 ? sqrt(lac_stats_variance(n, x, 1)) : 0.0;
        return TRUE;
    }
    g_autofree double *scaled = g_new(double, n);

    for (size_t i = 0; i < n; i++)
        scaled[i] = ldexp(x[i], -exponent);
    *mean = ldexp(lac_stats_mean(n, scaled), exponent);
    *sd = n > 1 ? ldexp(sqrt(lac_stats_variance(n, scaled, 1)), exponent) : 0.0;
    return isfinite(most - least);
}

double
lac_stats_trimmed_mean(size_t n, double *x, double trim)
{
    g_assert(n >= 1 && trim >= 0.0 && trim <= 0.5);

    if (trim == 0.0)
        return lac_stats_mean(n, x);
    lac_stats_sort(n, x);

    const size_t cut = (size_t)floor((double)n * trim);

    if (2 * cut >= n)
        return lac_stats_quantile(n, x, 0.5, 7);
    return lac_stats_mean(n - 2 * cut, x + cut);
}

double
lac_stats_quantile(size_t n, const double *sorted, double p, int type)
{
    g_assert(n >= 1 && (type == 6 || type == 7) && p >= 0.0 && p <= 1.0);

    /* position among the order statistics 1 .. n */
    const double h = type == 6 ? ((double)n + 1.0) * p : ((double)n - 1.0) * p + 1.0;
    const double at = CLAMP(h, 1.0, (double)n);
    const size_t below = MIN((size_t)at, n) - 1, above = MIN(below + 1, n - 1);
    const double share = at - (double)(below + 1);

    /* also keeps infinite neighbours from becoming NaN */
    if (share <= 0.0 || sorted[below] == sorted[above])
        return sorted[below];
    return (1.0 - share) * sorted[below] + share * sorted[above];
}

gssize
lac_stats_mode(size_t n, const double *codes, size_t n_levels)
{
    g_autofree size_t *count = g_new0(size_t, n_levels);
    size_t best = 0;

    if (n == 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        g_assert(codes[i] >= 0.0 && codes[i] < (double)n_levels);
        count[(size_t)codes[i]]++;
    }
    for (size_t level = 1; level < n_levels; level++)
        if (count[level] > count[best])
            best = level;
    return (gssize)best;
}

/* Neumaier (1974), "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" */
double
lac_stats_sum(size_t n, const double *x)
{
    double sum = 0.0, lost = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double next = sum + x[i];

        lost += fabs(sum) >= fabs(x[i]) ? (sum - next) + x[i] : (x[i] - next) + sum;
        sum = next;
    }
    /* after an overflow the correction is inf - inf */
    return isfinite(lost) ? sum + lost : sum;
}

static gboolean
check_variances(size_t m, const double *q, const double *u, GError **error)
{
    for (size_t i = 0; i < m; i++) {
        if (!isfinite(q[i]))
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "pooling: estimate %zu of %zu is %g, expected a finite number", i + 1,
                            m, q[i]);
        if (!isfinite(u[i]) || u[i] < 0.0)
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "pooling: variance %zu of %zu is %g, expected a finite number >= 0",
                            i + 1, m, u[i]);
    }
    return TRUE;
}

/* Barnard and Rubin (1999), multiplied out so that nothing is divided by lambda; its limit for
 * lambda -> 0 is nu (nu + 1) / (nu + 3). */
static double
pooled_df(double m, double lambda, double nu)
{
    if (isinf(nu))
        return (m - 1.0) / (lambda * lambda);

    const double c = (1.0 - lambda) * (1.0 + nu) * nu;

    return (m - 1.0) * c / ((nu + 3.0) * (m - 1.0) + lambda * lambda * c);
}

gboolean
lac_stats_rubin_pool(size_t m, const double *q, const double *u, double df_complete, LacPooled *out,
                     GError **error)
{
    g_assert(m >= 2 && q != NULL && u != NULL && df_complete > 0.0);

    if (!check_variances(m, q, u, error))
        return FALSE;

    LacPooled p = {
        .estimate = lac_stats_mean(m, q),
        .within = lac_stats_mean(m, u),
        .between = lac_stats_variance(m, q, 1),
    };
    const double extra = (1.0 + 1.0 / (double)m) * p.between;

    p.total = p.within + extra;
    /* all variances 0: nothing varies, so nothing is due to missingness */
    p.riv = extra == 0.0 ? 0.0 : extra / p.within;
    p.lambda = extra == 0.0 ? 0.0 : extra / p.total;
    p.df = pooled_df((double)m, p.lambda, df_complete);
    p.fmi = isinf(p.riv) ? 1.0 : (p.riv + 2.0 / (p.df + 3.0)) / (p.riv + 1.0);
    *out = p;
    return TRUE;
}

size_t
lac_stats_rubin_draws(double fmi, size_t m, double cv)
{
    const double z = 1.959963984540054; /* of a 95 % interval */

    g_assert(m >= 2 && cv > 0.0 && fmi >= 0.0 && fmi <= 1.0);
    const double high =
        fmi < 1.0 ? lac_sigmoid(log(fmi / (1.0 - fmi)) + z * sqrt(2.0 / (double)m)) : 1.0;
    const double needed = ceil(1.0 + 0.5 * (high / cv) * (high / cv));

    return (size_t)CLAMP(needed, 2.0, 1e9);
}

void
lac_ranks(size_t n, const double *x, double tie, double *rank)
{
    g_autofree size_t *order = g_new(size_t, MAX(n, 1));

    lac_stats_order(n, x, order);
    for (size_t first = 0, last; first < n; first = last) {
        const double start = x[order[first]];
        for (last = first + 1; last < n; last++) {
            const double value = x[order[last]];
            if (value != start && !(value - start <= tie))
                break;
        }
        for (size_t i = first; i < last; i++)
            rank[order[i]] = 0.5 * (double)(first + 1 + last);
    }
}
