#include "kde-private.h"
#include "lac_test.h"

/* R 4.2.2: x <- c(1, 2, 2.5, 4, 7, 7.5, 9); b <- bw.nrd0(x)
 * sapply(c(0, 3, 8), function(a) mean(dnorm(a, x, b))) */
LAC_TEST(math_kde, bandwidth_and_density_as_in_r)
{
    static const double x[7] = {1, 2, 2.5, 4, 7, 7.5, 9}, at[3] = {0, 3, 8};
    static const double expected[3] = {0.0592804006765944, 0.1038452305192247, 0.0852988125879893};
    const double b = lac_kde_bandwidth(7, x);
    double density[3];

    EXPECT_NEAR_DOUBLE(b, 1.89493224289548, 1e-12);
    lac_kde(7, x, b, 3, at, density);
    for (size_t k = 0; k < 3; k++)
        EXPECT_NEAR_DOUBLE(density[k], expected[k], 1e-13);
}

LAC_TEST(math_kde, a_large_sample_is_thinned_and_still_integrates_to_one)
{
    enum { N = 50000, M = 400 };
    g_autofree double *x = g_new(double, N), *at = g_new(double, M), *density = g_new(double, M);
    double sum = 0.0;

    for (size_t i = 0; i < N; i++)
        x[i] = (double)i / N;
    for (size_t k = 0; k < M; k++)
        at[k] = -0.5 + 2.0 * (double)k / M;
    lac_kde(N, x, lac_kde_bandwidth(N, x), M, at, density);
    for (size_t k = 0; k < M; k++)
        sum += density[k] * 2.0 / M;
    EXPECT_NEAR_DOUBLE(sum, 1.0, 1e-3); /* of the sum's grid */
    EXPECT_NEAR_DOUBLE(density[M / 2], 1.0, 1e-3);
}

LAC_TEST(math_kde, equal_values_have_a_width)
{
    static const double same[3] = {5, 5, 5}, zero[2] = {0, 0};

    EXPECT_TRUE(lac_kde_bandwidth(3, same) > 0.0);
    EXPECT_TRUE(lac_kde_bandwidth(2, zero) > 0.0);
}
