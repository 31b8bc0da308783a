/* Nemenyi's critical difference, from the distribution of the range of k normals. */
#include "inference-private.h"

#include <lacuna/stats.h>
#include <math.h>

/* Phi(z) - Phi(z - r), r >= 0, taken on the side where the two are small */
static double
between(double z, double r)
{
    const double low = z - r;

    if (low > 0.0)
        return lac_normal_cdf(-low) - lac_normal_cdf(-z);
    return lac_normal_cdf(z) - lac_normal_cdf(low);
}

double
lac_studentized_range(double r, size_t k)
{
    /* k * integral of phi(z) (Phi(z) - Phi(z - r))^(k-1): analytic and vanishing at both ends, so
     * the plain trapezoid converges faster than any power of the step; 1/32 is far more than enough
     */
    const double step = 1.0 / 32.0;
    double sum = 0.0;

    if (!(r > 0.0))
        return 0.0;
    for (int i = -9 * 32; i <= 9 * 32; i++) {
        const double z = step * i;
        sum += lac_normal_pdf(z) * pow(fmax(between(z, r), 0.0), (double)(k - 1));
    }
    return fmin((double)k * step * sum, 1.0);
}

double
lac_nemenyi_q(double alpha, size_t k)
{
    double low = 0.0, high = 16.0;

    while (lac_studentized_range(high, k) < 1.0 - alpha && high < 64.0)
        high *= 2.0;
    while (high - low > 1e-13 * high) {
        const double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high)
            break;
        if (lac_studentized_range(middle, k) < 1.0 - alpha)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high) / G_SQRT2;
}

/* standard error of a difference of mean ranks */
static double
nemenyi_error(size_t k, size_t blocks)
{
    return sqrt((double)k * (double)(k + 1) / (6.0 * (double)blocks));
}

double
lac_nemenyi_difference(double alpha, size_t k, size_t blocks)
{
    return lac_nemenyi_q(alpha, k) * nemenyi_error(k, blocks);
}

double
lac_nemenyi_p(double difference, size_t k, size_t blocks)
{
    const double r = G_SQRT2 * fabs(difference) / nemenyi_error(k, blocks);

    return fmax(1.0 - lac_studentized_range(r, k), 0.0);
}

size_t
lac_cliques(size_t k, const double *mean_rank, double difference, LacClique *out)
{
    size_t n = 0;

    for (size_t i = 0; i < k; i++) {
        size_t j = i;
        while (j + 1 < k && mean_rank[j + 1] - mean_rank[i] < difference)
            j++;
        if (j > i && (n == 0 || j > out[n - 1].last))
            out[n++] = (LacClique){.first = i, .last = j};
    }
    return n;
}
