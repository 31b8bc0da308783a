/* learned: what a simulation's own mechanism was, its masks must show again. Tolerances are four
 * standard errors, computed where they are used; all seeds are fixed. */
#include "probe.h"
#include <lacuna/glm.h>
#include <lacuna/stats.h>

/* @value [rows][cols] with NaN where @missing says so; both may use the row's own stream. */
static LacData *
simulate(size_t rows, size_t cols, uint64_t seed, void (*hide)(double *row, LacRng *rng))
{
    const LacRng root = lac_rng_new(seed);
    double *v = g_new(double, rows *cols);
    g_autofree double *copy = NULL;

    for (size_t i = 0; i < rows; i++) {
        LacRng rng = lac_rng_at(&root, i);

        lac_rng_fill_normal(&rng, cols, v + i * cols);
        hide(v + i * cols, &rng);
    }
    copy = v;
    return probe_table(rows, cols, copy);
}

/* Slope and intercept of the logistic regression of "@mask hides column @j" on column @x, over the
 * rows where @j is seen. */
static double
slope(const LacData *data, const LacMask *mask, size_t j, size_t x)
{
    const size_t predictors[] = {0, 1};
    g_autofree double *z = g_new0(double, data->rows * 8), *y = g_new(double, data->rows);
    g_autoptr(LacGlm) glm = lac_glm_new(2, 8, 2, predictors);
    LacGlmRows rows = {.stride = 8, .z = z, .y = y};

    for (size_t i = 0; i < data->rows; i++) {
        if (lac_data_is_hole(data, i, j) || lac_data_is_hole(data, i, x))
            continue;
        z[rows.n * 8] = 1;
        z[rows.n * 8 + 1] = lac_data_at(data, i, x);
        y[rows.n++] = lac_mask_get(mask, i, j);
    }
    lac_glm_fit(glm, 1, &rows);
    return glm->beta[1];
}

/* complete with chance .5, {1} .3, {2, 3} .2, whatever the values */
static void
hide_at_random(double *row, LacRng *rng)
{
    const double u = lac_rng_uniform(rng);

    if (u < .3)
        row[1] = NAN;
    else if (u < .5)
        row[2] = row[3] = NAN;
}

/* Where nothing depends on values, every row is given pattern r with the same chance k f(r), f the
 * share of rows that have it, and k makes the expected losses what they should be: with m_j holes
 * in column j of n rows and p columns, and H holes in all,
 *     k sum_j (1 - m_j / n) m_j = H / (n p) (n p - H). */
LAC_TEST(plugins_masks_learned, independent_patterns_come_back_with_their_frequencies)
{
    g_autoptr(LacData) data = simulate(40000, 4, 3, hide_at_random);
    g_autoptr(LacMask) mask = probe_mask("learned", "{weights: none}", data, 1, NULL);
    const double n = 40000, one = (double)lac_mask_count_col(data->holes, 1),
                 two = (double)lac_mask_count_col(data->holes, 2), holes = one + 2 * two;
    const double k =
        holes / (4 * n) * (4 * n - holes) / ((1 - one / n) * one + 2 * (1 - two / n) * two);
    double complete = 0, seen[3] = {0}, other = 0;

    ASSERT_TRUE(mask != NULL);
    for (size_t i = 0; i < data->rows; i++) {
        const uint64_t bits = lac_mask_row(mask, i)[0];

        if (lac_mask_count_row(data->holes, i) > 0)
            continue;
        complete++;
        if (bits == 0)
            seen[0]++;
        else if (bits == 1 << 1)
            seen[1]++;
        else if (bits == (1 << 2 | 1 << 3))
            seen[2]++;
        else
            other++;
    }
    EXPECT_EQ_DOUBLE(other, 0);
    LAC_CHECK_OR((void)0,
                 fabs(seen[1] / complete - k * one / n) < 4 * sqrt(.25 / complete) &&
                     fabs(seen[2] / complete - k * two / n) < 4 * sqrt(.25 / complete),
                 "{1} %g, expected %g; {2, 3} %g, expected %g", seen[1] / complete, k * one / n,
                 seen[2] / complete, k * two / n);
}

/* 1 with odds exp(-1.5 + 1.2 x0); 2 with chance .2 */
static void
hide_by_the_first(double *row, LacRng *rng)
{
    const double first = row[0];

    if (lac_rng_uniform(rng) < lac_sigmoid(-1.5 + 1.2 * first))
        row[1] = NAN;
    if (lac_rng_uniform(rng) < .2)
        row[2] = NAN;
}

/* The standard error of a slope is about 1 / sqrt(n p (1 - p)) = .015 in the table and .02 in the
 * mask, whose rows are fewer; the ridge is worth one observation. */
LAC_TEST(plugins_masks_learned, logistic_weights_of_a_simulation_come_back)
{
    g_autoptr(LacData) data = simulate(30000, 4, 5, hide_by_the_first);
    g_autoptr(LacMask) mask = probe_mask("learned", NULL, data, 2, NULL);

    ASSERT_TRUE(mask != NULL);
    EXPECT_TRUE(fabs(slope(data, mask, 1, 0) - 1.2) < .15);
    EXPECT_TRUE(fabs(slope(data, mask, 1, 3)) < .15);
    EXPECT_TRUE(fabs(slope(data, mask, 2, 0)) < .15);
}

/* 1 and 2 together with odds exp(-1 + x0), 3 as well in half of these rows */
static void
hide_together(double *row, LacRng *rng)
{
    const double first = row[0];

    if (lac_rng_uniform(rng) < lac_sigmoid(-1 + first)) {
        row[1] = row[2] = NAN;
        if (lac_rng_uniform(rng) < .5)
            row[3] = NAN;
    }
}

/* A cause shared by three columns counts once. */
LAC_TEST(plugins_masks_learned, columns_that_go_together_do_not_multiply_their_cause)
{
    g_autoptr(LacData) data = simulate(30000, 5, 7, hide_together);
    g_autoptr(LacMask) mask = probe_mask("learned", NULL, data, 2, NULL);

    ASSERT_TRUE(mask != NULL);
    EXPECT_TRUE(fabs(slope(data, mask, 1, 0) - 1) < .15);
    for (size_t i = 0; i < data->rows; i++) {
        const uint64_t all = lac_mask_row(mask, i)[0] | lac_mask_row(data->holes, i)[0];

        ASSERT_TRUE(all == 0 || all == 0x6 || all == 0xe);
    }
}

/* each visit is missed after the first missed one: 4, then 3, then 2 columns are left */
static void
hide_monotone(double *row, LacRng *rng)
{
    const double u = lac_rng_uniform(rng);

    for (size_t j = 1; j < 4; j++)
        if (u < .15 * (double)j)
            row[j] = NAN;
}

LAC_TEST(plugins_masks_learned, dropping_out_stays_monotone)
{
    g_autoptr(LacData) data = simulate(3000, 4, 9, hide_monotone);
    g_autoptr(LacMask) mask = probe_mask("learned", "{rate: 0.4}", data, 2, NULL);

    ASSERT_TRUE(mask != NULL);
    EXPECT_NEAR_DOUBLE((double)lac_mask_count(mask) / (double)(12000 - lac_mask_count(data->holes)),
                       .4, .04);
    for (size_t i = 0; i < data->rows; i++) {
        const uint64_t all = lac_mask_row(mask, i)[0] | lac_mask_row(data->holes, i)[0];

        ASSERT_TRUE(all == 0 || all == 0x8 || all == 0xc || all == 0xe);
    }
}

LAC_TEST(plugins_masks_learned, what_cannot_be_learnt_is_refused)
{
    const double full[] = {1, 2, 3, 4, 5, 6}, column[] = {1, 2, NAN, NAN, 5, 6};
    g_autoptr(LacData) complete = probe_table(3, 2, full), one = probe_table(6, 1, column);
    g_autoptr(LacData) data = simulate(500, 4, 3, hide_at_random);
    g_autoptr(GError) none = NULL, single = NULL, most = NULL;

    EXPECT_TRUE(probe_mask("learned", NULL, complete, 1, &none) == NULL);
    EXPECT_TRUE(g_error_matches(none, LAC_ERROR, LAC_ERROR_DATA));
    EXPECT_TRUE(strstr(none->message, "no holes to learn from") != NULL);
    EXPECT_TRUE(probe_mask("learned", NULL, one, 1, &single) == NULL);
    EXPECT_TRUE(strstr(single->message, "all that a row has") != NULL);
    EXPECT_TRUE(probe_mask("learned", "{rate: 0.9}", data, 1, &most) == NULL);
    EXPECT_TRUE(g_error_matches(most, LAC_ERROR, LAC_ERROR_PARAM));
    EXPECT_TRUE(strstr(most->message, "cannot be reached") != NULL);
}

LAC_TEST(plugins_masks_learned, a_rate_out_of_reach_is_approached_when_it_need_not_be_exact)
{
    g_autoptr(LacData) data = simulate(500, 4, 3, hide_at_random);
    g_autoptr(LacMask) mask = probe_mask("learned", "{rate: 0.9, exact: false}", data, 1, NULL),
                       near = probe_mask("learned", "{rate: 0.1, exact: false}", data, 1, NULL),
                       same = probe_mask("learned", "{rate: 0.1}", data, 1, NULL);
    const double seen = (double)(data->rows * data->cols - lac_mask_count(data->holes));

    ASSERT_TRUE(mask != NULL && near != NULL && same != NULL);
    EXPECT_TRUE((double)lac_mask_count(mask) / seen > 0.15);
    EXPECT_TRUE((double)lac_mask_count(mask) / seen < 0.9);
    EXPECT_EQ_INT(lac_mask_count(near), lac_mask_count(same));
}
