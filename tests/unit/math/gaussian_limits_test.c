/* lacuna/gaussian.h: rows whose holes lie within limits. */
#include <lac_test.h>
#include <lacuna/gaussian.h>

static void
both_below(const void *user, size_t row, size_t k, double *lower, double *upper)
{
    *lower = -INFINITY;
    *upper = *(const double *)user;
}

/* Standard normal x and y with correlation 0.5, both missing and both below a limit. Mean, variance
 * and covariance by scipy's dblquad over exp(-(x^2 - x y + y^2) / 1.5); at 0 the mean is also
 * -1.5 / (2 sqrt(2 pi)) * 3 = -0.8976. The second limit takes Gibbs sampling for nearly all draws.
 */
LAC_TEST(math_gaussian_limits, rows_with_several_limits_follow_the_cut_law)
{
    enum { N = 4000 };
    static const double told[][4] = {{0.0, -0.8976201309, 0.4010264364, 0.1077747722},
                                     {-3.0, -3.3796914136, 0.1129648904, 0.0091695912}};
    g_autoptr(LacGaussian) g = lac_gaussian_new(2);
    g_autoptr(LacMask) holes = lac_mask_new(N, 2, NULL);
    g_autoptr(LacPatterns) patterns = NULL;
    g_autoptr(LacMatrix) x = lac_matrix_new(N, 2, NULL);
    const LacRng rng = lac_rng_new(5);

    g->cov[1] = g->cov[2] = 0.5;
    lac_gaussian_prepare(g);
    for (size_t i = 0; i < N; i++) {
        lac_mask_set(holes, i, 0, TRUE);
        lac_mask_set(holes, i, 1, TRUE);
    }
    patterns = lac_patterns_new(holes, NULL);
    for (size_t k = 0; k < G_N_ELEMENTS(told); k++) {
        const double sd = sqrt(told[k][2]);
        double sum = 0.0, squares = 0.0, products = 0.0;

        ASSERT_TRUE(
            lac_gaussian_complete_within(g, patterns, &rng, both_below, &told[k][0], x, NULL));
        for (size_t i = 0; i < N; i++) {
            const double *row = lac_matrix_row(x, i);

            EXPECT_TRUE(row[0] < told[k][0] && row[1] < told[k][0]);
            sum += row[0] / N;
            squares += (row[0] - told[k][1]) * (row[0] - told[k][1]) / N;
            products += (row[0] - told[k][1]) * (row[1] - told[k][1]) / N;
        }
        EXPECT_TRUE(fabs(sum - told[k][1]) < 5.0 * sd / sqrt(N));
        EXPECT_TRUE(fabs(squares / told[k][2] - 1.0) < 0.15); /* heavier than normal tails */
        EXPECT_TRUE(fabs(products - told[k][3]) < 0.1 * told[k][2]);
        ASSERT_TRUE(
            lac_gaussian_complete_within(g, patterns, NULL, both_below, &told[k][0], x, NULL));
        /* 400 sweeps of a chain with little memory: sd / sqrt(400) and less, of conditional means
         */
        EXPECT_TRUE(fabs(lac_matrix_row(x, 7)[0] - told[k][1]) < 5.0 * sd / 20.0);
    }
}
