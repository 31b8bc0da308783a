#include "kde-private.h"

#include <lacuna/stats.h>
#include <math.h>

enum { MOST_KERNELS = 4000 };

double
lac_kde_bandwidth(size_t n, const double *sorted)
{
    const double iqr =
        lac_stats_quantile(n, sorted, 0.75, 7) - lac_stats_quantile(n, sorted, 0.25, 7);
    double mean, sd, spread;

    if (!lac_stats_mean_sd(n, sorted, &mean, &sd))
        sd = iqr;
    spread = fmin(sd, iqr / 1.34);
    if (!(spread > 0.0))
        spread = sd > 0.0 ? sd : fabs(sorted[0]) > 0.0 ? fabs(sorted[0]) : 1.0;
    return 0.9 * spread * pow((double)n, -0.2);
}

void
lac_kde(size_t n, const double *sorted, double bandwidth, size_t m, const double *at, double *out)
{
    const size_t step = n / MOST_KERNELS + 1, first = step / 2,
                 used = (n - first + step - 1) / step;

    for (size_t k = 0; k < m; k++) {
        double sum = 0.0;

        for (size_t i = first; i < n; i += step)
            sum += lac_normal_pdf((at[k] - sorted[i]) / bandwidth);
        out[k] = sum / (bandwidth * (double)used);
    }
}
