#include "lac_test.h"
#include <lacuna/rng.h>
#include <lacuna/stats.h>

#include <stdlib.h>

LAC_TEST(math_stats, mean_and_variance_of_hand_cases)
{
    static const double x[] = {1, 2, 3, 4, 10}, huge[] = {1.5e308, 1.7e308}, one = 7.5;

    EXPECT_EQ_DOUBLE(lac_stats_mean(1, &one), one);
    EXPECT_EQ_DOUBLE(lac_stats_mean(5, x), 4.0);
    EXPECT_EQ_DOUBLE(lac_stats_variance(5, x, 0), 10.0);
    EXPECT_EQ_DOUBLE(lac_stats_variance(5, x, 1), 12.5);
    EXPECT_EQ_DOUBLE(lac_stats_variance(1, &one, 1), NAN);
    EXPECT_EQ_DOUBLE(lac_stats_variance(1, &one, 0), 0.0);
    EXPECT_NEAR_DOUBLE(lac_stats_mean(2, huge) / 1.6e308, 1.0, 1e-15);
}

/* 1e9 + (0, 1, 2, ...) mod 1000: mean and variance by hand, (k^2 - 1) / 12 for k values evenly */
LAC_TEST(math_stats, a_large_offset_costs_no_digits)
{
    enum { N = 1000000 };
    g_autofree double *x = g_new(double, N);

    for (int i = 0; i < N; i++)
        x[i] = 1e9 + i % 1000;
    EXPECT_EQ_DOUBLE(lac_stats_mean(N, x), 1e9 + 499.5);
    EXPECT_NEAR_DOUBLE(lac_stats_variance(N, x, 0), (1e6 - 1.0) / 12.0, 1e-14);
}

LAC_TEST(math_stats, pairwise_sums_do_not_drift)
{
    enum { N = 3000001 };
    g_autofree double *x = g_new(double, N);

    for (int i = 0; i < N; i++)
        x[i] = 0.1;
    EXPECT_NEAR_DOUBLE(lac_stats_mean(N, x) / 0.1, 1.0, 4e-16);
}

/* Neumaier's own example: 1 + 1e100 + 1 - 1e100 = 2, where plain and Kahan sums give 0 */
LAC_TEST(math_stats, the_compensated_sum_keeps_what_the_plain_one_loses)
{
    static const double x[] = {1.0, 1e100, 1.0, -1e100}, overflow[] = {1e308, 1e308};

    EXPECT_EQ_DOUBLE(lac_stats_sum(4, x), 2.0);
    EXPECT_EQ_DOUBLE(lac_stats_sum(0, x), 0.0);
    EXPECT_EQ_DOUBLE(lac_stats_sum(2, overflow), INFINITY);
}

LAC_TEST(math_stats, trimming_cuts_both_tails_and_half_is_the_median)
{
    double a[] = {100, 1, 2, 3, -100}, b[] = {4, 1, 3, 2}, c[] = {5, 1}, d[] = {9, 1, 2};

    EXPECT_EQ_DOUBLE(lac_stats_trimmed_mean(5, a, 0.2), 2.0);
    EXPECT_EQ_DOUBLE(lac_stats_trimmed_mean(4, b, 0.5), 2.5);
    EXPECT_EQ_DOUBLE(lac_stats_trimmed_mean(2, c, 0.1), 3.0);
    EXPECT_EQ_DOUBLE(lac_stats_trimmed_mean(3, d, 0.5), 2.0);
    EXPECT_EQ_DOUBLE(lac_stats_trimmed_mean(3, d, 0.0), 4.0);
}

/* scores.md, golden 2: type 6 of (3,1,4,1.5,9,2.6,5,3.5,8): 80 % [1,9], 60 % [1.5,8], 50 %
 * [2.05,6.5]. Type 7: numpy.quantile of the same, numpy 1.24. */
LAC_TEST(math_stats, quantiles_of_types_6_and_7)
{
    double x[] = {3, 1, 4, 1.5, 9, 2.6, 5, 3.5, 8};

    lac_stats_sort(9, x);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.1, 6), 1.0, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.9, 6), 9.0, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.2, 6), 1.5, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.8, 6), 8.0, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.25, 6), 2.05, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.75, 6), 6.5, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.1, 7), 1.4, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_stats_quantile(9, x, 0.33, 7), 2.856, 1e-15);
    EXPECT_EQ_DOUBLE(lac_stats_quantile(9, x, 0.5, 7), 3.5);
    EXPECT_EQ_DOUBLE(lac_stats_quantile(9, x, 0.0, 6), 1.0);
    EXPECT_EQ_DOUBLE(lac_stats_quantile(9, x, 1.0, 6), 9.0);
    EXPECT_EQ_DOUBLE(lac_stats_quantile(1, x, 0.3, 6), 1.0);
}

LAC_TEST(math_stats, quantiles_between_infinities_are_no_nan)
{
    static const double x[] = {-INFINITY, -INFINITY, 0, INFINITY, INFINITY};

    EXPECT_EQ_DOUBLE(lac_stats_quantile(5, x, 0.1, 7), -INFINITY);
    EXPECT_EQ_DOUBLE(lac_stats_quantile(5, x, 0.5, 7), 0.0);
    EXPECT_EQ_DOUBLE(lac_stats_quantile(5, x, 0.9, 7), INFINITY);
}

static int
by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* values of all sizes and signs, some of them equal, infinities among them */
static void
fill_mixed(size_t n, double *x, uint64_t seed)
{
    LacRng rng = lac_rng_new(seed);

    for (size_t i = 0; i < n; i++) {
        const uint64_t kind = lac_rng_below(&rng, 8);

        x[i] = kind == 0   ? (double)lac_rng_below(&rng, 5) - 2.0
               : kind == 1 ? (lac_rng_uniform(&rng) < 0.5 ? -0.0 : 0.0)
               : kind == 2 ? (lac_rng_uniform(&rng) < 0.5 ? -INFINITY : INFINITY)
                           : lac_rng_normal(&rng) * exp(100.0 * lac_rng_normal(&rng));
    }
}

LAC_TEST(math_stats, sort_agrees_with_the_c_library)
{
    for (size_t n = 0; n < 3000; n = n * 3 / 2 + 1) {
        g_autofree double *x = g_new(double, n + 1), *y = g_new(double, n + 1);

        fill_mixed(n, x, n);
        memcpy(y, x, n * sizeof *x);
        lac_stats_sort(n, x);
        qsort(y, n, sizeof *y, by_value);
        for (size_t i = 0; i < n; i++)
            EXPECT_TRUE(x[i] == y[i]);
    }
}

LAC_TEST(math_stats, order_is_a_stable_permutation)
{
    for (size_t n = 1; n < 3000; n = n * 3 / 2 + 1) {
        g_autofree double *x = g_new(double, n);
        g_autofree size_t *order = g_new(size_t, n);
        g_autofree gboolean *seen = g_new0(gboolean, n);

        fill_mixed(n, x, n);
        lac_stats_order(n, x, order);
        for (size_t i = 0; i < n; i++) {
            ASSERT_TRUE(order[i] < n && !seen[order[i]]);
            seen[order[i]] = TRUE;
            if (i > 0) {
                const double before = x[order[i - 1]], here = x[order[i]];

                EXPECT_TRUE(before < here || (before == here && order[i - 1] < order[i]));
            }
        }
    }
}

LAC_TEST(math_stats, mode_takes_the_smallest_of_the_most_frequent)
{
    static const double codes[] = {2, 1, 2, 1, 0};

    EXPECT_EQ_INT(lac_stats_mode(5, codes, 3), 1);
    EXPECT_EQ_INT(lac_stats_mode(1, codes, 3), 2);
    EXPECT_EQ_INT(lac_stats_mode(0, codes, 3), -1);
}

static LacPooled
pool(size_t m, const double *q, const double *u, double df)
{
    g_autoptr(GError) error = NULL;
    LacPooled p = {0};

    EXPECT_TRUE(lac_stats_rubin_pool(m, q, u, df, &p, &error));
    return p;
}

/* classical.md section 3.1: mice::pool.scalar, n = 30, k = 2 */
LAC_TEST(math_stats, rubin_pool_matches_mice)
{
    static const double q[] = {1.10, 1.25, 0.95, 1.05, 1.30};
    static const double u[] = {0.040, 0.050, 0.045, 0.042, 0.048};
    LacPooled p = pool(5, q, u, 28.0);

    EXPECT_NEAR_DOUBLE(p.estimate, 1.13, 1e-15);
    EXPECT_NEAR_DOUBLE(p.within, 0.045, 1e-15);
    EXPECT_NEAR_DOUBLE(p.between, 0.02075, 1e-15);
    EXPECT_NEAR_DOUBLE(p.total, 0.0699, 1e-15);
    EXPECT_NEAR_DOUBLE(p.riv, 0.553333333333, 1e-12);
    EXPECT_NEAR_DOUBLE(p.lambda, 0.356223175966, 1e-12);
    EXPECT_NEAR_DOUBLE(p.df, 10.9858875659, 1e-11);
    EXPECT_NEAR_DOUBLE(p.fmi, 0.448284093945, 1e-12);
    EXPECT_NEAR_DOUBLE(p.estimate - lac_t_quantile(0.975, p.df) * sqrt(p.total), 0.547998943481,
                       1e-11);
    EXPECT_NEAR_DOUBLE(2.0 * lac_t_cdf(p.estimate / sqrt(p.total), p.df, TRUE), 0.00131551432298,
                       1e-12);
    p = pool(5, q, u, INFINITY);
    EXPECT_NEAR_DOUBLE(p.df, 31.5221367397, 1e-11);
    EXPECT_NEAR_DOUBLE(p.fmi, 0.393519640486, 1e-12);
}

/* scores.md, golden 2: scores_golden.py and mice::pool.scalar */
LAC_TEST(math_stats, rubin_pool_matches_the_second_golden_case)
{
    static const double q[] = {10.2, 9.8, 10.5, 9.9, 10.1}, u[] = {0.30, 0.28, 0.33, 0.31, 0.29};
    const LacPooled p = pool(5, q, u, 99.0);
    const double half = lac_t_quantile(0.975, p.df) * sqrt(p.total);

    EXPECT_NEAR_DOUBLE(p.total, 0.392, 1e-14);
    EXPECT_NEAR_DOUBLE(p.lambda, 0.2295918367, 1e-10);
    EXPECT_NEAR_DOUBLE(p.df, 37.66255251, 1e-9);
    EXPECT_NEAR_DOUBLE(p.fmi, 0.2674845963, 1e-10);
    EXPECT_NEAR_DOUBLE(p.estimate - half, 8.83215573, 1e-9);
    EXPECT_NEAR_DOUBLE(p.estimate + half, 11.36784427, 1e-9);
}

LAC_TEST(math_stats, rubin_pool_of_variances_that_vanish)
{
    static const double same[] = {1, 1, 1}, q[] = {1, 2, 3}, u[] = {0.1, 0.1, 0.1},
                        zero[] = {0, 0, 0};
    LacPooled p = pool(3, same, u, 18.0);

    EXPECT_NEAR_DOUBLE(p.df, 16.2857142857, 1e-11); /* mice 3.19 */
    EXPECT_EQ_DOUBLE(p.riv, 0.0);
    EXPECT_NEAR_DOUBLE(p.fmi, 2.0 / (p.df + 3.0), 1e-15);
    p = pool(3, same, u, INFINITY);
    EXPECT_EQ_DOUBLE(p.df, INFINITY);
    EXPECT_EQ_DOUBLE(p.fmi, 0.0);
    p = pool(3, q, zero, 18.0);
    EXPECT_EQ_DOUBLE(p.riv, INFINITY);
    EXPECT_EQ_DOUBLE(p.lambda, 1.0);
    EXPECT_EQ_DOUBLE(p.df, 0.0);
    EXPECT_EQ_DOUBLE(p.fmi, 1.0);
    p = pool(3, same, zero, 18.0);
    EXPECT_EQ_DOUBLE(p.total, 0.0);
    EXPECT_EQ_DOUBLE(p.lambda, 0.0);
}

LAC_TEST(math_stats, rubin_pool_names_the_bad_entry_and_leaves_the_result)
{
    static const double q[] = {1, NAN, 3}, good[] = {1, 2, 3}, u[] = {0.1, 0.1, -0.1};
    g_autoptr(GError) first = NULL, second = NULL;
    LacPooled p = {.df = 42.0};

    EXPECT_FALSE(lac_stats_rubin_pool(3, q, u, INFINITY, &p, &first));
    EXPECT_ERROR(first, LAC_ERROR_NUMERIC, "estimate 2 of 3");
    EXPECT_FALSE(lac_stats_rubin_pool(3, good, u, INFINITY, &p, &second));
    EXPECT_ERROR(second, LAC_ERROR_NUMERIC, "variance 3 of 3 is -0.1");
    EXPECT_EQ_DOUBLE(p.df, 42.0);
}

/* Barnard-Rubin degrees of freedom for total variance @t of which the share @lambda is between:
 * the m estimates alternate around 0 such that their variance is lambda t / (1 + 1/m). */
static double
barnard_rubin(size_t m, double t, double df_complete, double lambda)
{
    double q[10], u[10];
    const double b = lambda * t / (1.0 + 1.0 / (double)m);
    const double swing = sqrt(b * (double)(m - 1) / (double)m);

    for (size_t i = 0; i < m; i++) {
        q[i] = i % 2 == 0 ? swing : -swing;
        u[i] = t * (1.0 - lambda);
    }
    return pool(m, q, u, df_complete).df;
}

/* the formula of the paper, with mice's floor under lambda before version 3.19 */
static double
barnard_rubin_floored(double m, double nu, double lambda)
{
    const double floored = fmax(lambda, 1e-4);
    const double old = (m - 1.0) / (floored * floored);
    const double observed = (nu + 1.0) / (nu + 3.0) * nu * (1.0 - floored);

    return old * observed / (old + observed);
}

/* Ids and inputs of mice 3.19.10 tests/testthat/test-barnard.rubin.R; values of classical.md
 * section 3.2, where mice's function was called element by element. */
LAC_TEST(math_stats, BARNARD_RUBIN_001_equals_the_old_formula_above_its_floor)
{
    for (int i = 0; i < 100; i++) {
        const double lambda = 1.0 + (1e-4 - 1.0) * i / 99.0;

        EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, 100.0, lambda),
                           barnard_rubin_floored(10.0, 100.0, lambda), 1e-11);
    }
    EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, 100.0, 0.5), 20.7581639644, 1e-11);
    EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, 100.0, 0.2), 58.1666933291, 1e-11);
    EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, 100.0, 0.1), 80.3713527851, 1e-11);
    EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, 100.0, 0.01), 96.9730707945, 1e-11);
    EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, 100.0, 1e-3), 97.959127942, 1e-11);
}

LAC_TEST(math_stats, BARNARD_RUBIN_002_infinite_complete_df)
{
    for (int i = 0; i < 100; i++) {
        const double lambda = 1.0 + (1e-4 - 1.0) * i / 99.0;

        EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, INFINITY, lambda) * lambda * lambda, 9.0, 1e-11);
    }
}

LAC_TEST(math_stats, BARNARD_RUBIN_003_differs_from_the_old_formula_below_its_floor)
{
    for (int i = 1; i < 100; i++) {
        const double lambda = 1e-4 * (1.0 - i / 99.0);

        EXPECT_TRUE(barnard_rubin(10, 1.0, 100.0, lambda) >
                    barnard_rubin_floored(10.0, 100.0, lambda) + 1e-8);
    }
}

LAC_TEST(math_stats, BARNARD_RUBIN_004_reaches_its_limit_for_no_missing_information)
{
    static const double cases[][2] = {
        {0.0, 98.0582524272}, {1e-8, 98.0582514466}, {1e-6, 98.0581543679}, {5e-5, 98.0533468439}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        EXPECT_NEAR_DOUBLE(barnard_rubin(10, 1.0, 100.0, cases[i][0]), cases[i][1], 1e-11);
}

LAC_TEST(math_stats, BARNARD_RUBIN_005_other_m_and_scale)
{
    EXPECT_NEAR_DOUBLE(barnard_rubin(8, 2.0, INFINITY, 1e-4), 7e8, 1e-11);
    EXPECT_NEAR_DOUBLE(barnard_rubin(8, 2.0, INFINITY, 1e-3), 7e6, 1e-11);
    EXPECT_NEAR_DOUBLE(barnard_rubin(8, 2.0, INFINITY, 0.2), 175.0, 1e-11);
}

/* By hand: 1, 2, 6 have mean 3 and variance (4 + 1 + 9) / 2 = 7. */
LAC_TEST(math_stats, mean_and_sd_survive_numbers_whose_squares_are_no_doubles)
{
    const int exponents[] = {0, 1015, -1015};
    double mean, sd;

    for (size_t k = 0; k < G_N_ELEMENTS(exponents); k++) {
        const double unit = ldexp(1.0, exponents[k]), x[3] = {unit, 2 * unit, 6 * unit};

        ASSERT_TRUE(lac_stats_mean_sd(3, x, &mean, &sd));
        EXPECT_EQ_DOUBLE(mean, 3 * unit);
        EXPECT_NEAR_DOUBLE(sd / unit, sqrt(7.0), 1e-15);
    }
    const double one[1] = {-4.0}, wide[2] = {1.5e308, -1.5e308};

    ASSERT_TRUE(lac_stats_mean_sd(1, one, &mean, &sd));
    EXPECT_EQ_DOUBLE(mean, -4.0);
    EXPECT_EQ_DOUBLE(sd, 0.0);
    EXPECT_TRUE(!lac_stats_mean_sd(2, wide, &mean, &sd));
}

/* the rule's formula computed in R; fmi 0 needs the fewest there can be */
LAC_TEST(math_stats, draws_needed_follow_the_two_stage_rule)
{
    EXPECT_EQ_INT(lac_stats_rubin_draws(0.1, 5, 0.05), 17);
    EXPECT_EQ_INT(lac_stats_rubin_draws(0.3, 5, 0.05), 73);
    EXPECT_EQ_INT(lac_stats_rubin_draws(0.5, 5, 0.05), 122);
    EXPECT_EQ_INT(lac_stats_rubin_draws(0.1, 20, 0.05), 7);
    EXPECT_EQ_INT(lac_stats_rubin_draws(0.3, 20, 0.05), 41);
    EXPECT_EQ_INT(lac_stats_rubin_draws(0.5, 20, 0.05), 86);
    EXPECT_EQ_INT(lac_stats_rubin_draws(0.0, 5, 0.05), 2);
    EXPECT_EQ_INT(lac_stats_rubin_draws(1.0, 5, 0.1), 51);
}
