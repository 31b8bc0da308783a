/* Densities of samples, for pictures of them. */
#ifndef LACUNA_KDE_PRIVATE_H
#define LACUNA_KDE_PRIVATE_H

#include "base-private.h"

G_BEGIN_DECLS

/** lac_kde_bandwidth: Silverman's rule as R's bw.nrd0: 0.9 min(sd, iqr / 1.34) n^(-1/5), of
 * @sorted [n], n >= 2; 1 where all values are equal to 0, their magnitude where they are equal. */
LAC_PRIVATE_API double lac_kde_bandwidth(size_t n, const double *sorted);
/** lac_kde: Gaussian kernel density of @sorted [n] at @at [m] to @out [m]. Of more than 4000 values
 * every k-th order statistic stands for all. O(m x min(n, 8000)). Source: Silverman, Density
 * Estimation (1986), section 3.4. */
LAC_PRIVATE_API void
lac_kde(size_t n, const double *sorted, double bandwidth, size_t m, const double *at, double *out);

G_END_DECLS

#endif
