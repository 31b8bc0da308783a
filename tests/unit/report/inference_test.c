/* Expected numbers: computed with numpy and scipy 1.10, sklearn 1.2 and R's package posterior from
 * the arrays below unless a line says otherwise; ten digits are given, so 1e-9 is the tolerance. */
#include "inference-private.h"
#include "lac_test.h"

#define GOLDEN 1e-9

/* six data sets by four methods, smaller is better, with ties */
static const double losses[6 * 4] = {.10, .12, .11, .20, .30, .28, .28, .35, .05, .06, .07, .07,
                                     .42, .40, .45, .50, .21, .25, .22, .24, .15, .18, .16, .19};

static void
rank_losses(double *rank)
{
    for (size_t b = 0; b < 6; b++)
        lac_ranks(4, losses + 4 * b, 0.0, rank + 4 * b);
}

LAC_TEST(report_ranks, ties_share_the_mean_rank_and_failures_come_last_together)
{
    const double loss[] = {0.3, INFINITY, 0.1, 0.3, INFINITY};
    const double expected[] = {2.5, 4.5, 1.0, 2.5, 4.5};
    double rank[5];

    lac_ranks(5, loss, 0.0, rank);
    for (size_t i = 0; i < 5; i++)
        EXPECT_EQ_DOUBLE(rank[i], expected[i]);
}

LAC_TEST(report_ranks, the_tie_tolerance_is_measured_from_the_first_of_a_group)
{
    /* steps of 0.6 would chain everything together if each neighbour were compared to the last */
    const double loss[] = {0.0, 0.6, 1.2, 1.8};
    double rank[4];

    lac_ranks(4, loss, 1.0, rank);
    EXPECT_EQ_DOUBLE(rank[0], 1.5);
    EXPECT_EQ_DOUBLE(rank[1], 1.5);
    EXPECT_EQ_DOUBLE(rank[2], 3.5);
    EXPECT_EQ_DOUBLE(rank[3], 3.5);
}

LAC_TEST(report_ranks, friedman_and_iman_davenport_match_scipy)
{
    double rank[24], mean[4] = {0};
    const double means[] = {1.5, 2.416666667, 2.333333333, 3.75};
    LacFriedman test;

    rank_losses(rank);
    for (size_t i = 0; i < 24; i++)
        mean[i % 4] += rank[i] / 6.0;
    for (size_t j = 0; j < 4; j++)
        EXPECT_NEAR_DOUBLE(mean[j], means[j], GOLDEN);
    test = lac_friedman(6, 4, rank);
    EXPECT_NEAR_DOUBLE(test.chi2, 9.672413793, GOLDEN);
    EXPECT_NEAR_DOUBLE(test.p_chi2, 0.02156616804, GOLDEN);
    EXPECT_NEAR_DOUBLE(test.f, 5.807453416, GOLDEN);
    EXPECT_NEAR_DOUBLE(test.p_f, 0.007688964698, GOLDEN);
    EXPECT_EQ_DOUBLE(test.df1, 3.0);
    EXPECT_EQ_DOUBLE(test.df2, 15.0);
}

LAC_TEST(report_ranks, friedman_knows_its_two_extremes)
{
    const double tied[] = {2, 2, 2, 2, 2, 2}, alike[] = {1, 2, 3, 1, 2, 3, 1, 2, 3};
    LacFriedman none = lac_friedman(2, 3, tied), all = lac_friedman(3, 3, alike);

    EXPECT_EQ_DOUBLE(none.p_chi2, 1.0);
    EXPECT_EQ_DOUBLE(none.p_f, 1.0);
    EXPECT_EQ_DOUBLE(all.chi2, 6.0); /* its largest value, N (k - 1) */
    EXPECT_TRUE(isinf(all.f));
    EXPECT_EQ_DOUBLE(all.p_f, 0.0);
}

LAC_TEST(report_ranks, friedman_of_two_methods_is_the_squared_sign_test)
{
    /* 4 wins, 2 losses: (4 - 2)^2 / 6 by hand */
    const double ranks[] = {1, 2, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2};

    EXPECT_NEAR_DOUBLE(lac_friedman(6, 2, ranks).chi2, 4.0 / 6.0, 1e-14);
}

LAC_TEST(report_ranks, the_permutation_p_enumerates_what_it_samples)
{
    /* Two blocks of three ranks that agree: of the 36 arrangements 6 agree, and no other has rank
     * sums as far apart: p = 1/6. Standard error at 1e5 draws: 0.0012. */
    const double ranks[] = {1, 2, 3, 1, 2, 3};
    const double p = lac_friedman_permutation(2, 3, ranks, 100000, lac_rng_new(1));

    EXPECT_NEAR_DOUBLE(p, 1.0 / 6.0, 4 * 0.0012);
    EXPECT_EQ_DOUBLE(p, lac_friedman_permutation(2, 3, ranks, 100000, lac_rng_new(1)));
}

LAC_TEST(report_ranks, friedman_keeps_its_size_when_methods_are_equal)
{
    /* 2000 tables of 8 equal methods on 10 data sets: Iman and Davenport's test at 5 % should
     * reject in 5 %; standard error 0.0049, and the F approximation itself is off by less than 0.01
     */
    LacRng rng = lac_rng_new(7);
    double loss[8], rank[80];
    size_t rejected = 0;

    for (int round = 0; round < 2000; round++) {
        for (size_t b = 0; b < 10; b++) {
            lac_rng_fill_uniform(&rng, 8, loss);
            lac_ranks(8, loss, 0.0, rank + 8 * b);
        }
        rejected += lac_friedman(10, 8, rank).p_f <= 0.05;
    }
    EXPECT_NEAR_DOUBLE((double)rejected / 2000.0, 0.05, 4 * 0.0049 + 0.01);
}

LAC_TEST(report_nemenyi, quantiles_of_the_studentized_range_match_the_table)
{
    /* scipy ndtr under the trapezoid rule with 577 nodes, root by brentq; 8 decimals are
     * given, so half a unit of the last */
    static const struct {
        size_t k;
        double q05, q10;
    } rows[] = {{2, 1.95996398, 1.64485363},  {3, 2.34370059, 2.05229273},
                {4, 2.56903177, 2.29134150},  {5, 2.72777437, 2.45951576},
                {10, 3.16368358, 2.91988884}, {20, 3.54379913, 3.31923306},
                {30, 3.74857781, 3.53349239}, {100, 4.30248846, 4.11005551}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        EXPECT_NEAR_DOUBLE(lac_nemenyi_q(0.05, rows[i].k), rows[i].q05, 3.1e-9);
        EXPECT_NEAR_DOUBLE(lac_nemenyi_q(0.10, rows[i].k), rows[i].q10, 3.1e-9);
    }
    /* the range of two normals is one normal, folded */
    EXPECT_NEAR_DOUBLE(lac_nemenyi_q(0.05, 2), 1.959963984540054, 1e-12);
    EXPECT_NEAR_DOUBLE(lac_studentized_range(3.0, 10), 0.4878159260291934, 1e-14);
}

LAC_TEST(report_nemenyi, difference_and_pair_p_match)
{
    EXPECT_NEAR_DOUBLE(lac_nemenyi_difference(0.05, 4, 6), 1.914843227, GOLDEN);
    EXPECT_NEAR_DOUBLE(lac_nemenyi_p(3.75 - 1.5, 4, 6), 0.01353866129, GOLDEN);
    /* a difference that is just critical has p = alpha */
    EXPECT_NEAR_DOUBLE(lac_nemenyi_p(lac_nemenyi_difference(0.05, 7, 11), 7, 11), 0.05, 1e-11);
    EXPECT_EQ_DOUBLE(lac_nemenyi_p(0.0, 4, 6), 1.0);
}

LAC_TEST(report_nemenyi, cliques_are_maximal_runs_closer_than_the_difference)
{
    /* methods 1, 3, 2, 4 of the table: {1,3,2} and {3,2,4}; only 1 and 4 differ */
    const double mean[] = {1.5, 2.333333333, 2.416666667, 3.75};
    LacClique clique[4];

    ASSERT_EQ_INT(lac_cliques(4, mean, 1.914843227, clique), 2);
    EXPECT_EQ_INT(clique[0].first, 0);
    EXPECT_EQ_INT(clique[0].last, 2);
    EXPECT_EQ_INT(clique[1].first, 1);
    EXPECT_EQ_INT(clique[1].last, 3);
    EXPECT_EQ_INT(lac_cliques(4, mean, 0.01, clique), 0);
    EXPECT_EQ_INT(lac_cliques(4, mean, 2.25, clique),
                  2); /* exactly the difference is a difference */
}

LAC_TEST(report_wilcoxon, exact_p_matches_scipy)
{
    const double d[] = {.5, -.2, .9, .3, -.1, .7, .4, .8};
    const LacWilcoxon test = lac_wilcoxon(8, d, LAC_ZEROS_PRATT);
    double z;

    EXPECT_EQ_DOUBLE(test.w_plus, 33.0);
    EXPECT_EQ_DOUBLE(test.w_minus, 3.0);
    EXPECT_NEAR_DOUBLE(test.p, 0.0390625, 1e-15);
    EXPECT_TRUE(test.exact);
    EXPECT_NEAR_DOUBLE(test.p_least, 0.0078125, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_wilcoxon_normal(8, d, LAC_ZEROS_PRATT, TRUE, &z), 0.04231527491, GOLDEN);
    EXPECT_NEAR_DOUBLE(z, 2.030406122, GOLDEN);
    EXPECT_NEAR_DOUBLE(test.biserial, 30.0 / 36.0, 1e-15);
    /* median of the 36 Walsh averages; numpy.median over (d_i + d_j) / 2, i <= j */
    EXPECT_NEAR_DOUBLE(test.shift, 0.4, 1e-12);
}

LAC_TEST(report_wilcoxon, zeros_are_dropped_or_ranked_as_asked)
{
    const double d[] = {.5, 0, -.2, .2, .9, -.3, .3, .7, 0, .4};
    const LacWilcoxon drop = lac_wilcoxon(10, d, LAC_ZEROS_DROP);
    const LacWilcoxon pratt = lac_wilcoxon(10, d, LAC_ZEROS_PRATT);

    EXPECT_EQ_DOUBLE(drop.w_plus, 31.0);
    EXPECT_NEAR_DOUBLE(drop.p, 0.0859375, 1e-15);
    EXPECT_EQ_DOUBLE(pratt.w_plus, 43.0);
    EXPECT_NEAR_DOUBLE(pratt.p, 0.1015625, 1e-15);
    EXPECT_NEAR_DOUBLE(lac_wilcoxon_normal(10, d, LAC_ZEROS_DROP, FALSE, NULL), 0.06802483707,
                       GOLDEN);
    EXPECT_NEAR_DOUBLE(lac_wilcoxon_normal(10, d, LAC_ZEROS_DROP, TRUE, NULL), 0.07931816374,
                       GOLDEN);
    EXPECT_NEAR_DOUBLE(lac_wilcoxon_normal(10, d, LAC_ZEROS_PRATT, FALSE, NULL), 0.08073058488,
                       GOLDEN);
    EXPECT_NEAR_DOUBLE(lac_wilcoxon_normal(10, d, LAC_ZEROS_PRATT, TRUE, NULL), 0.09005718439,
                       GOLDEN);
}

/* p by going through all 2^n signs of the kept ranks: the definition, with its own ranking */
static double
brute_force_p(size_t n, const double *d, LacZeros zeros)
{
    double size[16], rank[16], kept[16], seen = 0.0;
    size_t m = 0, nonzero = 0, below = 0, above = 0;

    for (size_t i = 0; i < n; i++)
        if (d[i] != 0.0 || zeros == LAC_ZEROS_PRATT)
            size[m++] = d[i];
    for (size_t i = 0; i < m; i++) {
        rank[i] = 0.5;
        for (size_t j = 0; j < m; j++)
            rank[i] += fabs(size[j]) < fabs(size[i])    ? 1.0
                       : fabs(size[j]) == fabs(size[i]) ? 0.5
                                                        : 0;
    }
    for (size_t i = 0; i < m; i++) {
        if (size[i] == 0.0)
            continue;
        kept[nonzero++] = rank[i];
        seen += size[i] > 0.0 ? rank[i] : 0.0;
    }
    for (size_t signs = 0; signs < (size_t)1 << nonzero; signs++) {
        double w = 0.0;
        for (size_t i = 0; i < nonzero; i++)
            w += (signs >> i & 1) ? kept[i] : 0.0;
        below += w <= seen;
        above += w >= seen;
    }
    return fmin(1.0, 2.0 * (double)MIN(below, above) / (double)((size_t)1 << nonzero));
}

LAC_TEST(report_wilcoxon, exact_p_equals_brute_force_with_ties_and_zeros)
{
    LacRng rng = lac_rng_new(11);

    for (size_t n = 1; n <= 12; n++) {
        for (int round = 0; round < 6; round++) {
            double d[12];
            for (size_t i = 0; i < n; i++)
                d[i] = (double)lac_rng_below(&rng, round < 3 ? 5 : 13) - (round < 3 ? 1.0 : 5.0);
            EXPECT_NEAR_DOUBLE(lac_wilcoxon(n, d, LAC_ZEROS_PRATT).p,
                               brute_force_p(n, d, LAC_ZEROS_PRATT), 1e-13);
            EXPECT_NEAR_DOUBLE(lac_wilcoxon(n, d, LAC_ZEROS_DROP).p,
                               brute_force_p(n, d, LAC_ZEROS_DROP), 1e-13);
        }
    }
}

LAC_TEST(report_wilcoxon, nothing_but_zeros_and_failures_are_handled)
{
    const double zeros[] = {0, 0, 0}, mixed[] = {INFINITY, 0.2, 0.4, INFINITY, -INFINITY};
    const LacWilcoxon none = lac_wilcoxon(3, zeros, LAC_ZEROS_PRATT);
    const LacWilcoxon failed = lac_wilcoxon(5, mixed, LAC_ZEROS_PRATT);

    EXPECT_EQ_DOUBLE(none.p, 1.0);
    EXPECT_EQ_DOUBLE(none.biserial, 0.0);
    EXPECT_EQ_DOUBLE(failed.w_plus, 11.0); /* ranks 4, 1, 2, 4 of sizes inf, .2, .4, inf, inf */
    EXPECT_EQ_DOUBLE(failed.w_minus, 4.0);
    EXPECT_NEAR_DOUBLE(failed.shift, 0.3, 1e-15);
}

LAC_TEST(report_wilcoxon, many_differences_use_the_normal_law)
{
    double d[60];
    LacWilcoxon test;

    for (size_t i = 0; i < 60; i++)
        d[i] = (double)i - 20.0;
    test = lac_wilcoxon(60, d, LAC_ZEROS_PRATT);
    EXPECT_FALSE(test.exact);
    EXPECT_EQ_DOUBLE(test.p, lac_wilcoxon_normal(60, d, LAC_ZEROS_PRATT, TRUE, NULL));
}

LAC_TEST(report_holm, steps_down_and_ignores_what_is_undefined)
{
    const double p[] = {.012, .04, NAN, .003, .20, .04};
    const double expected[] = {.048, .12, NAN, .015, .2, .12};
    double adjusted[6];

    lac_holm(6, p, adjusted);
    for (size_t i = 0; i < 6; i++)
        EXPECT_NEAR_DOUBLE(adjusted[i], expected[i], 1e-15);
}

LAC_TEST(report_bayes, expectation_and_probabilities_match)
{
    const double d[] = {.02, -.005, .03, .008, .015, -.02};
    const LacBayes mean = lac_bayes_expectation(6, d, 0.01);
    const LacBayes drawn = lac_bayes_signed_rank(6, d, 0.01, 50000, lac_rng_new(3));

    EXPECT_NEAR_DOUBLE(mean.less, 0.09230769231, GOLDEN);
    EXPECT_NEAR_DOUBLE(mean.same, 0.4666666667, GOLDEN);
    EXPECT_NEAR_DOUBLE(mean.more, 0.441025641, GOLDEN);
    /* numpy, 4e5 Dirichlet draws, +-0.0015; ours adds 0.0022 of standard error: 4 of both */
    EXPECT_NEAR_DOUBLE(drawn.less, 0.0125, 4 * 0.0007);
    EXPECT_NEAR_DOUBLE(drawn.same, 0.5503, 4 * 0.0024);
    EXPECT_NEAR_DOUBLE(drawn.more, 0.4372, 4 * 0.0024);
    EXPECT_TRUE(drawn.error > 0.002 && drawn.error < 0.0025);
}

LAC_TEST(report_resample, the_corrected_t_matches)
{
    const double x[] = {.012, .020, .005, .018, .011, -.002, .015, .009, .013, .007};
    const LacPairedT corrected = lac_paired_t(10, x, 1.0 / 9.0), naive = lac_paired_t(10, x, 0.0);
    LacInterval interval;

    EXPECT_NEAR_DOUBLE(corrected.t, 3.63853597, GOLDEN);
    EXPECT_NEAR_DOUBLE(corrected.p, 0.005413205986, GOLDEN);
    EXPECT_NEAR_DOUBLE(naive.t, 5.286670199, GOLDEN);
    interval = lac_paired_t_interval(&corrected, 0.95);
    EXPECT_NEAR_DOUBLE(interval.low + interval.high, 2 * corrected.mean, 1e-15);
    /* t quantile .975 on 9 degrees of freedom: 2.262157163 (scipy) */
    EXPECT_NEAR_DOUBLE(interval.high - corrected.mean, 2.262157163 * corrected.error, GOLDEN);
    EXPECT_TRUE(interval.low > 0.0); /* p < 0.05 and an interval without 0 are one statement */
}

LAC_TEST(report_resample, identical_differences_have_no_test)
{
    const double zero[] = {0, 0, 0}, same[] = {.5, .5, .5};

    EXPECT_EQ_DOUBLE(lac_paired_t(3, zero, 0.0).p, 1.0);
    EXPECT_TRUE(isnan(lac_paired_t(3, same, 0.0).p));
}

LAC_TEST(report_resample, few_values_are_resampled_exhaustively)
{
    const double x[] = {.1, .3, -.2, .4};
    const LacInterval all = lac_bootstrap_mean(4, x, 0.95, 9999, lac_rng_new(1));

    EXPECT_NEAR_DOUBLE(all.low, -0.075, 1e-12);
    EXPECT_NEAR_DOUBLE(all.high, 0.35, 1e-12);
    EXPECT_NEAR_DOUBLE(all.error, 0.1145643924, GOLDEN);
    EXPECT_NEAR_DOUBLE(all.mean, 0.15, 1e-15);
}

LAC_TEST(report_resample, many_values_are_resampled_at_random_but_repeatably)
{
    double x[30];
    LacInterval a, b;

    for (size_t i = 0; i < 30; i++)
        x[i] = (double)i;
    a = lac_bootstrap_mean(30, x, 0.95, 9999, lac_rng_new(5));
    b = lac_bootstrap_mean(30, x, 0.95, 9999, lac_rng_new(5));
    EXPECT_EQ_DOUBLE(a.low, b.low);
    /* sd of the mean of a uniform resample: sqrt((30^2 - 1) / 12 / 30) = 1.580; 4 s.e. of an sd
     * from 9999 draws */
    EXPECT_NEAR_DOUBLE(a.error, 1.580, 4 * 1.58 / sqrt(2 * 9999.0));
}

LAC_TEST(report_duel, wins_ties_and_losses_of_all_pairs)
{
    static const struct {
        size_t a, b, win, tie, loss;
    } pairs[] = {{0, 1, 4, 0, 2}, {0, 2, 5, 0, 1}, {0, 3, 6, 0, 0},
                 {1, 2, 2, 1, 3}, {1, 3, 5, 0, 1}, {2, 3, 5, 1, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        double a[6], b[6];
        LacDuel duel;
        for (size_t row = 0; row < 6; row++) {
            a[row] = losses[4 * row + pairs[i].a];
            b[row] = losses[4 * row + pairs[i].b];
        }
        duel = lac_duel(6, a, b);
        EXPECT_EQ_INT(duel.win, pairs[i].win);
        EXPECT_EQ_INT(duel.tie, pairs[i].tie);
        EXPECT_EQ_INT(duel.loss, pairs[i].loss);
    }
}

LAC_TEST(report_elo, ratings_are_the_maximum_likelihood_ones)
{
    /* column 4 and row 6 changed so that nobody wins everything */
    const double table[] = {.10, .12, .11, .20, .30, .28, .28, .25, .05, .06, .07, .07,
                            .42, .40, .45, .39, .21, .25, .22, .24, .15, .14, .16, .19};
    const double expected[] = {1091.035724, 1014.60646, 939.5760804, 954.7817357};
    const double sweep[] = {1, 2, 1, 2, 1, 2};
    double rating[4];

    /* a ridge of 1e-6 moves the ratings by about 1e-4; without one they are the numbers expected */
    lac_elo(6, 4, table, 0.0, rating);
    for (size_t j = 0; j < 4; j++)
        EXPECT_NEAR_DOUBLE(rating[j], expected[j], GOLDEN);
    lac_elo(3, 2, sweep, 1.0, rating);
    EXPECT_NEAR_DOUBLE(rating[0], 1112.268563, GOLDEN);
    EXPECT_NEAR_DOUBLE(rating[1], 887.7314366, GOLDEN);
}

LAC_TEST(report_pareto, the_front_keeps_equals_and_drops_the_dominated)
{
    const double time[] = {1, 2, 2, 4, 8, 8, NAN}, error[] = {.30, .20, .25, .20, .15, .15, .01};
    const gboolean expected[] = {TRUE, TRUE, FALSE, FALSE, TRUE, TRUE, FALSE};
    gboolean front[7];

    lac_pareto(7, time, error, front);
    for (size_t i = 0; i < 7; i++)
        EXPECT_EQ_INT(front[i], expected[i]);
}

/* four chains of twenty: sin(1.3 t + c) + 0.1 c, t = 1..20 */
static void
chains_fill(double *x)
{
    for (int c = 0; c < 4; c++)
        for (int t = 1; t <= 20; t++)
            x[c * 20 + t - 1] = sin(1.3 * t + c) + 0.1 * c;
}

LAC_TEST(report_rhat, all_forms_match_posterior)
{
    double x[80], bulk, tail;

    chains_fill(x);
    EXPECT_NEAR_DOUBLE(lac_rhat(4, 20, x), 0.9849611311, 1e-8);
    EXPECT_NEAR_DOUBLE(lac_rhat_split(4, 20, x), 0.9572962212, 1e-8);
    lac_rhat_rank_parts(4, 20, x, &bulk, &tail);
    EXPECT_NEAR_DOUBLE(bulk, 0.9797164276, 1e-8);
    EXPECT_NEAR_DOUBLE(tail, 0.9521480002, 1e-8);
    EXPECT_NEAR_DOUBLE(lac_rhat_rank(4, 20, x), 0.9797164276, 1e-8);
    EXPECT_NEAR_DOUBLE(lac_autocorrelation(20, x, 1), 0.2403295897, GOLDEN);
    EXPECT_NEAR_DOUBLE(lac_autocorrelation(20, x, 2), -0.7805661767, GOLDEN);
}

LAC_TEST(report_rhat, stuck_short_and_broken_chains_are_told_apart)
{
    const double same[] = {1, 1, 1, 1, 1, 1, 1, 1}, stuck[] = {1, 1, 1, 1, 2, 2, 2, 2};
    const double broken[] = {1, 2, 3, NAN, 1, 2, 3, 4};

    EXPECT_EQ_DOUBLE(lac_rhat_rank(2, 4, same), 1.0);
    EXPECT_TRUE(isinf(lac_rhat_rank(2, 4, stuck)));
    EXPECT_TRUE(isnan(lac_rhat_rank(2, 4, broken)));
    EXPECT_TRUE(isnan(lac_rhat_rank(2, 3, same)));
    EXPECT_TRUE(isnan(lac_rhat(1, 8, same)));
}
