/* mar-logistic, mnar-self, mnar-quantile, mnar-threshold, block: masks of tables. */
#include "context-private.h"
#include "probe.h"
#include <lacuna/stats.h>

/* hidden share of column @j within four binomial standard errors of @rate; chances that vary from
 * row to row only make the variance smaller */
static void
expect_rate(const LacMask *mask, size_t j, double rate)
{
    const double n = (double)mask->rows, seen = (double)lac_mask_count_col(mask, j) / n;

    LAC_CHECK_OR((void)0, fabs(seen - rate) <= 4 * sqrt(rate * (1 - rate) / n),
                 "column %zu: %g of the cells are hidden, expected %g", j, seen, rate);
}

/* mean of the hidden values of column @j less that of all, in standard errors */
static double
hidden_shift(const LacData *data, const LacMask *mask, size_t j)
{
    double sum = 0, n = 0;

    for (size_t i = 0; i < data->rows; i++) {
        if (lac_mask_get(mask, i, j)) {
            sum += lac_data_at(data, i, j);
            n++;
        }
    }
    return sum / n * sqrt(n);
}

LAC_TEST(plugins_masks_mar_logistic, every_losing_column_reaches_the_rate)
{
    g_autoptr(LacData) data = probe_normal(5000, 10, 1);
    const double rates[] = {.1, .5, .9};

    for (size_t k = 0; k < G_N_ELEMENTS(rates); k++) {
        g_autofree char *yaml = g_strdup_printf("{rate: %g, allow_empty: true}", rates[k]);
        g_autoptr(LacMask) mask = probe_mask("mar-logistic", yaml, data, 4, NULL);
        size_t kept = 0;

        ASSERT_TRUE(mask != NULL);
        for (size_t j = 0; j < 10; j++) {
            if (lac_mask_count_col(mask, j) == 0)
                kept++;
            else
                expect_rate(mask, j, rates[k]);
        }
        EXPECT_EQ_INT(kept, 3);
    }
}

/* the columns that stay differ between rows with and without a hole, for at least one of them:
 * that is what makes it MAR rather than MCAR */
LAC_TEST(plugins_masks_mar_logistic, holes_depend_on_the_columns_that_stay)
{
    g_autoptr(LacData) data = probe_normal(5000, 4, 1);
    g_autoptr(LacMask) mask = probe_mask("mar-logistic", "{predictors: 0.25}", data, 4, NULL);
    size_t kept = 0, losing = 0;

    ASSERT_TRUE(mask != NULL);
    while (lac_mask_count_col(mask, kept) > 0)
        kept++;
    losing = kept == 0 ? 1 : 0;
    double sum = 0, n = 0;

    for (size_t i = 0; i < data->rows; i++) {
        if (lac_mask_get(mask, i, losing)) {
            sum += lac_data_at(data, i, kept);
            n++;
        }
    }
    EXPECT_TRUE(fabs(sum / n) * sqrt(n) > 5);                /* the predictor */
    EXPECT_TRUE(fabs(hidden_shift(data, mask, losing)) < 4); /* not the value itself */
}

LAC_TEST(plugins_masks_mar_logistic, too_few_varying_columns_are_refused)
{
    const double constant[] = {1, 1, 1, 1, 1, 1};
    g_autoptr(LacData) data = probe_table(3, 2, constant);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) mask = probe_mask("mar-logistic", NULL, data, 4, &error);

    EXPECT_TRUE(mask == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "has 0 of 2");
}

LAC_TEST(plugins_masks_mnar_self, rates_are_reached_and_large_values_go)
{
    g_autoptr(LacData) data = probe_normal(5000, 3, 1);
    g_autoptr(LacMask) mask = probe_mask("mnar-self", "{rate: 0.3, slope: 2}", data, 4, NULL);
    g_autoptr(LacMask) low = probe_mask("mnar-self", "{rate: 0.3, slope: -2}", data, 4, NULL);

    ASSERT_TRUE(mask != NULL && low != NULL);
    for (size_t j = 0; j < 3; j++) {
        expect_rate(mask, j, .3);
        EXPECT_TRUE(hidden_shift(data, mask, j) > 5);
        EXPECT_TRUE(hidden_shift(data, low, j) < -5);
    }
}

/* the chance itself: of cells with z > 1, as many go as sigmoid(2 z + c) says, with c solved here
 * by bisection on the mean chance */
LAC_TEST(plugins_masks_mnar_self, the_chance_is_logistic_in_the_value)
{
    const size_t n = 20000;
    g_autoptr(LacData) data = probe_normal(n, 1, 1);
    g_autoptr(LacMask) mask =
        probe_mask("mnar-self", "{rate: 0.3, slope: 2, allow_empty: true}", data, 4, NULL);
    const double mean = lac_stats_mean(n, data->values);
    const double sd = sqrt(lac_stats_variance(n, data->values, 1));
    double below = -20, above = 20, expected = 0, variance = 0, seen = 0;

    ASSERT_TRUE(mask != NULL);
    for (int step = 0; step < 60; step++) {
        const double c = (below + above) / 2;
        double sum = 0;

        for (size_t i = 0; i < n; i++)
            sum += 1 / (1 + exp(-2 * (data->values[i] - mean) / sd - c));
        if (sum / (double)n > .3)
            above = c;
        else
            below = c;
    }
    for (size_t i = 0; i < n; i++) {
        const double z = (data->values[i] - mean) / sd, p = 1 / (1 + exp(-2 * z - below));

        if (z < 1)
            continue;
        expected += p;
        variance += p * (1 - p);
        seen += lac_mask_get(mask, i, 0);
    }
    EXPECT_TRUE(fabs(seen - expected) < 4 * sqrt(variance));
}

LAC_TEST(plugins_masks_mnar_self, without_a_slope_it_is_mcar)
{
    LacMaskGenerator *flat = probe_new(LAC_PLUGIN_MASK, "mnar-self", "{slope: 0}", NULL);
    const LacMaskPlugin *plugin = (const LacMaskPlugin *)flat->instance.plugin;

    EXPECT_EQ_INT(plugin->mechanism_of(flat), LAC_MCAR);
    lac_instance_free(flat);
}

/* rate .3 with margin .1: the four largest of 1..10 go with chance 3/4, the others never */
LAC_TEST(plugins_masks_mnar_quantile, only_the_tail_goes_by_hand)
{
    const double values[] = {3, 9, 1, 7, 5, 10, 2, 8, 6, 4};
    g_autoptr(LacData) data = probe_table(10, 1, values);
    double gone[11] = {0}, n = 2000;

    for (uint64_t seed = 0; seed < (uint64_t)n; seed++) {
        g_autoptr(LacMask) mask =
            probe_mask("mnar-quantile", "{rate: 0.3, allow_empty: true}", data, seed, NULL);

        for (size_t i = 0; i < 10; i++)
            gone[(size_t)values[i]] += lac_mask_get(mask, i, 0);
    }
    for (size_t value = 1; value <= 6; value++)
        EXPECT_EQ_DOUBLE(gone[value], 0);
    for (size_t value = 7; value <= 10; value++)
        EXPECT_NEAR_DOUBLE(gone[value] / n, .75, 4 * sqrt(.75 * .25 / n));
}

LAC_TEST(plugins_masks_mnar_quantile, each_side_reaches_the_rate_with_ties_too)
{
    const char *const sides[] = {"upper", "lower", "sym"};
    g_autofree double *values = g_new(double, 8000);

    for (size_t i = 0; i < 8000; i++)
        values[i] = (double)(i % 2 ? i / 2 % 3 : i); /* column 2 has three values only */
    g_autoptr(LacData) data = probe_table(4000, 2, values);

    for (size_t k = 0; k < 3; k++) {
        for (int tenth = 1; tenth <= 10; tenth += 3) {
            g_autofree char *yaml =
                g_strdup_printf("{rate: %g, side: %s, allow_empty: true}", tenth / 10.0, sides[k]);
            g_autoptr(LacMask) mask = probe_mask("mnar-quantile", yaml, data, 4, NULL);

            ASSERT_TRUE(mask != NULL);
            expect_rate(mask, 0, tenth / 10.0);
            expect_rate(mask, 1, tenth / 10.0);
        }
    }
}

/* 1, 2, 3, 10, and nothing: mean 4, median 2.5; the other column is not listed */
LAC_TEST(plugins_masks_mnar_threshold, all_beyond_the_limit_and_nothing_else)
{
    static const struct {
        const char *yaml;
        gboolean hidden[5];
    } cases[] = {
        {"{columns: [x1]}", {FALSE, FALSE, FALSE, TRUE, FALSE}},
        {"{columns: [x1], side: below}", {TRUE, TRUE, TRUE, FALSE, FALSE}},
        {"{columns: [x1], at: median}", {FALSE, FALSE, TRUE, TRUE, FALSE}},
        {"{columns: [x1], at: median, side: below}", {TRUE, TRUE, FALSE, FALSE, FALSE}},
    };
    const double values[] = {1, 5, 2, 5, 3, 6, 10, 7, NAN, 8};
    g_autoptr(LacData) data = probe_table(5, 2, values);

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_autoptr(LacMask) mask = probe_mask("mnar-threshold", cases[k].yaml, data, 4, NULL);

        ASSERT_TRUE(mask != NULL);
        for (size_t i = 0; i < 5; i++) {
            EXPECT_EQ_INT(lac_mask_get(mask, i, 0), cases[k].hidden[i]);
            EXPECT_FALSE(lac_mask_get(mask, i, 1));
        }
    }
}

LAC_TEST(plugins_masks_block, groups_go_together)
{
    g_autoptr(LacData) data = probe_normal(400, 7, 1);
    g_autoptr(LacMask) mask =
        probe_mask("block", "{rate: 0.3, width: 3, height: 2, allow_empty: true}", data, 4, NULL);

    ASSERT_TRUE(mask != NULL);
    for (size_t i = 0; i < 400; i++) {
        for (size_t j = 0; j < 7; j++)
            EXPECT_EQ_INT(lac_mask_get(mask, i, j), lac_mask_get(mask, i / 2 * 2, j / 3 * 3));
    }
    /* 200 runs x 3 groups; the first group alone */
    const double seen = (double)lac_mask_count_col(mask, 0) / 400;

    EXPECT_NEAR_DOUBLE(seen, .3, 4 * sqrt(.21 / 200));
}

LAC_TEST(plugins_masks_block, exact_and_shuffled)
{
    g_autoptr(LacData) data = probe_normal(100, 6, 1);
    g_autoptr(LacMask) mask = probe_mask(
        "block", "{rate: 0.25, layout: shuffled, how: exact, allow_empty: true}", data, 4, NULL);
    size_t partner[6], partners = 0;

    ASSERT_TRUE(mask != NULL);
    EXPECT_EQ_INT(lac_mask_count(mask), 2 * 75); /* a quarter of 300 blocks of two cells */
    for (size_t j = 0; j < 6; j++) {
        partner[j] = 6;
        for (size_t k = 0; k < 6; k++) {
            gboolean same = k != j;

            for (size_t i = 0; i < 100 && same; i++)
                same = lac_mask_get(mask, i, j) == lac_mask_get(mask, i, k);
            if (same)
                partner[j] = k;
        }
        partners += partner[j] < 6;
    }
    EXPECT_EQ_INT(partners, 6); /* each column has exactly one that goes with it */
}
