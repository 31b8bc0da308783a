#include "probe.h"

#include <lacuna/stats.h>

/* linear predictor of each row: the sum of the standardised first @kept columns, by definition */
static double *
mar_scores(const LacData *data, size_t kept)
{
    double *score = g_new0(double, data->rows);
    g_autofree double *column = g_new(double, data->rows);

    for (size_t j = 0; j < kept; j++) {
        lac_data_copy_seen(data, j, column);
        const double mean = lac_stats_mean(data->rows, column);
        const double sd = sqrt(lac_stats_variance(data->rows, column, 1));

        for (size_t i = 0; i < data->rows; i++)
            score[i] += (column[i] - mean) / sd;
    }
    return score;
}

LAC_TEST(plugins_masks_mar, the_first_seventy_percent_of_the_columns_stay)
{
    g_autoptr(LacData) data = probe_normal(500, 10, 1);
    g_autoptr(LacMask) mask = probe_mask("mar", "{rate: 0.4}", data, 5, NULL);

    ASSERT_TRUE(mask != NULL);
    for (size_t j = 0; j < 7; j++)
        EXPECT_EQ_INT(lac_mask_count_col(mask, j), 0);
    for (size_t j = 7; j < 10; j++)
        EXPECT_TRUE(lac_mask_count_col(mask, j) > 0);
}

/* rows share their chance, so the variance of the share is that of independent cells with these
 * chances, at most 1/4 each */
LAC_TEST(plugins_masks_mar, the_intercept_reaches_the_rate)
{
    g_autoptr(LacData) data = probe_normal(4000, 10, 1);

    for (int tenth = 1; tenth <= 9; tenth += 4) {
        const double rate = tenth / 10.0;
        g_autofree char *yaml = g_strdup_printf("{rate: %g, allow_empty: true}", rate);
        g_autoptr(LacMask) mask = probe_mask("mar", yaml, data, 5, NULL);

        ASSERT_TRUE(mask != NULL);
        EXPECT_NEAR_DOUBLE((double)lac_mask_count(mask) / 12000, rate, 4 * sqrt(0.25 / 12000));
    }
}

/* without an intercept the chance of a row is sigmoid(sum of z), so the expected number of holes
 * and its variance are sums over rows */
LAC_TEST(plugins_masks_mar, zscore_hides_as_often_as_the_formula_says)
{
    g_autoptr(LacData) data = probe_normal(4000, 3, 1);
    g_autoptr(LacMask) mask = probe_mask("mar", "{variant: zscore}", data, 5, NULL);
    g_autofree double *score = mar_scores(data, 2);
    double low_expected = 0, low_variance = 0, low_seen = 0;

    ASSERT_TRUE(mask != NULL);
    for (size_t i = 0; i < data->rows; i++) {
        const double p = lac_sigmoid(score[i]);

        if (score[i] < -1) {
            low_expected += p;
            low_variance += p * (1 - p);
            low_seen += lac_mask_get(mask, i, 2);
        }
    }
    EXPECT_TRUE(low_expected > 50);
    EXPECT_TRUE(fabs(low_seen - low_expected) < 4 * sqrt(low_variance));
}

/* min-max sums are never negative: more than half of the cells go, as the method notes say */
LAC_TEST(plugins_masks_mar, literal_never_falls_below_one_half)
{
    g_autoptr(LacData) data = probe_normal(4000, 10, 1);
    g_autoptr(LacMask) mask = probe_mask("mar", "{variant: literal}", data, 5, NULL);

    ASSERT_TRUE(mask != NULL);
    EXPECT_TRUE((double)lac_mask_count(mask) / 12000 > 0.9); /* seven columns of mean about 1/2 */
}

LAC_TEST(plugins_masks_mar, one_column_is_refused)
{
    g_autoptr(LacData) data = probe_normal(40, 1, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) mask = probe_mask("mar", NULL, data, 5, &error);

    EXPECT_TRUE(mask == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "keeps 0 of 1 columns");
}

LAC_TEST(plugins_masks_mar, holes_and_constants_among_the_kept_columns_do_no_harm)
{
    const double values[] = {1, NAN, 3, 4, 1, 2, NAN, 4, 1, 5, 3, 1, 1, 0, 2, 6};
    g_autoptr(LacData) data = probe_table(4, 4, values);
    g_autoptr(LacMask) mask = probe_mask("mar", "{rate: 1, allow_empty: true}", data, 5, NULL);

    ASSERT_TRUE(mask != NULL);
    EXPECT_EQ_INT(lac_mask_count_col(mask, 2), 3); /* its hole is not hidden a second time */
    EXPECT_EQ_INT(lac_mask_count_col(mask, 3), 4);
}
