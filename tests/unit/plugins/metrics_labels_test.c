/* accuracy, cross-entropy, class-distribution: five rows worked out by hand. */
#include "probe.h"

#include <math.h>

/* Labels 0 1 2 1 -1; likeliest classes 0, 1, 0 (a tie of 0 and 2), 2, 0. */
static LacScores *
score(const char *name, const char *yaml, gboolean labelled)
{
    static const double chances[5][3] = {
        {0.5, 0.25, 0.25}, {0.0, 1.0, 0.0}, {0.4, 0.2, 0.4}, {0.5, 0.0, 0.5 + 1e-9}, {1, 0, 0}};
    static const int32_t labels[] = {0, 1, 2, 1, -1};
    g_autoptr(LacData) truth = probe_normal(5, 2, 1);
    g_autoptr(LacMatrix) prediction = lac_matrix_new(5, 3, NULL);
    g_autoptr(LacScores) scores = lac_scores_new();
    g_autoptr(GError) error = NULL;
    LacMetric *metric = probe_new(LAC_PLUGIN_METRIC, name, yaml, &error);
    const LacScoring in = {.truth = truth, .prediction = prediction};

    for (size_t i = 0; i < 5; i++)
        memcpy(lac_matrix_row(prediction, i), chances[i], sizeof chances[i]);
    if (labelled)
        lac_data_take_labels(truth, g_memdup2(labels, sizeof labels), 3, NULL);
    EXPECT_TRUE(
        ((const LacMetricPlugin *)metric->instance.plugin)->score(metric, &in, scores, &error));
    lac_instance_free(metric);
    return g_steal_pointer(&scores);
}

LAC_TEST(plugins_metrics_labels, accuracy_by_hand)
{
    g_autoptr(LacScores) scores = score("accuracy", NULL, TRUE);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), 2.0 / 4.0, 1e-15);
    EXPECT_EQ_INT(lac_scores_find(scores, NULL, -1)->n_cells, 4);
}

/* -(ln .5 + ln 1 + ln .4 + ln floor) / 4 */
LAC_TEST(plugins_metrics_labels, cross_entropy_by_hand)
{
    g_autoptr(LacScores) floored = score("cross-entropy", NULL, TRUE);
    g_autoptr(LacScores) strict = score("cross-entropy", "{floor: 0}", TRUE);

    EXPECT_NEAR_DOUBLE(probe_value(floored, NULL, -1), -(log(0.5) + log(0.4) + log(1e-7)) / 4.0,
                       1e-12);
    EXPECT_CONTAINS(probe_reason(strict, NULL, -1), "probability 0");
}

/* true shares 1/4, 2/4, 1/4; predicted 2/4, 1/4, 1/4 */
LAC_TEST(plugins_metrics_labels, class_distribution_by_hand)
{
    g_autoptr(LacScores) scores = score("class-distribution", NULL, TRUE);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), 0.25, 1e-15);
}

LAC_TEST(plugins_metrics_labels, without_labels_there_is_no_number)
{
    static const char *const names[] = {"accuracy", "cross-entropy", "class-distribution"};

    for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
        g_autoptr(LacScores) scores = score(names[k], NULL, FALSE);

        EXPECT_CONTAINS(probe_reason(scores, NULL, -1), "no row has a label");
    }
}
