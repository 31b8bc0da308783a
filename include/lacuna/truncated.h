/* The normal law on an interval: what is drawn where a value has bounds. */
#ifndef LACUNA_TRUNCATED_H
#define LACUNA_TRUNCATED_H

#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * lac_truncated_normal_quantile:
 * @mean, @sd: of the normal law, sd >= 0; @lower <= @upper: the interval, ends may be infinite
 * @u: share in [0, 1]
 *
 * The value below which the share @u of the normal law on [@lower, @upper] lies, in the unit of
 * @mean; inside the interval whatever rounding does. Exact also where the interval holds less than
 * the smallest double of the law: there ln of the tail is inverted. The error is below 1e-10 of the
 * law's own spread on the interval. With sd = 0: @mean, moved into the interval.
 */
LAC_API double
lac_truncated_normal_quantile(double mean, double sd, double lower, double upper, double u);
/** lac_truncated_normal_moments: mean and variance of that law; either may be NULL. Relative error
 * of the distance from the mean to the nearer bound, and of the variance, below 1e-6; 1e-3 where
 * the interval is more than 35 sd away and narrow. */
LAC_API void lac_truncated_normal_moments(double mean, double sd, double lower, double upper,
                                          double *mean_out, double *variance_out);
/** lac_rng_truncated_normal: a draw from that law: the quantile of one open uniform. */
LAC_API double
lac_rng_truncated_normal(LacRng *rng, double mean, double sd, double lower, double upper);

G_END_DECLS

#endif
