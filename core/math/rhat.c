/* Have chains forgotten where they started? Potential scale reduction, plain, split and on ranks.
 */
#include <lacuna/convergence.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

double
lac_rhat(size_t chains, size_t n, const double *x)
{
    g_autofree double *means = g_new(double, MAX(chains, 1));
    double within = 0.0, between;

    if (chains < 2 || n < 2)
        return NAN;
    for (size_t c = 0; c < chains; c++) {
        means[c] = lac_stats_mean(n, x + c * n);
        within += lac_stats_variance(n, x + c * n, 1) / (double)chains;
    }
    between = lac_stats_variance(chains, means, 1);
    if (!isfinite(within) || !isfinite(between))
        return NAN;
    if (within == 0.0)
        return between == 0.0 ? 1.0 : INFINITY;
    return sqrt(((double)(n - 1) / (double)n * within + between) / within);
}

/* [2 chains x n / 2]; the middle draw of an odd chain is left out */
static double *
rhat_halves(size_t chains, size_t n, const double *x)
{
    const size_t half = n / 2;
    double *out = g_new(double, MAX(2 * chains * half, 1));

    for (size_t c = 0; c < chains; c++) {
        memcpy(out + 2 * c * half, x + c * n, half * sizeof *x);
        memcpy(out + (2 * c + 1) * half, x + (c + 1) * n - half, half * sizeof *x);
    }
    return out;
}

double
lac_rhat_split(size_t chains, size_t n, const double *x)
{
    g_autofree double *halves = NULL;

    if (n < 4)
        return NAN;
    halves = rhat_halves(chains, n, x);
    return lac_rhat(2 * chains, n / 2, halves);
}

/* in place: normal scores of the pooled ranks (Blom's offsets) */
static void
rhat_scores(size_t n, double *x)
{
    g_autofree double *rank = g_new(double, n);

    lac_ranks(n, x, 0.0, rank);
    for (size_t i = 0; i < n; i++)
        x[i] = lac_normal_quantile((rank[i] - 0.375) / ((double)n + 0.25));
}

void
lac_rhat_rank_parts(size_t chains, size_t n, const double *x, double *bulk, double *tail)
{
    const size_t total = 2 * chains * (n / 2);
    g_autofree double *halves = NULL, *folded = NULL;
    double median;

    *bulk = *tail = NAN;
    for (size_t i = 0; i < chains * n; i++)
        if (!isfinite(x[i]))
            return;
    if (n < 4 || chains == 0)
        return;
    halves = rhat_halves(chains, n, x);
    folded = g_memdup2(halves, total * sizeof *halves);
    lac_stats_sort(total, folded);
    median = lac_stats_quantile(total, folded, 0.5, 7);
    for (size_t i = 0; i < total; i++)
        folded[i] = fabs(halves[i] - median);
    rhat_scores(total, halves);
    rhat_scores(total, folded);
    *bulk = lac_rhat(2 * chains, n / 2, halves);
    *tail = lac_rhat(2 * chains, n / 2, folded);
}

double
lac_rhat_rank(size_t chains, size_t n, const double *x)
{
    double bulk, tail;

    lac_rhat_rank_parts(chains, n, x, &bulk, &tail);
    return isnan(bulk) ? bulk : fmax(bulk, isnan(tail) ? bulk : tail);
}

double
lac_autocorrelation(size_t n, const double *x, size_t lag)
{
    const double mean = n == 0 ? 0.0 : lac_stats_mean(n, x);
    double power = 0.0, product = 0.0;

    for (size_t t = 0; t < n; t++)
        power += (x[t] - mean) * (x[t] - mean);
    for (size_t t = 0; t + lag < n; t++)
        product += (x[t] - mean) * (x[t + lag] - mean);
    return power > 0.0 ? product / power : NAN;
}

/* Over chains, between draws t - 1 and t. */
static double
chains_correlation(size_t chains, size_t n, const double *x, size_t t)
{
    double a = 0.0, b = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;

    for (size_t c = 0; c < chains; c++) {
        a += x[c * n + t - 1] / (double)chains;
        b += x[c * n + t] / (double)chains;
    }
    for (size_t c = 0; c < chains; c++) {
        const double da = x[c * n + t - 1] - a, db = x[c * n + t] - b;

        aa += da * da;
        bb += db * db;
        ab += da * db;
    }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
}

double
lac_chains_autocorrelation(size_t chains, size_t n, const double *x)
{
    double sum = 0.0;

    if (chains < 2 || n < 2)
        return NAN;
    for (size_t t = 1; t < n; t++)
        sum += chains_correlation(chains, n, x, t);
    return sum / (double)(n - 1);
}
