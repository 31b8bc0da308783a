#include "lac_test.h"
#include "special_golden.h"
#include <lacuna/stats.h>

/* both relative to the expected value, however small that is */
static void
expect_close(double got, double expected, double tolerance, const char *what, size_t row)
{
    if (!(fabs(got - expected) <= tolerance * fabs(expected)))
        lac_test_fail(__FILE__, __LINE__, "%s, row %zu: %.17g, expected %.17g (off by %.2g)", what,
                      row, got, expected, fabs(got / expected - 1.0));
}

/* Tolerances: a few rounding errors of ours and of scipy's; the arguments of exp in the tails are
 * near 700, whose rounding alone gives 1e-13. */
LAC_TEST(math_special, normal_distribution_matches_scipy_far_into_the_tail)
{
    for (size_t i = 0; i < G_N_ELEMENTS(normal_cdf); i++)
        expect_close(lac_normal_cdf(normal_cdf[i][0]), normal_cdf[i][1], 2e-13, "normal cdf", i);
}

LAC_TEST(math_special, normal_quantile_matches_scipy_and_inverts_the_distribution)
{
    for (size_t i = 0; i < G_N_ELEMENTS(normal_quantile); i++) {
        const double p = normal_quantile[i][0], z = lac_normal_quantile(p);

        expect_close(z, normal_quantile[i][1], 1e-14, "normal quantile", i);
        /* an error of one ulp in z changes p by |z|^2 ulps; there are two roundings */
        expect_close(lac_normal_cdf(z), p, (4.0 + 2.0 * z * z) * 2.3e-16, "normal round trip", i);
        EXPECT_EQ_DOUBLE(lac_normal_quantile(0.75), -lac_normal_quantile(0.25));
    }
}

LAC_TEST(math_special, normal_ends_and_nonsense)
{
    EXPECT_EQ_DOUBLE(lac_normal_quantile(0.0), -INFINITY);
    EXPECT_EQ_DOUBLE(lac_normal_quantile(1.0), INFINITY);
    EXPECT_EQ_DOUBLE(lac_normal_quantile(1.5), NAN);
    EXPECT_EQ_DOUBLE(lac_normal_quantile(NAN), NAN);
    EXPECT_EQ_DOUBLE(lac_normal_cdf(-INFINITY), 0.0);
    EXPECT_EQ_DOUBLE(lac_normal_cdf(INFINITY), 1.0);
    EXPECT_NEAR_DOUBLE(lac_normal_pdf(0.0), 0.39894228040143267794, 1e-16);
}

LAC_TEST(math_special, sigmoid_neither_overflows_nor_loses_its_tail)
{
    EXPECT_EQ_DOUBLE(lac_sigmoid(0.0), 0.5);
    EXPECT_EQ_DOUBLE(lac_sigmoid(1000.0), 1.0);
    expect_close(lac_sigmoid(-700.0), exp(-700.0), 1e-15, "sigmoid", 0);
    EXPECT_NEAR_DOUBLE(lac_sigmoid(2.0) + lac_sigmoid(-2.0), 1.0, 2e-16);
}

LAC_TEST(math_special, incomplete_gamma_matches_scipy_in_both_tails)
{
    for (size_t i = 0; i < G_N_ELEMENTS(gamma_inc); i++) {
        const double *row = gamma_inc[i];

        expect_close(lac_gamma_inc(row[0], row[1], FALSE), row[2], 2e-13, "gamma P", i);
        expect_close(lac_gamma_inc(row[0], row[1], TRUE), row[3], 2e-13, "gamma Q", i);
    }
    EXPECT_EQ_DOUBLE(lac_gamma_inc(2.0, 0.0, FALSE), 0.0);
    EXPECT_EQ_DOUBLE(lac_gamma_inc(2.0, INFINITY, TRUE), 0.0);
    EXPECT_EQ_DOUBLE(lac_gamma_inc(0.0, 1.0, TRUE), NAN);
}

/* Q(n, x) is the Poisson probability of fewer than n events: exp(-x) (1 + x + x^2 / 2 + ...). */
LAC_TEST(math_special, incomplete_gamma_of_whole_numbers_is_a_poisson_sum)
{
    for (int n = 1; n <= 30; n++)
        for (double x = 0.25; x < 60.0; x *= 1.7) {
            double term = exp(-x), sum = 0.0;

            for (int k = 0; k < n; k++) {
                sum += term;
                term *= x / (k + 1);
            }
            expect_close(lac_gamma_inc(n, x, TRUE), sum, 2e-14, "poisson sum", (size_t)n);
        }
}

LAC_TEST(math_special, incomplete_beta_matches_scipy)
{
    for (size_t i = 0; i < G_N_ELEMENTS(beta_inc); i++) {
        const double *row = beta_inc[i];

        expect_close(lac_beta_inc(row[0], row[1], row[2]), row[3], 3e-13, "beta", i);
    }
    EXPECT_EQ_DOUBLE(lac_beta_inc(0.0, 2.0, 3.0), 0.0);
    EXPECT_EQ_DOUBLE(lac_beta_inc(1.0, 2.0, 3.0), 1.0);
    EXPECT_EQ_DOUBLE(lac_beta_inc(0.5, -1.0, 3.0), NAN);
}

/* I_x(a, n - a + 1) is the binomial probability of at least a of n successes. */
LAC_TEST(math_special, incomplete_beta_of_whole_numbers_is_a_binomial_sum)
{
    const int n = 12;

    for (double x = 0.02; x < 1.0; x += 0.07)
        for (int a = 1; a <= n; a++) {
            double sum = 0.0, choose = 1.0;

            for (int k = n; k >= a; k--) {
                sum += choose * pow(x, k) * pow(1.0 - x, n - k);
                choose *= (double)k / (n - k + 1);
            }
            expect_close(lac_beta_inc(x, a, n - a + 1), sum, 3e-14, "binomial sum", (size_t)a);
        }
}

LAC_TEST(math_special, t_matches_r_and_its_closed_forms)
{
    for (size_t i = 0; i < G_N_ELEMENTS(t_tail); i++)
        expect_close(lac_t_cdf(t_tail[i][0], t_tail[i][1], TRUE), t_tail[i][2], 2e-13, "t tail", i);
    for (double t = 0.01; t < 1e5; t *= 3.0) {
        /* one degree of freedom is Cauchy; the tail by atan(1 / t) keeps its digits */
        expect_close(lac_t_cdf(t, 1.0, TRUE), atan(1.0 / t) / G_PI, 1e-14, "cauchy", 0);
        expect_close(lac_t_cdf(-t, 1.0, FALSE), atan(1.0 / t) / G_PI, 1e-14, "cauchy", 1);
    }
    EXPECT_EQ_DOUBLE(lac_t_cdf(0.0, 3.0, FALSE), 0.5);
    EXPECT_EQ_DOUBLE(lac_t_cdf(1.3, INFINITY, FALSE), lac_normal_cdf(1.3));
    EXPECT_EQ_DOUBLE(lac_t_cdf(INFINITY, 3.0, TRUE), 0.0);
    EXPECT_EQ_DOUBLE(lac_t_cdf(-INFINITY, 3.0, TRUE), 1.0);
}

LAC_TEST(math_special, t_quantile_matches_r)
{
    for (size_t i = 0; i < G_N_ELEMENTS(t_quantile); i++)
        expect_close(lac_t_quantile(t_quantile[i][0], t_quantile[i][1]), t_quantile[i][2], 1e-12,
                     "t quantile", i);
}

/* df = 1: tan(pi (p - 1/2)); df = 2: (2p - 1) sqrt(2 / (4 p (1 - p))) */
LAC_TEST(math_special, t_quantile_matches_its_closed_forms)
{
    for (double p = 1e-9; p < 0.5; p *= 2.5) {
        expect_close(lac_t_quantile(p, 1.0), -1.0 / tan(G_PI * p), 1e-14, "cauchy", 0);
        expect_close(lac_t_quantile(p, 2.0), (2.0 * p - 1.0) / sqrt(2.0 * p * (1.0 - p)), 1e-14,
                     "two", 0);
    }
    for (double d = 1e-12; d < 0.25; d *= 4.0) /* near the middle: t itself keeps its digits */
        expect_close(lac_t_quantile(0.5 + d, 2.0),
                     2.0 * (0.5 + d - 0.5) / sqrt(2.0 * (0.5 + d) * (0.5 - d)), 2e-14, "middle", 0);
    EXPECT_EQ_DOUBLE(lac_t_quantile(0.5, 4.0), 0.0);
    EXPECT_EQ_DOUBLE(lac_t_quantile(0.0, 4.0), -INFINITY);
    EXPECT_EQ_DOUBLE(lac_t_quantile(0.975, INFINITY), lac_normal_quantile(0.975));
}

LAC_TEST(math_special, f_matches_scipy_and_its_limits)
{
    for (size_t i = 0; i < G_N_ELEMENTS(f_cdf); i++) {
        const double *row = f_cdf[i];

        expect_close(lac_f_cdf(row[0], row[1], row[2], FALSE), row[3], 3e-13, "F", i);
        expect_close(lac_f_cdf(row[0], row[1], row[2], TRUE), row[4], 3e-13, "F tail", i);
    }
    EXPECT_NEAR_DOUBLE(lac_f_cdf(1.5, 4.0, INFINITY, TRUE), lac_chi2_cdf(6.0, 4.0, TRUE), 1e-15);
    EXPECT_NEAR_DOUBLE(lac_f_cdf(1.5, INFINITY, 6.0, TRUE), lac_chi2_cdf(4.0, 6.0, FALSE), 1e-15);
    EXPECT_EQ_DOUBLE(lac_f_cdf(0.0, 4.0, 5.0, TRUE), 1.0);
    EXPECT_EQ_DOUBLE(lac_f_cdf(INFINITY, 4.0, 5.0, TRUE), 0.0);
}

LAC_TEST(math_special, chi_squared_matches_scipy)
{
    for (size_t i = 0; i < G_N_ELEMENTS(chi2_tail); i++)
        expect_close(lac_chi2_cdf(chi2_tail[i][0], chi2_tail[i][1], TRUE), chi2_tail[i][2], 2e-13,
                     "chi2", i);
    /* scores.md, golden 2: PIT counts */
    EXPECT_NEAR_DOUBLE(lac_chi2_cdf(6.9, 5.0, TRUE), 0.2281843081, 1e-10);
}
