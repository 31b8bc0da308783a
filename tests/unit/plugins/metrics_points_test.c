/* nrmse, r2, pfc: errors of one completion. "numpy": computed from the definitions on the golden
 * table, printed to ten digits. */
#include "metrics_golden.h"

static double
golden_nrmse(const char *yaml, gssize column)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "nrmse", yaml, NULL);

    return probe_value(scores, NULL, column);
}

LAC_TEST(plugins_metrics_nrmse, golden)
{
    EXPECT_NEAR_DOUBLE(golden_nrmse(NULL, 0), .4225771274, 1e-10); /* numpy, as all here */
    EXPECT_NEAR_DOUBLE(golden_nrmse(NULL, 1), .5137851256, 1e-10);
    EXPECT_NEAR_DOUBLE(golden_nrmse(NULL, -1), .4681811265, 1e-10);
    EXPECT_NEAR_DOUBLE(golden_nrmse("{by: range}", 0), .158113883, 1e-9);
    EXPECT_NEAR_DOUBLE(golden_nrmse("{by: range}", 1), .1983730119, 1e-10);
    EXPECT_NEAR_DOUBLE(golden_nrmse("{columns: pooled}", -1), .4793888449, 1e-10);
    EXPECT_NEAR_DOUBLE(golden_nrmse("{by: missforest}", -1), .23490922, 1e-8);
}

/* column a is 1..6: type-7 quartiles 2.25 and 4.75 */
LAC_TEST(plugins_metrics_nrmse, interquartile_range_by_hand)
{
    EXPECT_NEAR_DOUBLE(golden_nrmse("{by: iqr}", 0), .7905694150 / 2.5, 1e-9);
}

/* observed cells of column a: 1, 3, 4, 6 with standard deviation sqrt(13/3) */
LAC_TEST(plugins_metrics_nrmse, spread_of_the_observed_cells)
{
    EXPECT_NEAR_DOUBLE(golden_nrmse("{from: observed}", 0), .7905694150 / sqrt(13.0 / 3), 1e-9);
}

LAC_TEST(plugins_metrics_nrmse, a_constant_column_is_undefined_and_left_out)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "nrmse", NULL, NULL);

    EXPECT_CONTAINS(probe_reason(scores, NULL, 2), "does not vary");
    EXPECT_EQ_INT(lac_scores_find(scores, NULL, -1)->n_cells, 5);
}

LAC_TEST(plugins_metrics_nrmse, the_unit_of_a_column_does_not_matter)
{
    double truth[18], completed[18];

    for (size_t k = 0; k < 18; k++) {
        truth[k] = golden_truth[k] * (k % 3 == 1 ? -1e6 : 1);
        completed[k] = golden_completed[k] * (k % 3 == 1 ? -1e6 : 1);
    }
    g_autoptr(ProbeScoring) scoring = golden_scoring_of(truth, completed);
    g_autoptr(LacScores) scores = probe_score(scoring, "nrmse", NULL, NULL);
    g_autoptr(LacScores) rmse = probe_score(scoring, "rmse", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), .4681811265, 1e-10);
    EXPECT_NEAR_DOUBLE(probe_value(rmse, NULL, 1) / 1e6, 1.190238071, 1e-9);
}

LAC_TEST(plugins_metrics_r2, golden)
{
    g_autoptr(ProbeScoring) scoring = golden_scoring();
    g_autoptr(LacScores) scores = probe_score(scoring, "r2", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, 0), .7222222222, 1e-10);
    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, 1), .6964285714, 1e-10);
    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), (.7222222222 + .6964285714) / 2, 1e-10);
    EXPECT_CONTAINS(probe_reason(scores, NULL, 2), "only one");
}

/* five rows of three levels and one binary column; truth 0 2 1 1 0, answers 0 2 1 0 0: one of five
 * wrong; binary column: one hole, answered with a level that does not exist */
static ProbeScoring *
categories(void)
{
    const char *const abc[] = {"a", "b", "c"}, *const yes_no[] = {"no", "yes"};
    const double truth[] = {0, 1, 2, 0, 1, 1, 1, 0, 0, 1};
    const double completed[] = {0, 1, 2, 0, 1, 7, 0, 0, 0, 1};
    double incomplete[] = {NAN, 1, NAN, 0, NAN, NAN, NAN, 0, NAN, 1};
    LacSchema *schema = lac_schema_new(2);

    lac_schema_set_levels(schema, 0, LAC_KIND_NOMINAL, 3, abc);
    lac_schema_set_levels(schema, 1, LAC_KIND_BINARY, 2, yes_no);
    LacData *data = lac_data_new_take(schema, 5, g_memdup2(truth, sizeof truth), "probe", NULL);

    return probe_scoring(
        data, lac_data_with_values_take(data, g_memdup2(incomplete, sizeof incomplete), NULL),
        completed);
}

LAC_TEST(plugins_metrics_pfc, wrong_levels_are_counted_by_hand)
{
    g_autoptr(ProbeScoring) scoring = categories();
    g_autoptr(LacScores) pooled = probe_score(scoring, "pfc", NULL, NULL);
    g_autoptr(LacScores) mean = probe_score(scoring, "pfc", "{columns: mean}", NULL);

    EXPECT_EQ_DOUBLE(probe_value(pooled, NULL, 0), .2);
    EXPECT_EQ_DOUBLE(probe_value(pooled, NULL, 1), 1);
    EXPECT_NEAR_DOUBLE(probe_value(pooled, NULL, -1), 2.0 / 6, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(mean, NULL, -1), .6, 1e-15);
}

/* ranks 0 1 2 3 of four levels, answers 0 2 0 3: off by 0, 1, 2 and 0 of 3, a mean of 1/4; the
 * nominal column beside it: wrong once in two */
LAC_TEST(plugins_metrics_pfc, ranked_counts_how_far_ordered_levels_are_off)
{
    const char *const order[] = {"a", "b", "c", "d"};
    const double truth[] = {0, 0, 1, 3, 2, 0, 3, 0};
    const double completed[] = {0, 0, 2, 0, 0, 0, 3, 0};
    double incomplete[] = {NAN, NAN, NAN, NAN, NAN, 0, NAN, 0};
    LacSchema *schema = lac_schema_new(2);

    lac_schema_set_levels(schema, 0, LAC_KIND_ORDINAL, 4, order);
    lac_schema_set_levels(schema, 1, LAC_KIND_NOMINAL, 4, order);
    LacData *data = lac_data_new_take(schema, 4, g_memdup2(truth, sizeof truth), "probe", NULL);
    g_autoptr(ProbeScoring) scoring = probe_scoring(
        data, lac_data_with_values_take(data, g_memdup2(incomplete, sizeof incomplete), NULL),
        completed);
    g_autoptr(LacScores) ranked = probe_score(scoring, "pfc", "{ranked: true}", NULL);
    g_autoptr(LacScores) plain = probe_score(scoring, "pfc", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(ranked, NULL, 0), .25, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(ranked, NULL, 1), .5, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(ranked, NULL, -1), 2.0 / 6, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(plain, NULL, 0), .5, 1e-15);
}

LAC_TEST(plugins_metrics_pfc, the_most_frequent_level_of_the_draws_is_taken)
{
    g_autoptr(ProbeScoring) scoring = categories();
    const double draws[3][10] = {{0, 1, 1, 0, 1, 1, 1, 0, 0, 1},
                                 {0, 1, 2, 0, 1, 1, 0, 0, 1, 1},
                                 {1, 1, 2, 0, 0, 0, 1, 0, 2, 1}};

    for (size_t d = 0; d < 3; d++)
        probe_scoring_add_draw(scoring, draws[d]);
    /* modes 0 2 1 1 and, of the three-way tie, the lowest: 0: all right */
    g_autoptr(LacScores) scores = probe_score(scoring, "pfc", "{point: mean}", NULL);

    EXPECT_EQ_DOUBLE(probe_value(scores, NULL, -1), 0);
}

LAC_TEST(plugins_metrics_pfc, numbers_and_categories_are_not_mixed)
{
    g_autoptr(ProbeScoring) numbers = golden_scoring();
    g_autoptr(ProbeScoring) levels = categories();
    g_autoptr(LacScores) pfc = probe_score(numbers, "pfc", NULL, NULL);
    g_autoptr(LacScores) rmse = probe_score(levels, "rmse", NULL, NULL);

    EXPECT_CONTAINS(probe_reason(pfc, NULL, -1), "no scored cell");
    EXPECT_CONTAINS(probe_reason(rmse, NULL, -1), "no scored cell");
}
