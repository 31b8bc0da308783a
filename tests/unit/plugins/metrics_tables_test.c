/* energy, wasserstein, sliced-wasserstein, ks, correlation: distances between tables. */
#include "metrics_golden.h"
#include <lacuna/score.h>
#include <lacuna/stats.h>

static const char *const distances[] = {"energy", "wasserstein", "sliced-wasserstein", "ks",
                                        "correlation"};

LAC_TEST(plugins_metrics_tables, an_exact_completion_is_at_distance_zero)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();

    memcpy(scoring->completed->v, golden_truth, sizeof golden_truth);
    for (size_t k = 0; k < G_N_ELEMENTS(distances); k++) {
        g_autoptr(LacScores) scores = probe_score(scoring, distances[k], NULL, NULL);

        LAC_CHECK_OR((void)0, probe_value(scores, NULL, -1) == 0, "%s is not 0", distances[k]);
    }
}

LAC_TEST(plugins_metrics_tables, the_order_of_rows_does_not_matter)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    double truth[18], completed[18];

    for (size_t i = 0; i < 6; i++) {
        memcpy(truth + 3 * i, golden_truth + 3 * ((i + 2) % 6), 3 * sizeof(double));
        memcpy(completed + 3 * i, golden_completed + 3 * ((i + 2) % 6), 3 * sizeof(double));
    }
    g_autoptr(ProbeScoring) turned = golden_scoring_of(truth, completed);

    for (size_t k = 0; k < G_N_ELEMENTS(distances); k++) {
        g_autoptr(LacScores) a = probe_score(scoring, distances[k], NULL, NULL);
        g_autoptr(LacScores) b = probe_score(turned, distances[k], NULL, NULL);

        EXPECT_TRUE(probe_value(a, NULL, -1) > 0);
        EXPECT_NEAR_DOUBLE(probe_value(a, NULL, -1), probe_value(b, NULL, -1), 1e-13);
    }
}

LAC_TEST(plugins_metrics_tables, the_unit_of_a_column_does_not_matter)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    double truth[18], completed[18];

    for (size_t k = 0; k < 18; k++) {
        truth[k] = golden_truth[k] * (k % 3 == 1 ? 1e6 : 1);
        completed[k] = golden_completed[k] * (k % 3 == 1 ? 1e6 : 1);
    }
    g_autoptr(ProbeScoring) scaled = golden_scoring_of(truth, completed);

    for (size_t k = 0; k < G_N_ELEMENTS(distances); k++) {
        g_autoptr(LacScores) a = probe_score(scoring, distances[k], NULL, NULL);
        g_autoptr(LacScores) b = probe_score(scaled, distances[k], NULL, NULL);

        EXPECT_NEAR_DOUBLE(probe_value(a, NULL, -1), probe_value(b, NULL, -1), 1e-12);
    }
}

/* column a: holes 2, 5 filled with 2.5, 4: (0.5 + 1)/2 in units of sd(1..6) = 1.8708 */
LAC_TEST(plugins_metrics_wasserstein, golden_by_hand)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) standard = probe_score(scoring, "wasserstein", NULL, NULL);
    g_autoptr(LacScores) model = probe_score(scoring, "wasserstein", "{scale: model}", NULL);
    g_autoptr(LacScores) second =
        probe_score(scoring, "wasserstein", "{scale: model, order: 2}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(standard, NULL, 0), .75 / sqrt(3.5), 1e-14);
    EXPECT_NEAR_DOUBLE(probe_value(model, NULL, 0), .75, 1e-14);
    EXPECT_NEAR_DOUBLE(probe_value(second, NULL, 0), sqrt((.25 + 1) / 2), 1e-14);
    EXPECT_CONTAINS(probe_reason(standard, NULL, 2), "do not vary");
}

/* column a: true 2, 5 against 2.5, 4: distribution functions differ by at most one half */
LAC_TEST(plugins_metrics_ks, golden_by_hand)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "ks", NULL, NULL);

    EXPECT_EQ_DOUBLE(probe_value(scores, NULL, 0), .5);
    EXPECT_EQ_DOUBLE(probe_value(scores, NULL, 2), 1); /* 7 against 7.5 */
}

/* rows with holes: all six; two columns that vary, divided by their standard deviations */
LAC_TEST(plugins_metrics_energy, equals_the_kernel_on_standardised_rows)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "energy", NULL, NULL);
    const double sd[] = {sqrt(3.5),
                         sqrt(lac_stats_variance(6, (const double[]){10, 12, 9, 15, 11, 14}, 1))};
    double x[12], y[12], expected = NAN;

    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 2; j++) {
            x[i * 2 + j] = golden_truth[i * 3 + j] / sd[j];
            y[i * 2 + j] = golden_completed[i * 3 + j] / sd[j];
        }
    }
    const LacMatrix a = {6, 2, 2, x}, b = {6, 2, 2, y};

    EXPECT_TRUE(lac_score_energy_distance(&a, &b, &expected, NULL));
    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), expected, 1e-14);
}

/* ED(all rows) = s^2 ED(rows with holes) for the share s of such rows */
LAC_TEST(plugins_metrics_energy, rows_without_holes_only_shrink_it)
{
    g_autoptr(LacData) truth = probe_normal(200, 3, 1);
    g_autofree double *completed = g_memdup2(truth->values, 600 * sizeof(double));
    g_autofree double *incomplete = g_memdup2(truth->values, 600 * sizeof(double));

    for (size_t i = 0; i < 50; i++) {
        completed[i * 3] += 1;
        incomplete[i * 3] = NAN;
    }
    g_autoptr(ProbeScoring) scoring = probe_scoring(
        lac_data_ref(truth), lac_data_with_values_take(truth, g_steal_pointer(&incomplete), NULL),
        completed);
    g_autoptr(LacScores) some = probe_score(scoring, "energy", NULL, NULL);
    g_autoptr(LacScores) all = probe_score(scoring, "energy", "{rows: all}", NULL);
    g_autoptr(LacScores) few = probe_score(scoring, "energy", "{max_rows: 20}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(all, NULL, -1) * 16, probe_value(some, NULL, -1), 1e-12);
    EXPECT_EQ_INT(lac_scores_find(few, NULL, -1)->n_cells, 20);
}

LAC_TEST(plugins_metrics_energy, draws_are_averaged)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) fill = probe_score(scoring, "energy", NULL, NULL);

    probe_scoring_add_draw(scoring, golden_completed);
    probe_scoring_add_draw(scoring, golden_truth);
    g_autoptr(LacScores) draws = probe_score(scoring, "energy", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(draws, NULL, -1), probe_value(fill, NULL, -1) / 2, 1e-14);
}

/* two wrong levels are at distance 1: two rows, truth a b, completed b b, in one nominal column of
 * three levels (third level in a row without holes does not count): 2*(1/2) - 1/2 - 0 */
LAC_TEST(plugins_metrics_energy, levels_are_at_distance_one)
{
    const char *const abc[] = {"a", "b", "c"};
    LacSchema *schema = lac_schema_new(1);
    const double truth[] = {0, 1, 2}, completed[] = {1, 1, 2}, incomplete[] = {NAN, NAN, 2};

    lac_schema_set_levels(schema, 0, LAC_KIND_NOMINAL, 3, abc);
    LacData *data = lac_data_new_take(schema, 3, g_memdup2(truth, sizeof truth), "probe", NULL);
    g_autoptr(ProbeScoring) scoring = probe_scoring(
        data, lac_data_with_values_take(data, g_memdup2(incomplete, sizeof incomplete), NULL),
        completed);
    g_autoptr(LacScores) scores = probe_score(scoring, "energy", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), .5, 1e-15);
}

/* numpy.corrcoef of the golden columns: .530690732 true, .4780058651 completed; only one pair */
LAC_TEST(plugins_metrics_correlation, golden)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "correlation", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), .530690732 - .4780058651, 1e-9);
}

/* in one column every direction is +1 or -1, so slices see what the column-wise distance sees */
LAC_TEST(plugins_metrics_sliced_wasserstein, one_column_is_the_plain_distance)
{
    const double truth[] = {0, 1, 3}, completed[] = {.5, 2, 2}, incomplete[] = {NAN, NAN, NAN};
    g_autoptr(ProbeScoring) scoring =
        probe_scoring(probe_table(3, 1, truth), probe_table(3, 1, incomplete), completed);
    g_autoptr(LacScores) sliced = probe_score(scoring, "sliced-wasserstein", "{order: 2}", NULL);
    const double sd = sqrt(lac_stats_variance(3, truth, 1));

    /* .8660254038: numpy, root mean square of sorted differences */
    EXPECT_NEAR_DOUBLE(probe_value(sliced, NULL, -1), .8660254038 / sd, 1e-10);
}

LAC_TEST(plugins_metrics_tables, unknown_truth_is_not_compared)
{
    const double truth[] = {1, 2, NAN, 3, 5, 1, 2, 8},
                 incomplete[] = {NAN, 2, NAN, NAN, 5, 1, 2, 8};
    const double completed[] = {1, 2, 99, 3, 5, 1, 2, 8};
    g_autoptr(ProbeScoring) scoring =
        probe_scoring(probe_table(4, 2, truth), probe_table(4, 2, incomplete), completed);
    g_autoptr(LacScores) scores = probe_score(scoring, "energy", NULL, NULL);

    EXPECT_EQ_DOUBLE(probe_value(scores, NULL, -1), 0);
    EXPECT_EQ_INT(lac_scores_find(scores, NULL, -1)->n_cells, 1);
}
