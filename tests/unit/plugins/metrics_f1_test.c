/* f1 of four numbers and two binary cells, worked out by hand: with threshold .5
 *   truth      1 1 0 0 | 1 0
 *   completed  1 0 1 0 | 1 0     (.9 .4 .6 0 | 1 0)
 * TP 2, FP 1, FN 1, TN 2. */
#include "metrics_golden.h"

static ProbeScoring *
pixels(void)
{
    const double truth[] = {1, 1, 1, 0, 0, 1, 0, 0};
    const double incomplete[] = {NAN, NAN, NAN, NAN, NAN, 1, NAN, 0};
    const double completed[] = {.9, 1, .4, 0, .6, 1, 0, 0};
    LacSchema *schema = lac_schema_new(2);

    lac_schema_set_levels(schema, 1, LAC_KIND_BINARY, 2, (const char *const[]){"no", "yes"});
    LacData *data = lac_data_new_take(schema, 4, g_memdup2(truth, sizeof truth), "probe", NULL);

    return probe_scoring(
        data, lac_data_with_values_take(data, g_memdup2(incomplete, sizeof incomplete), NULL),
        completed);
}

static double
f1(const char *yaml)
{
    g_autoptr(ProbeScoring) scoring = pixels();
    g_autoptr(LacScores) scores = probe_score(scoring, "f1", yaml, NULL);

    return probe_value(scores, NULL, -1);
}

LAC_TEST(plugins_metrics_f1, by_hand)
{
    EXPECT_NEAR_DOUBLE(f1(NULL), 4.0 / 6.0, 1e-15);
    EXPECT_NEAR_DOUBLE(f1("{average: macro}"), 4.0 / 6.0, 1e-15); /* both classes alike here */
    EXPECT_NEAR_DOUBLE(f1("{average: micro}"), 4.0 / 6.0, 1e-15);
    /* the .6 is a 0 now: TP 2, FP 0, FN 1, TN 3 */
    EXPECT_NEAR_DOUBLE(f1("{threshold: 0.7}"), 4.0 / 5.0, 1e-15);
    EXPECT_NEAR_DOUBLE(f1("{threshold: 0.7, average: macro}"), 0.5 * (4.0 / 5.0 + 6.0 / 7.0),
                       1e-15);
    EXPECT_NEAR_DOUBLE(f1("{threshold: 0.7, average: micro}"), 5.0 / 6.0, 1e-15);
}

LAC_TEST(plugins_metrics_f1, without_any_one_it_is_undefined)
{
    g_autoptr(ProbeScoring) scoring = pixels();
    g_autoptr(LacScores) scores = probe_score(scoring, "f1", "{threshold: 2}", NULL);

    EXPECT_CONTAINS(probe_reason(scores, NULL, -1), "neither in the truth nor in the completion");
}
