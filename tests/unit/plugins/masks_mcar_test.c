#include "context-private.h"
#include "probe.h"
#include <lacuna/parallel.h>

LAC_TEST(plugins_masks_mcar, realised_rate_is_within_four_standard_errors)
{
    g_autoptr(LacData) data = probe_normal(2000, 20, 1);
    g_autoptr(LacMask) mask = probe_mask("mcar", "{rate: 0.3}", data, 5, NULL);
    const double se = sqrt(0.3 * 0.7 / 40000); /* binomial; no row or column can come back here */

    ASSERT_TRUE(mask != NULL);
    EXPECT_NEAR_DOUBLE((double)lac_mask_count(mask) / 40000, 0.3, 4 * se);
}

LAC_TEST(plugins_masks_mcar, exact_hides_the_rounded_share_of_the_observed_cells)
{
    g_autoptr(LacData) data = probe_normal(101, 7, 1);
    g_autoptr(LacMask) some = probe_mask("mcar", "{rate: 0.1}", data, 9, NULL);
    g_autoptr(LacData) holed = lac_data_with_holes(data, some, NULL);
    const size_t observed = 707 - lac_mask_count(some);
    g_autoptr(LacMask) mask =
        probe_mask("mcar", "{rate: 0.25, how: exact, allow_empty: true}", holed, 5, NULL);

    ASSERT_TRUE(mask != NULL);
    EXPECT_EQ_INT(lac_mask_count(mask), llround(0.25 * (double)observed));
    for (size_t i = 0; i < 101; i++) {
        for (size_t j = 0; j < 7; j++)
            EXPECT_FALSE(lac_mask_get(mask, i, j) && lac_mask_get(some, i, j));
    }
}

LAC_TEST(plugins_masks_mcar, exact_row_and_column_hide_the_same_number_in_each)
{
    g_autoptr(LacData) data = probe_normal(50, 10, 1);
    g_autoptr(LacMask) rows = probe_mask("mcar", "{rate: 0.3, how: exact-row}", data, 5, NULL);
    g_autoptr(LacMask) cols = probe_mask("mcar", "{rate: 0.3, how: exact-column}", data, 5, NULL);

    ASSERT_TRUE(rows != NULL && cols != NULL);
    for (size_t i = 0; i < 50; i++)
        EXPECT_EQ_INT(lac_mask_count_row(rows, i), 3);
    for (size_t j = 0; j < 10; j++)
        EXPECT_EQ_INT(lac_mask_count_col(cols, j), 15);
}

LAC_TEST(plugins_masks_mcar, further_columns_and_rows_do_not_move_holes)
{
    g_autoptr(LacData) small = probe_normal(300, 5, 1);
    g_autoptr(LacData) large = probe_normal(400, 9, 2);
    g_autoptr(LacMask) a = probe_mask("mcar", "{allow_empty: true}", small, 5, NULL);
    g_autoptr(LacMask) b = probe_mask("mcar", "{allow_empty: true}", large, 5, NULL);

    for (size_t i = 0; i < 300; i++) {
        for (size_t j = 0; j < 5; j++)
            EXPECT_EQ_INT(lac_mask_get(a, i, j), lac_mask_get(b, i, j));
    }
}

LAC_TEST(plugins_masks_mcar, threads_do_not_move_holes_and_seeds_do)
{
    g_autoptr(LacData) data = probe_normal(3000, 5, 1);
    const unsigned threads = lac_threads();
    g_autoptr(LacMask) b = NULL;
    g_autoptr(LacMask) a = NULL;

    lac_threads_set(1);
    a = probe_mask("mcar", NULL, data, 5, NULL);
    lac_threads_set(2);
    b = probe_mask("mcar", NULL, data, 5, NULL);
    lac_threads_set(threads);
    g_autoptr(LacMask) c = probe_mask("mcar", NULL, data, 6, NULL);
    const size_t bytes = a->rows * a->words * sizeof *a->bits;

    EXPECT_TRUE(memcmp(a->bits, b->bits, bytes) == 0);
    EXPECT_TRUE(memcmp(a->bits, c->bits, bytes) != 0);
}

LAC_TEST(plugins_masks_mcar, listed_columns_alone_lose_cells)
{
    g_autoptr(LacData) data = probe_normal(200, 4, 1);
    g_autoptr(LacMask) mask = probe_mask("mcar", "{columns: [x3, x1]}", data, 5, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) none = probe_mask("mcar", "{columns: [xx3]}", data, 5, &error);

    ASSERT_TRUE(mask != NULL);
    EXPECT_TRUE(lac_mask_count_col(mask, 0) > 0 && lac_mask_count_col(mask, 2) > 0);
    EXPECT_EQ_INT(lac_mask_count_col(mask, 1) + lac_mask_count_col(mask, 3), 0);
    EXPECT_TRUE(none == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "columns names column 'xx3', which ");
    EXPECT_CONTAINS(error->message, "did you mean 'x3'?");
}

LAC_TEST(plugins_masks_mcar, rates_zero_and_one_hide_nothing_and_all)
{
    g_autoptr(LacData) data = probe_normal(20, 3, 1);
    g_autoptr(LacMask) none = probe_mask("mcar", "{rate: 0}", data, 5, NULL);
    g_autoptr(LacMask) all = probe_mask("mcar", "{rate: 1, allow_empty: true}", data, 5, NULL);

    EXPECT_EQ_INT(lac_mask_count(none), 0);
    EXPECT_EQ_INT(lac_mask_count(all), 60);
}
