#include "lac_test.h"
#include "truncated_golden.h"
#include <lacuna/stats.h>
#include <lacuna/truncated.h>

/* The spread of the law on (a, b): what errors of its quantiles are measured in. */
static double
spread(double a, double b)
{
    double variance;

    lac_truncated_normal_moments(0.0, 1.0, a, b, NULL, &variance);
    return sqrt(variance);
}

/* 1e-9 of the spread: scipy's own root finding in the tails is no better than that */
LAC_TEST(math_truncated, quantiles_match_scipy_also_far_in_the_tails)
{
    for (size_t i = 0; i < G_N_ELEMENTS(truncated_quantile); i++) {
        const double *row = truncated_quantile[i];
        const double got = lac_truncated_normal_quantile(0.0, 1.0, row[0], row[1], row[2]);

        if (!(fabs(got - row[3]) <= 1e-9 * spread(row[0], row[1]) + 4e-16 * fabs(row[3])))
            lac_test_fail(__FILE__, __LINE__, "(%g, %g) at %g: %.17g, expected %.17g", row[0],
                          row[1], row[2], got, row[3]);
        EXPECT_TRUE(got >= row[0] && got <= row[1]);
    }
}

LAC_TEST(math_truncated, moments_match_mpmath)
{
    for (size_t i = 0; i < G_N_ELEMENTS(truncated_moments); i++) {
        const double *row = truncated_moments[i], a = row[0], b = row[1];
        const double near = a > 0.0 ? a : b < 0.0 ? b : 0.0;
        const double tolerance = isfinite(a) && isfinite(b) && fabs(a) > 35.0 ? 1e-3 : 1e-6;
        double mean, variance;

        lac_truncated_normal_moments(0.0, 1.0, a, b, &mean, &variance);
        if (!(fabs(mean - row[2]) <= tolerance * fabs(row[2] - near) + 1e-12 &&
              fabs(variance / row[3] - 1.0) <= tolerance))
            lac_test_fail(__FILE__, __LINE__, "(%g, %g): %.17g, %.17g, expected %.17g, %.17g", a, b,
                          mean, variance, row[2], row[3]);
    }
}

/* Mean and variance within 5 Monte Carlo errors; nothing at the bounds themselves. */
LAC_TEST(math_truncated, draws_have_the_moments_and_do_not_pile_up)
{
    enum { N = 20000 };
    const double lower = 1.0, upper = 4.0;
    LacRng rng = lac_rng_new(7);
    g_autofree double *x = g_new(double, N);
    double mean, variance;

    lac_truncated_normal_moments(0.5, 2.0, lower, upper, &mean, &variance);
    for (size_t i = 0; i < N; i++) {
        x[i] = lac_rng_truncated_normal(&rng, 0.5, 2.0, lower, upper);
        EXPECT_TRUE(x[i] > lower && x[i] < upper);
    }
    EXPECT_TRUE(fabs(lac_stats_mean(N, x) - mean) < 5.0 * sqrt(variance / N));
    EXPECT_TRUE(fabs(lac_stats_variance(N, x, 1) / variance - 1.0) < 5.0 * sqrt(2.0 / N));
}

LAC_TEST(math_truncated, without_spread_the_mean_is_moved_into_the_interval)
{
    double mean, variance;

    EXPECT_EQ_DOUBLE(lac_truncated_normal_quantile(3.0, 0.0, 0.0, 1.0, 0.5), 1.0);
    EXPECT_EQ_DOUBLE(lac_truncated_normal_quantile(0.5, 0.0, 0.0, 1.0, 0.5), 0.5);
    EXPECT_EQ_DOUBLE(lac_truncated_normal_quantile(0.5, 1.0, 2.0, 2.0, 0.1), 2.0);
    lac_truncated_normal_moments(3.0, 0.0, 0.0, 1.0, &mean, &variance);
    EXPECT_EQ_DOUBLE(mean, 1.0);
    EXPECT_EQ_DOUBLE(variance, 0.0);
}
