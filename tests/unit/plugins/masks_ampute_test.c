/* ampute. Golden chances: R's plogis() of the weighted sums of these rows, standardised by scale()
 * before and after weighting, as the procedure's authors do in mice. */
#include "context-private.h"
#include "lac_sanitized.h"
#include "probe.h"

static const double six[] = {1, 2, .5, 2, 1, 2, 4, 5, 1, 7, 3, 4, 11, 8, 3, 3, 6, 6};

/* @share of @seeds in which row i of the six rows gets a hole */
static void
hidden_shares(const char *yaml, size_t seeds, double *share)
{
    g_autoptr(LacData) data = probe_table(6, 3, six);

    memset(share, 0, 6 * sizeof *share);
    for (uint64_t seed = 0; seed < seeds; seed++) {
        g_autoptr(LacMask) mask = probe_mask("ampute", yaml, data, seed, NULL);

        ASSERT_TRUE(mask != NULL);
        for (size_t i = 0; i < 6; i++)
            share[i] += (double)lac_mask_get(mask, i, 0) / (double)seeds;
    }
}

LAC_TEST(plugins_masks_ampute, chances_of_right_and_mid_are_golden)
{
    const double right[] = {.256896, .255154, .478230, .473667, .763536, .760217}; /* b = 0 */
    const double mid_at_zero[] = {.422587, .420356, .659904, .655786, .395998, .400382};
    const size_t seeds = LAC_REPEATS(5000, 300);
    double share[6];

    hidden_shares("{patterns: [[1, 0, 0]], weights: [[0, 1, 0.5]], allow_empty: true}", seeds,
                  share);
    for (size_t i = 0; i < 6; i++)
        EXPECT_NEAR_DOUBLE(share[i], right[i], 4 * .5 / sqrt((double)seeds));
    /* for MID the intercept at rate .5 is .0332306513, which raises the logit by as much */
    hidden_shares("{patterns: [[1, 0, 0]], weights: [[0, 1, 0.5]], type: [mid], allow_empty: true}",
                  seeds, share);
    for (size_t i = 0; i < 6; i++) {
        const double odds = mid_at_zero[i] / (1 - mid_at_zero[i]) * exp(.0332306513);

        EXPECT_NEAR_DOUBLE(share[i], odds / (1 + odds), 4 * .5 / sqrt((double)seeds));
    }
}

/* rate .3 and odds 1:2:3:4 in four equal groups: .12 .24 .36 .48 (the paper's section 2.3) */
LAC_TEST(plugins_masks_ampute, discrete_chances_follow_the_odds)
{
    const size_t n = 40000;
    g_autofree double *values = g_new(double, 2 * n);
    double hidden[4] = {0};

    for (size_t i = 0; i < n; i++) {
        values[2 * i] = 1;
        values[2 * i + 1] = (double)i;
    }
    g_autoptr(LacData) data = probe_table(n, 2, values);
    g_autoptr(LacMask) mask = probe_mask(
        "ampute", "{rate: 0.3, patterns: [[1, 0]], cont: false, allow_empty: true}", data, 4, NULL);

    ASSERT_TRUE(mask != NULL);
    for (size_t i = 0; i < n; i++)
        hidden[4 * i / n] += (double)lac_mask_get(mask, i, 0) / ((double)n / 4);
    for (size_t g = 0; g < 4; g++) {
        const double p = .12 * (double)(g + 1);

        EXPECT_NEAR_DOUBLE(hidden[g], p, 4 * sqrt(p * (1 - p) / ((double)n / 4)));
    }
}

LAC_TEST(plugins_masks_ampute, every_type_reaches_the_share_of_cases)
{
    const char *const types[] = {"right", "left", "mid", "tail"};
    const char *const how[] = {"normal", "sample"};
    g_autoptr(LacData) data = probe_normal(6000, 4, 1);

    for (size_t t = 0; t < 4; t++) {
        for (size_t h = 0; h < 2; h++) {
            g_autofree char *yaml =
                g_strdup_printf("{rate: 0.3, type: [%s], calibrate: %s}", types[t], how[h]);
            g_autoptr(LacMask) mask = probe_mask("ampute", yaml, data, 4, NULL);

            ASSERT_TRUE(mask != NULL); /* one hole a case; scores here are normal */
            EXPECT_NEAR_DOUBLE((double)lac_mask_count(mask) / 6000, .3,
                               4 * sqrt(.21 / 6000) + .005);
        }
    }
}

/* patterns with one and two holes, freq .4 and .6: 1.6 holes a case; .3 of three columns' cells is
 * .9 holes a row, so .5625 of the rows: by hand, as in the method notes */
LAC_TEST(plugins_masks_ampute, by_cells_counts_the_holes_of_each_pattern)
{
    g_autoptr(LacData) data = probe_normal(20000, 3, 1);
    g_autoptr(LacMask) mask =
        probe_mask("ampute",
                   "{rate: 0.3, by: cells, patterns: [[1, 0, 0], [0, 1, 1]], freq: [0.4, 0.6], "
                   "calibrate: sample}",
                   data, 4, NULL);
    size_t cases = 0;

    ASSERT_TRUE(mask != NULL);
    for (size_t i = 0; i < 20000; i++)
        cases += lac_mask_count_row(mask, i) > 0;
    EXPECT_NEAR_DOUBLE((double)cases / 20000, .5625, 4 * sqrt(.5625 * .4375 / 20000));
    EXPECT_NEAR_DOUBLE((double)lac_mask_count(mask) / 60000, .3, .01);
}

LAC_TEST(plugins_masks_ampute, only_the_given_patterns_appear)
{
    g_autoptr(LacData) data = probe_normal(500, 3, 1);
    g_autoptr(LacMask) mask =
        probe_mask("ampute", "{patterns: [[1, 0, 0], [0, 1, 1]], mech: mnar, type: [left, tail]}",
                   data, 4, NULL);

    ASSERT_TRUE(mask != NULL);
    for (size_t i = 0; i < 500; i++) {
        const uint64_t row = *lac_mask_row(mask, i);

        EXPECT_TRUE(row == 0 || row == 1 || row == 6);
    }
}

LAC_TEST(plugins_masks_ampute, constant_columns_hide_at_the_plain_rate)
{
    const double same[] = {1, 2, 1, 2, 1, 2, 1, 2};
    g_autoptr(LacData) data = probe_table(4, 2, same);
    size_t hidden = 0;

    for (uint64_t seed = 0; seed < 1000; seed++) {
        g_autoptr(LacMask) mask =
            probe_mask("ampute", "{rate: 0.3, allow_empty: true}", data, seed, NULL);

        hidden += lac_mask_count(mask);
    }
    EXPECT_NEAR_DOUBLE((double)hidden / 4000, .3, 4 * sqrt(.21 / 4000));
}

static void
expect_refused(const char *yaml, const char *message)
{
    g_autoptr(LacData) data = probe_table(6, 3, six);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) mask = probe_mask("ampute", yaml, data, 1, &error);

    EXPECT_TRUE(mask == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, message);
}

LAC_TEST(plugins_masks_ampute, what_cannot_be_is_refused_and_says_how_to_mend_it)
{
    expect_refused("{rate: 0.5, by: cells}", "at most 0.333333");
    expect_refused("{patterns: [[1, 0]]}", "expected one for each of the 3 columns");
    expect_refused("{patterns: [[1, 0, 0.5]]}", "expected 1 (becomes missing) or 0");
    expect_refused("{patterns: [[1, 1, 1]]}", "hides all 3 columns");
    expect_refused("{freq: [0.5, 0.5]}", "expected one for each of 3 patterns");
    expect_refused("{freq: [0.5, 0.1, 0.1]}", "adds up to 0.7");
    expect_refused("{weights: [[1, 1, 1], [1, 0, 1], [1, 1, 0]]}", "use mech: mnar");
    expect_refused("{type: [middle]}", "expected right, left, mid or tail");
    expect_refused("{type: [left, mid]}", "one for each of 3 patterns");
    expect_refused("{patterns: [[1, 0, 0]], cont: false, rate: 0.9}", "at most 0.6");
}

LAC_TEST(plugins_masks_ampute, the_mechanism_is_the_one_asked_for)
{
    LacMaskGenerator *self = probe_new(LAC_PLUGIN_MASK, "ampute", "{mech: mnar}", NULL);

    EXPECT_EQ_INT(((const LacMaskPlugin *)self->instance.plugin)->mechanism_of(self), LAC_MNAR);
    lac_instance_free(self);
}
