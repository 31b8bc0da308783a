/* lacuna/match.h. The matchindex cases are those of mice 3.15's `matchindex(d, t, k)`. */
#include <lac_test.h>
#include <lacuna/match.h>
#include <lacuna/stats.h>

static double
nearest(const double *sorted, size_t n, double target, size_t nth)
{
    return sorted[lac_match_nth(n, sorted, target, nth)];
}

LAC_TEST(math_match, nearest_donors_equal_matchindex)
{
    const double d[] = {-5, 5, 0, 10, 12}, t[] = {-6, -4, 0, 2, 4, -2, 6};
    const double expected[] = {-5, -5, 0, 0, 5, 0, 5};
    const LacRng ties = lac_rng_new(1);
    g_autoptr(LacMatcher) matcher = lac_matcher_new();

    lac_matcher_build(matcher, 5, d, &ties);
    for (size_t i = 0; i < G_N_ELEMENTS(t); i++) {
        const size_t at = lac_match_pick(5, matcher->score, t[i], 1, 0.999);

        EXPECT_EQ_DOUBLE(matcher->score[at], expected[i]);
        EXPECT_EQ_DOUBLE(d[matcher->donor[at]], expected[i]);
    }
}

LAC_TEST(math_match, three_nearest_of_two_and_six)
{
    const double d[] = {-5, 0, 5, 10, 12};

    EXPECT_EQ_DOUBLE(nearest(d, 5, 2, 0), 0);
    EXPECT_EQ_DOUBLE(nearest(d, 5, 2, 1), 5);
    EXPECT_EQ_DOUBLE(nearest(d, 5, 2, 2), -5);
    EXPECT_EQ_DOUBLE(nearest(d, 5, 6, 0), 5);
    EXPECT_EQ_DOUBLE(nearest(d, 5, 6, 1), 10);
    EXPECT_EQ_DOUBLE(nearest(d, 5, 6, 2), 12);
    EXPECT_EQ_DOUBLE(nearest(d, 5, 100, 4), -5);
    EXPECT_EQ_DOUBLE(nearest(d, 5, -100, 4), 12);
}

LAC_TEST(math_match, of_two_at_equal_distance_the_right_one_comes_first)
{
    const double d[] = {0, 2};

    EXPECT_EQ_DOUBLE(nearest(d, 2, 1, 0), 2);
    EXPECT_EQ_DOUBLE(nearest(d, 2, 1, 1), 0);
}

/* 3000 draws with k = 3: each donor 1000 times; 4.5 standard deviations are 116 */
LAC_TEST(math_match, the_k_nearest_are_picked_evenly)
{
    const double d[] = {-5, 0, 5, 10, 12};
    size_t count[5] = {0};
    LacRng rng = lac_rng_new(5);

    for (size_t i = 0; i < 3000; i++)
        count[lac_match_pick(5, d, 2, 3, lac_rng_uniform(&rng))]++;
    for (size_t i = 0; i < 3; i++)
        EXPECT_TRUE(count[i] > 1000 - 116 && count[i] < 1000 + 116);
    EXPECT_EQ_INT(count[3] + count[4], 0);
}

LAC_TEST(math_match, more_donors_wanted_than_there_are_means_all_of_them)
{
    const double d[] = {1, 2};

    EXPECT_EQ_INT(lac_match_pick(2, d, 0, 5, 0.99), 1);
    EXPECT_EQ_INT(lac_match_pick(1, d, 0, 5, 0.99), 0);
}

LAC_TEST(math_match, sorting_is_right_for_all_signs_and_sizes)
{
    enum { N = 5000 };
    g_autofree double *x = g_new(double, N);
    LacRng rng = lac_rng_new(2);
    const LacRng ties = lac_rng_new(3);
    g_autoptr(LacMatcher) matcher = lac_matcher_new();

    for (size_t i = 0; i < N; i++)
        x[i] = lac_rng_normal(&rng) * pow(10.0, (double)(i % 40) - 20.0);
    x[7] = 0.0;
    x[8] = -0.0;
    lac_matcher_build(matcher, N, x, &ties);
    for (size_t i = 0; i < N; i++) {
        EXPECT_EQ_DOUBLE(matcher->score[i], x[matcher->donor[i]]);
        EXPECT_TRUE(i == 0 || matcher->score[i - 1] <= matcher->score[i]);
    }
}

/* 40 equal scores among 60: over 400 streams the first of them is each of the 40 equally often;
 * chi-squared with 39 degrees of freedom stays below 76.2 but once in 3000. */
LAC_TEST(math_match, equal_scores_come_in_random_order)
{
    double x[60], chi2 = 0.0;
    size_t count[60] = {0};
    g_autoptr(LacMatcher) matcher = lac_matcher_new();

    for (size_t i = 0; i < 60; i++)
        x[i] = i < 40 ? 1.0 : (double)i;
    for (uint64_t seed = 0; seed < 400; seed++) {
        const LacRng ties = lac_rng_new(seed);

        lac_matcher_build(matcher, 60, x, &ties);
        count[matcher->donor[0]]++;
    }
    for (size_t i = 0; i < 40; i++)
        chi2 += ((double)count[i] - 10.0) * ((double)count[i] - 10.0) / 10.0;
    EXPECT_TRUE(chi2 < 76.2);
    EXPECT_TRUE(chi2 > 10.0);
}
