/* crps, energy-score, coverage, width, interval-score, log-likelihood: what looks at draws or
 * densities. */
#include "context-private.h"
#include "metrics_golden.h"
#include <lacuna/score.h>
#include <lacuna/stats.h>

/* n rows of one column, all hidden, truth and @m draws standard normal */
static ProbeScoring *
perfect_sampler(size_t n, size_t m)
{
    g_autofree double *empty = g_new(double, n);
    LacData *truth = probe_normal(n, 1, 11);

    for (size_t i = 0; i < n; i++)
        empty[i] = NAN;
    ProbeScoring *scoring =
        probe_scoring(lac_data_ref(truth), probe_table(n, 1, empty), truth->values);

    for (size_t d = 0; d < m; d++) {
        g_autoptr(LacData) draw = probe_normal(n, 1, 100 + d);

        probe_scoring_add_draw(scoring, draw->values);
    }
    lac_data_unref(truth);
    return scoring;
}

/* golden draws for the cell (0, 0) and, shifted by 10, for the cell (1, 0) */
static ProbeScoring *
two_cells(void)
{
    const double truth[] = {.8, 10.8}, incomplete[] = {NAN, NAN};
    const double draws[] = {.5, 1.2, 2, -.3};
    ProbeScoring *scoring =
        probe_scoring(probe_table(2, 1, truth), probe_table(2, 1, incomplete), truth);

    for (size_t d = 0; d < 4; d++) {
        const double draw[] = {draws[d], 10 + draws[3 - d]};

        probe_scoring_add_draw(scoring, draw);
    }
    return scoring;
}

LAC_TEST(plugins_metrics_crps, golden)
{
    g_autoptr(ProbeScoring) scoring = two_cells();
    g_autoptr(LacScores) fair = probe_score(scoring, "crps", NULL, NULL);
    g_autoptr(LacScores) v = probe_score(scoring, "crps", "{estimator: V}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(fair, NULL, -1), .1166666667, 1e-10); /* numpy, double loop */
    EXPECT_NEAR_DOUBLE(probe_value(v, NULL, -1), .275, 1e-14);
    EXPECT_EQ_INT(lac_scores_find(fair, NULL, 0)->n_cells, 2);
}

LAC_TEST(plugins_metrics_crps, one_draw_is_too_few_for_the_fair_form)
{
    g_autoptr(ProbeScoring) scoring = perfect_sampler(10, 1);
    g_autoptr(LacScores) fair = probe_score(scoring, "crps", NULL, NULL);
    g_autoptr(LacScores) v = probe_score(scoring, "crps", "{estimator: V}", NULL);
    double error = 0;

    for (size_t i = 0; i < 10; i++)
        error += fabs(scoring->draws[0]->v[i] - scoring->truth->values[i]) / 10;
    EXPECT_CONTAINS(probe_reason(fair, NULL, -1), "at least 2");
    EXPECT_NEAR_DOUBLE(probe_value(v, NULL, -1), error, 1e-14); /* one draw: absolute error */
}

LAC_TEST(plugins_metrics_crps, equal_draws_score_their_absolute_error)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();

    for (size_t d = 0; d < 5; d++)
        probe_scoring_add_draw(scoring, golden_completed);
    g_autoptr(LacScores) crps = probe_score(scoring, "crps", NULL, NULL);
    g_autoptr(LacScores) mae = probe_score(scoring, "mae", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(crps, NULL, -1), probe_value(mae, NULL, -1), 1e-15);
}

LAC_TEST(plugins_metrics_crps, threads_do_not_change_a_bit)
{
    g_autoptr(ProbeScoring) scoring = perfect_sampler(3000, 5);

    lac_threads_set(1);
    g_autoptr(LacScores) one = probe_score(scoring, "crps", NULL, NULL);
    lac_threads_set(2);
    g_autoptr(LacScores) two = probe_score(scoring, "crps", NULL, NULL);
    lac_threads_set(0);
    EXPECT_EQ_DOUBLE(probe_value(one, NULL, -1), probe_value(two, NULL, -1));
}

LAC_TEST(plugins_metrics_coverage, a_perfect_sampler_covers_what_it_says)
{
    const size_t n = 10000;
    g_autoptr(ProbeScoring) scoring = perfect_sampler(n, 19);
    g_autoptr(LacScores) scores =
        probe_score(scoring, "coverage", "{levels: [0.5, 0.8, 0.9]}", NULL);
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_METRIC, "coverage", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, "0.5", -1), .5, 4 * sqrt(.25 / (double)n));
    EXPECT_NEAR_DOUBLE(probe_value(scores, "0.8", -1), .8, 4 * sqrt(.16 / (double)n));
    EXPECT_NEAR_DOUBLE(probe_value(scores, "0.9", -1), .9, 4 * sqrt(.09 / (double)n));
    EXPECT_EQ_DOUBLE(((const LacMetricPlugin *)plugin)->target_of(NULL, "0.9"), .9);
}

LAC_TEST(plugins_metrics_coverage, few_draws_are_judged_by_what_their_range_holds)
{
    const size_t n = 10000;
    g_autoptr(ProbeScoring) scoring = perfect_sampler(n, 5);
    g_autoptr(LacScores) scores = probe_score(scoring, "coverage", NULL, NULL);
    const double nominal = 4.0 / 6;

    EXPECT_NEAR_DOUBLE(probe_value(scores, "0.666667", -1), nominal,
                       4 * sqrt(nominal * (1 - nominal) / (double)n));
    EXPECT_TRUE(lac_scores_find(scores, "0.9", -1) == NULL);
    EXPECT_EQ_INT(lac_scores_count(scores), 4); /* 0.5 and the range, table and column */
}

LAC_TEST(plugins_metrics_coverage, draws_that_all_equal_the_truth_cover_it_with_width_zero)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();

    for (size_t d = 0; d < 9; d++)
        probe_scoring_add_draw(scoring, golden_truth);
    g_autoptr(LacScores) coverage = probe_score(scoring, "coverage", NULL, NULL);
    g_autoptr(LacScores) width = probe_score(scoring, "width", NULL, NULL);
    g_autoptr(LacScores) score = probe_score(scoring, "interval-score", NULL, NULL);

    EXPECT_EQ_DOUBLE(probe_value(coverage, "0.8", -1), 1);
    EXPECT_EQ_DOUBLE(probe_value(width, "0.8", -1), 0);
    EXPECT_EQ_DOUBLE(probe_value(score, "0.8", -1), 0);
}

/* draws 1..9, 80 % interval [1, 9]: width 8; truths 5, 0 and 11 miss by 0, 1 and 2 at a fine of
 * 2/(1 - .8) = 10 */
LAC_TEST(plugins_metrics_width, interval_and_fine_by_hand)
{
    const double truth[] = {5, 0, 11}, incomplete[] = {NAN, NAN, NAN};
    g_autoptr(ProbeScoring) scoring =
        probe_scoring(probe_table(3, 1, truth), probe_table(3, 1, incomplete), truth);

    for (size_t d = 0; d < 9; d++) {
        const double x = (double)(9 - d);
        const double draw[] = {x, x, x};

        probe_scoring_add_draw(scoring, draw);
    }
    g_autoptr(LacScores) width = probe_score(scoring, "width", "{levels: [0.8]}", NULL);
    g_autoptr(LacScores) score = probe_score(scoring, "interval-score", "{levels: [0.8]}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(width, "0.8", -1), 8, 1e-12);
    EXPECT_NEAR_DOUBLE(probe_value(score, "0.8", -1), 8 + (0 + 10 + 20) / 3.0, 1e-12);
}

LAC_TEST(plugins_metrics_coverage, one_draw_is_undefined)
{
    g_autoptr(ProbeScoring) scoring = perfect_sampler(10, 1);
    g_autoptr(LacScores) scores = probe_score(scoring, "coverage", NULL, NULL);

    EXPECT_CONTAINS(probe_reason(scores, NULL, -1), "at least 2");
}

/* two holes in one row; the kernel, tested by itself, on cells in standard deviations of the truth
 */
LAC_TEST(plugins_metrics_energy_score, cells_are_measured_in_standard_deviations)
{
    const double truth[] = {.5, .2, 3, 3, 4, 7}, incomplete[] = {NAN, NAN, 3, 3, 4, 7};
    const double sd[] = {sqrt(lac_stats_variance(3, (const double[]){.5, 3, 4}, 1)),
                         sqrt(lac_stats_variance(3, (const double[]){.2, 3, 7}, 1))};
    const double points[3][2] = {{0, 0}, {1, 1}, {2, -1}};
    const double target[] = {.5 / sd[0], .2 / sd[1]};
    g_autoptr(ProbeScoring) scoring =
        probe_scoring(probe_table(3, 2, truth), probe_table(3, 2, incomplete), truth);
    double scaled[6];

    for (size_t d = 0; d < 3; d++) {
        const double draw[] = {points[d][0], points[d][1], 3, 3, 4, 7};

        scaled[2 * d] = points[d][0] / sd[0];
        scaled[2 * d + 1] = points[d][1] / sd[1];
        probe_scoring_add_draw(scoring, draw);
    }
    g_autoptr(LacScores) scores = probe_score(scoring, "energy-score", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), lac_score_energy(3, 2, scaled, target),
                       1e-14);
}

LAC_TEST(plugins_metrics_energy_score, with_one_hole_a_row_it_is_the_crps)
{
    g_autoptr(ProbeScoring) scoring = perfect_sampler(50, 6);
    g_autoptr(LacScores) energy = probe_score(scoring, "energy-score", NULL, NULL);
    g_autoptr(LacScores) crps = probe_score(scoring, "crps", NULL, NULL);
    const double sd = sqrt(lac_stats_variance(50, scoring->truth->values, 1));

    EXPECT_NEAR_DOUBLE(probe_value(energy, NULL, -1), probe_value(crps, NULL, -1) / sd, 1e-13);
}

/* rows 1, 2, 4, 5, 6 of the golden table have holes: 2, 5 in column a; 1, 3, 6 in b; 4 in c */
LAC_TEST(plugins_metrics_log_likelihood, mean_over_rows_with_holes_by_hand)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    const double density[] = {-1, -2, -3, -4, -5, -6};

    scoring->log_density = g_memdup2(density, sizeof density);
    g_autoptr(LacScores) scores = probe_score(scoring, "log-likelihood", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), -21.0 / 6, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(scores, "per cell", -1), -21.0 / 6, 1e-15);
}

LAC_TEST(plugins_metrics_log_likelihood, density_zero_is_undefined_and_nan_fails)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    const double density[] = {-1, -2, -INFINITY, -4, -5, -6};
    g_autoptr(GError) error = NULL;

    scoring->log_density = g_memdup2(density, sizeof density);
    g_autoptr(LacScores) zero = probe_score(scoring, "log-likelihood", NULL, NULL);

    EXPECT_CONTAINS(probe_reason(zero, NULL, -1), "density 0");
    scoring->log_density[2] = NAN;
    g_autoptr(LacScores) lost = probe_score(scoring, "log-likelihood", NULL, &error);

    EXPECT_TRUE(lost == NULL);
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "row 3");
}

LAC_TEST(plugins_metrics_elbo, mean_over_rows_with_holes_by_hand)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    const double bound[] = {-10, -20, -30, -40, -50, -63};
    g_autoptr(GError) error = NULL;

    scoring->elbo = g_memdup2(bound, sizeof bound);
    g_autoptr(LacScores) scores = probe_score(scoring, "elbo", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), -213.0 / 6, 1e-13);
    scoring->elbo[3] = -INFINITY;
    g_autoptr(LacScores) none = probe_score(scoring, "elbo", NULL, NULL);

    EXPECT_CONTAINS(probe_reason(none, NULL, -1), "infinity");
    scoring->elbo[1] = NAN;
    g_autoptr(LacScores) lost = probe_score(scoring, "elbo", NULL, &error);

    EXPECT_TRUE(lost == NULL);
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "row 2");
}
