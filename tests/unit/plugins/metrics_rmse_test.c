/* rmse, mae and bias: the same errors, summed in three ways. "golden 1" is computed by numpy from
 * the six rows below: errors of the five holes, sqrt(mean(e^2)), mean(|e|), mean(e). */
#include "context-private.h"
#include "metrics_golden.h"
#include "probe.h"
#include <lacuna/parallel.h>

LAC_TEST(plugins_metrics_rmse, golden)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) pooled = probe_score(scoring, "rmse", NULL, NULL);
    g_autoptr(LacScores) mean = probe_score(scoring, "rmse", "{columns: mean}", NULL);
    g_autoptr(LacScores) rms = probe_score(scoring, "rmse", "{columns: rms}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(pooled, NULL, -1), .9789450104, 1e-10);
    EXPECT_NEAR_DOUBLE(probe_value(pooled, NULL, 0), .790569415, 1e-9);
    EXPECT_NEAR_DOUBLE(probe_value(pooled, NULL, 1), 1.190238071, 1e-9);
    EXPECT_NEAR_DOUBLE(probe_value(pooled, NULL, 2), .5, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(mean, NULL, -1), .8269358288, 1e-10);
    EXPECT_NEAR_DOUBLE(probe_value(rms, NULL, -1), .8740073735, 1e-10);
}

LAC_TEST(plugins_metrics_mae, golden)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "mae", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), .9166666667, 1e-10);
    EXPECT_EQ_INT(lac_scores_find(scores, NULL, -1)->n_cells, 6);
    EXPECT_EQ_DOUBLE(probe_value(scores, NULL, 0), .75); /* (0.5 + 1)/2 */
}

LAC_TEST(plugins_metrics_bias, golden)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "bias", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), .25, 1e-15);
    EXPECT_EQ_DOUBLE(probe_value(scores, NULL, 0), -.25); /* (0.5 - 1)/2 */
}

LAC_TEST(plugins_metrics_rmse, exact_completion_scores_zero)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();

    memcpy(scoring->completed->v, golden_truth, sizeof golden_truth);
    g_autoptr(LacScores) rmse = probe_score(scoring, "rmse", NULL, NULL);
    g_autoptr(LacScores) mae = probe_score(scoring, "mae", NULL, NULL);

    EXPECT_EQ_DOUBLE(probe_value(rmse, NULL, -1), 0);
    EXPECT_EQ_DOUBLE(probe_value(mae, NULL, -1), 0);
}

/* squares of these errors neither overflow nor vanish: scaling by c scales the score by c */
LAC_TEST(plugins_metrics_rmse, huge_and_tiny_values_scale)
{
    const double scales[] = {1e300, 1e-300, 1e150, 1e-160};

    for (size_t s = 0; s < G_N_ELEMENTS(scales); s++) {
        double truth[18], completed[18];

        for (size_t k = 0; k < 18; k++) {
            truth[k] = golden_truth[k] * scales[s];
            completed[k] = golden_completed[k] * scales[s];
        }
        g_autoptr(ProbeScoring) scoring = golden_scoring_of(truth, completed);
        g_autoptr(LacScores) scores = probe_score(scoring, "rmse", NULL, NULL);

        EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1) / scales[s], .9789450104, 1e-10);
    }
}

LAC_TEST(plugins_metrics_rmse, a_completion_that_is_not_finite_fails_and_is_named)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(GError) error = NULL;

    scoring->completed->v[4 * 3] = NAN;
    g_autoptr(LacScores) scores = probe_score(scoring, "rmse", NULL, &error);

    EXPECT_TRUE(scores == NULL);
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "row 5, column 'x1'");
}

LAC_TEST(plugins_metrics_rmse, no_scored_cell_is_undefined)
{
    g_autoptr(ProbeScoring) scoring = probe_scoring(probe_table(6, 3, golden_truth),
                                                    probe_table(6, 3, golden_truth), golden_truth);
    g_autoptr(LacScores) scores = probe_score(scoring, "rmse", NULL, NULL);

    EXPECT_CONTAINS(probe_reason(scores, NULL, -1), "no scored cell");
}

/* mean and median of three draws at each hole, by hand: truth +0, +1, +5 */
LAC_TEST(plugins_metrics_mae, point_chooses_what_is_scored)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    const double shifts[] = {5, 0, 1};

    for (size_t d = 0; d < 3; d++) {
        double draw[18];

        for (size_t k = 0; k < 18; k++)
            draw[k] = golden_truth[k] + shifts[d];
        probe_scoring_add_draw(scoring, draw);
    }
    g_autoptr(LacScores) mean = probe_score(scoring, "mae", "{point: mean}", NULL);
    g_autoptr(LacScores) median = probe_score(scoring, "mae", "{point: median}", NULL);
    g_autoptr(LacScores) first = probe_score(scoring, "mae", "{point: first}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(mean, NULL, -1), 2, 1e-14);
    EXPECT_NEAR_DOUBLE(probe_value(median, NULL, -1), 1, 1e-14);
    EXPECT_NEAR_DOUBLE(probe_value(first, NULL, -1), 5, 1e-14);
}

LAC_TEST(plugins_metrics_mae, a_point_from_draws_needs_draws)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "mae", "{point: median}", NULL);

    EXPECT_CONTAINS(probe_reason(scores, NULL, -1), "there are no draws");
}

/* one block and many blocks, one thread and two: the same bits */
LAC_TEST(plugins_metrics_rmse, threads_do_not_change_a_bit)
{
    g_autoptr(LacData) truth = probe_normal(5000, 6, 1);
    g_autoptr(LacData) guess = probe_normal(5000, 6, 2);
    g_autoptr(LacMask) mask = probe_mask("mcar", NULL, truth, 3, NULL);
    g_autoptr(ProbeScoring) scoring =
        probe_scoring(lac_data_ref(truth), lac_data_with_holes(truth, mask, NULL), guess->values);
    const unsigned threads = lac_threads();

    lac_threads_set(1);
    g_autoptr(LacScores) one = probe_score(scoring, "rmse", NULL, NULL);
    lac_threads_set(2);
    g_autoptr(LacScores) two = probe_score(scoring, "rmse", NULL, NULL);
    lac_threads_set(threads);

    EXPECT_EQ_DOUBLE(probe_value(one, NULL, -1), probe_value(two, NULL, -1));
    EXPECT_NEAR_DOUBLE(probe_value(one, NULL, -1), sqrt(2), 0.05); /* of independent normals */
}
