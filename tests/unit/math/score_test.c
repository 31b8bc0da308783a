/* Kernels of the scores. "numpy": computed by numpy/scipy from the definitions (double loops,
 * scipy.stats.wasserstein_distance, energy_distance squared, ks_2samp, numpy.quantile of method
 * weibull), printed to ten digits. */
#include "context-private.h"
#include "lac_test.h"
#include <lacuna/rng.h>
#include <lacuna/score.h>
#include <lacuna/stats.h>

/* by definition: E|X - x| - half the mean distance of pairs */
static double
crps_by_pairs(size_t m, const double *draws, double truth, gboolean fair)
{
    double miss = 0, spread = 0;

    for (size_t d = 0; d < m; d++) {
        miss += fabs(draws[d] - truth);
        for (size_t e = 0; e < m; e++)
            spread += fabs(draws[d] - draws[e]);
    }
    return miss / (double)m - spread / (2 * (double)m * (double)(fair ? m - 1 : m));
}

LAC_TEST(math_score, crps_golden)
{
    const double sorted[] = {-.3, .5, 1.2, 2};

    EXPECT_NEAR_DOUBLE(lac_score_crps(4, sorted, .8, TRUE), .1166666667, 1e-10); /* numpy */
    EXPECT_NEAR_DOUBLE(lac_score_crps(4, sorted, .8, FALSE), .275, 1e-15);       /* numpy */
    EXPECT_EQ_DOUBLE(lac_score_crps(1, sorted, .8, FALSE), 1.1); /* one draw: absolute error */
}

LAC_TEST(math_score, crps_by_sorting_equals_the_double_loop)
{
    LacRng rng = lac_rng_new(1);

    for (size_t m = 2; m < 40; m++) {
        double draws[40];

        lac_rng_fill_normal(&rng, m, draws);
        draws[m / 2] = draws[0]; /* a tie */
        const double truth = lac_rng_normal(&rng);

        lac_stats_sort(m, draws);
        for (int fair = 0; fair < 2; fair++)
            EXPECT_NEAR_DOUBLE(lac_score_crps(m, draws, truth, fair),
                               crps_by_pairs(m, draws, truth, fair), 1e-14);
    }
}

/* V - fair = sum over pairs |x_d - x_e| / (2 m^2 (m - 1)); an offset must not eat the digits */
LAC_TEST(math_score, crps_survives_a_large_offset)
{
    const double plain[] = {-.25, .5, 1.25, 2};
    double moved[4];

    for (size_t d = 0; d < 4; d++)
        moved[d] = plain[d] + 1e9;
    EXPECT_EQ_DOUBLE(lac_score_crps(4, moved, 1e9 + .75, TRUE),
                     lac_score_crps(4, plain, .75, TRUE));
}

/* E CRPS of N(0,1) against itself is 1/sqrt(pi); four standard errors of the mean of n scores */
LAC_TEST(math_score, fair_crps_does_not_depend_on_the_number_of_draws)
{
    const size_t ms[] = {2, 5, 20}, n = 20000;
    LacRng rng = lac_rng_new(3);

    for (size_t k = 0; k < G_N_ELEMENTS(ms); k++) {
        double sum = 0, square = 0, draws[20];

        for (size_t i = 0; i < n; i++) {
            lac_rng_fill_normal(&rng, ms[k], draws);
            lac_stats_sort(ms[k], draws);
            const double score = lac_score_crps(ms[k], draws, lac_rng_normal(&rng), TRUE);

            sum += score;
            square += score * score;
        }
        const double mean = sum / (double)n;
        const double se = sqrt((square / (double)n - mean * mean) / (double)n);

        EXPECT_TRUE(se < 0.01);
        EXPECT_NEAR_DOUBLE(mean, 1 / sqrt(G_PI), 4 * se);
    }
}

LAC_TEST(math_score, interval_golden)
{
    double sorted[] = {3, 1, 4, 1.5, 9, 2.6, 5, 3.5, 8}, lower, upper;

    lac_stats_sort(9, sorted);
    EXPECT_EQ_DOUBLE(lac_score_interval(9, sorted, .8, &lower, &upper), .8);
    EXPECT_NEAR_DOUBLE(lower, 1, 1e-12); /* numpy, as all below */
    EXPECT_NEAR_DOUBLE(upper, 9, 1e-12);
    lac_score_interval(9, sorted, .6, &lower, &upper);
    EXPECT_NEAR_DOUBLE(lower, 1.5, 1e-12);
    EXPECT_NEAR_DOUBLE(upper, 8, 1e-12);
    lac_score_interval(9, sorted, .5, &lower, &upper);
    EXPECT_NEAR_DOUBLE(lower, 2.05, 1e-12);
    EXPECT_NEAR_DOUBLE(upper, 6.5, 1e-12);
}

LAC_TEST(math_score, too_few_draws_for_a_level_give_their_range)
{
    const double sorted[] = {1, 2, 3, 4, 5};
    double lower, upper;

    EXPECT_NEAR_DOUBLE(lac_score_interval(5, sorted, .9, &lower, &upper), 4.0 / 6, 1e-15);
    EXPECT_EQ_DOUBLE(lower, 1);
    EXPECT_EQ_DOUBLE(upper, 5);
}

/* end points at whole ranks cover exactly: binomial standard error of n trials */
LAC_TEST(math_score, eighty_percent_intervals_cover_eighty_percent)
{
    const size_t ms[] = {9, 19, 99}, n = 10000;
    LacRng rng = lac_rng_new(4);

    for (size_t k = 0; k < G_N_ELEMENTS(ms); k++) {
        double draws[99], lower, upper, inside = 0;

        for (size_t i = 0; i < n; i++) {
            lac_rng_fill_normal(&rng, ms[k], draws);
            lac_stats_sort(ms[k], draws);
            lac_score_interval(ms[k], draws, .8, &lower, &upper);
            const double truth = lac_rng_normal(&rng);

            inside += truth >= lower && truth <= upper;
        }
        EXPECT_NEAR_DOUBLE(inside / (double)n, .8, 4 * sqrt(.16 / (double)n));
    }
}

LAC_TEST(math_score, energy_score_golden)
{
    const double draws[] = {0, 0, 1, 1, 2, -1}, truth[] = {.5, .2};

    EXPECT_NEAR_DOUBLE(lac_score_energy(3, 2, draws, truth), .1532257022, 1e-10); /* numpy */
}

LAC_TEST(math_score, energy_score_of_one_cell_is_its_crps)
{
    const double sorted[] = {-.3, .5, 1.2, 2}, truth = .8;

    EXPECT_NEAR_DOUBLE(lac_score_energy(4, 1, sorted, &truth),
                       lac_score_crps(4, sorted, truth, TRUE), 1e-15);
}

LAC_TEST(math_score, distances_of_samples_golden)
{
    const double u[] = {0, 1, 3, 4}, v[] = {.5, 2, 2}, w[] = {0, 1, 3};

    EXPECT_NEAR_DOUBLE(lac_score_wasserstein(4, u, 3, v, 1), 1.083333333, 1e-9); /* numpy */
    EXPECT_NEAR_DOUBLE(lac_score_wasserstein(3, w, 3, v, 2), .8660254038, 1e-10);
    EXPECT_EQ_DOUBLE(lac_score_ks(4, u, 3, v), .5);
    EXPECT_EQ_DOUBLE(lac_score_wasserstein(4, u, 4, u, 1), 0);
    EXPECT_EQ_DOUBLE(lac_score_ks(4, u, 4, u), 0);
}

static double
energy_distance(size_t n, double *x, size_t m, double *y, size_t q)
{
    const LacMatrix a = {n, q, q, x}, b = {m, q, q, y};
    double out = NAN;

    EXPECT_TRUE(lac_score_energy_distance(&a, &b, &out, NULL));
    return out;
}

LAC_TEST(math_score, energy_distance_golden)
{
    double x[] = {0, 0, 1, 0, 0, 1, 2, 2}, z[] = {0, 1, 1, 1, 3, 2};
    double u[] = {0, 1, 3, 4}, v[] = {.5, 2, 2};

    EXPECT_NEAR_DOUBLE(energy_distance(4, x, 3, z, 2), .5846257878, 1e-10); /* numpy */
    EXPECT_NEAR_DOUBLE(energy_distance(4, u, 3, v, 1), .75, 1e-12);         /* numpy, one column */
    EXPECT_EQ_DOUBLE(energy_distance(4, x, 4, x, 2), 0);
}

/* the sum over all pairs, in the order of the definition */
static double
energy_by_pairs(size_t n, const double *x, size_t m, const double *y, size_t q)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m; k++) {
            double square = 0;

            for (size_t j = 0; j < q; j++)
                square += pow(x[i * q + j] - y[k * q + j], 2);
            sum += sqrt(square);
        }
    }
    return sum / ((double)n * (double)m);
}

/* both routes (differences up to 16 columns, matrix product above), block edges, near duplicates
 * far from the origin */
LAC_TEST(math_score, energy_distance_equals_its_definition)
{
    const size_t qs[] = {1, 2, 16, 17, 40}, n = 300, m = 257;

    for (size_t k = 0; k < G_N_ELEMENTS(qs); k++) {
        const size_t q = qs[k];
        g_autofree double *x = g_new(double, n *q), *y = g_new(double, m *q);
        LacRng rng = lac_rng_new(q);

        lac_rng_fill_normal(&rng, n * q, x);
        lac_rng_fill_normal(&rng, m * q, y);
        for (size_t j = 0; j < 20 * q; j++)
            y[j] = x[j] + 1e-9 * y[j];
        for (size_t j = 0; j < n * q; j++)
            x[j] += 1e3;
        for (size_t j = 0; j < m * q; j++)
            y[j] += 1e3;
        const double expected = 2 * energy_by_pairs(n, x, m, y, q) -
                                energy_by_pairs(n, x, n, x, q) - energy_by_pairs(m, y, m, y, q);

        EXPECT_NEAR_DOUBLE(energy_distance(n, x, m, y, q), expected, 1e-10);
    }
}

LAC_TEST(math_score, threads_do_not_change_a_bit_of_the_energy_distance)
{
    const size_t n = 700, q = 40;
    g_autofree double *x = g_new(double, n *q), *y = g_new(double, n *q);
    LacRng rng = lac_rng_new(9);

    lac_rng_fill_normal(&rng, n * q, x);
    lac_rng_fill_normal(&rng, n * q, y);
    lac_threads_set(1);
    const double one = energy_distance(n, x, n, y, q);

    lac_threads_set(2);
    EXPECT_EQ_DOUBLE(energy_distance(n, x, n, y, q), one);
    lac_threads_set(0);
    EXPECT_TRUE(one > 0 && one < .1); /* both from the same law */
}

/* rows that both samples share enter with the square of the others' share */
LAC_TEST(math_score, shared_rows_scale_the_energy_distance)
{
    double x[80 * 2], y[80 * 2];
    LacRng rng = lac_rng_new(5);

    lac_rng_fill_normal(&rng, 160, x);
    memcpy(y, x, sizeof x);
    for (size_t k = 100; k < 160; k++)
        y[k] += 1;
    const double all = energy_distance(80, x, 80, y, 2);
    const double some = energy_distance(30, x + 100, 30, y + 100, 2);

    EXPECT_NEAR_DOUBLE(all / (.375 * .375 * some), 1, 1e-10);
}

LAC_TEST(math_score, sums_keep_small_terms_and_norms_extreme_ones)
{
    LacSum sum = {0};
    LacNorm large = {0}, small = {0}, mixed = {0}, lost = {0};

    lac_sum_add(&sum, 1);
    lac_sum_add(&sum, 1e100);
    lac_sum_add(&sum, 1);
    lac_sum_add(&sum, -1e100);
    EXPECT_EQ_DOUBLE(lac_sum_value(&sum), 2);
    lac_norm_add(&large, 3e300);
    lac_norm_add(&large, 4e300);
    EXPECT_NEAR_DOUBLE(lac_norm_value(&large) / 5e300, 1, 1e-15);
    lac_norm_add(&small, 3e-310);
    lac_norm_add(&small, 4e-310);
    EXPECT_NEAR_DOUBLE(lac_norm_value(&small) / 5e-310, 1, 1e-12);
    lac_norm_add(&mixed, 3);
    lac_norm_add(&mixed, 4);
    lac_norm_add(&mixed, 1e-300);
    EXPECT_EQ_DOUBLE(lac_norm_value(&mixed), 5);
    lac_norm_add(&mixed, INFINITY);
    EXPECT_TRUE(isinf(lac_norm_value(&mixed)));
    lac_norm_add(&lost, 1);
    lac_norm_add(&lost, NAN);
    EXPECT_TRUE(isnan(lac_norm_value(&lost)));
}
