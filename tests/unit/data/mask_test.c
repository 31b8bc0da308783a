#include "lac_test.h"
#include <lacuna/mask.h>

LAC_TEST(data_mask, a_new_mask_is_clear_and_bits_stay_where_they_are_put)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) m = lac_mask_new(3, 130, &error); /* three words a row, the last partial */

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(m->words, 3);
    EXPECT_EQ_INT(lac_mask_count(m), 0);
    lac_mask_set(m, 1, 0, TRUE);
    lac_mask_set(m, 1, 64, TRUE);
    lac_mask_set(m, 2, 129, TRUE);
    EXPECT_TRUE(lac_mask_get(m, 1, 64));
    EXPECT_FALSE(lac_mask_get(m, 0, 64));
    EXPECT_EQ_INT(lac_mask_count(m), 3);
    EXPECT_EQ_INT(lac_mask_count_row(m, 1), 2);
    EXPECT_EQ_INT(lac_mask_count_col(m, 129), 1);
    lac_mask_set(m, 1, 64, FALSE);
    EXPECT_EQ_INT(lac_mask_count(m), 2);
    EXPECT_EQ_INT(lac_mask_row(m, 2)[2], 2); /* column 129 is bit 1 of the third word */
}

LAC_TEST(data_mask, or_joins_and_dup_is_independent)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) a = lac_mask_new(2, 70, &error), b = lac_mask_new(2, 70, &error);
    g_autoptr(LacMask) copy = NULL;

    ASSERT_NO_ERROR(error);
    lac_mask_set(a, 0, 69, TRUE);
    lac_mask_set(b, 1, 3, TRUE);
    copy = lac_mask_dup(a, &error);
    lac_mask_or(a, b);
    EXPECT_EQ_INT(lac_mask_count(a), 2);
    EXPECT_TRUE(lac_mask_get(a, 0, 69) && lac_mask_get(a, 1, 3));
    EXPECT_EQ_INT(lac_mask_count(copy), 1);
}

LAC_TEST(data_mask, sizes_that_overflow_are_refused_with_their_numbers)
{
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_mask_new(G_MAXSIZE / 4, 1000, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_SHAPE, "x 1000 columns do not fit into memory");
}

LAC_TEST(data_mask, empty_shapes_are_fine)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) none = lac_mask_new(0, 5, &error), flat = lac_mask_new(5, 0, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(lac_mask_count(none) + lac_mask_count(flat), 0);
    lac_mask_free(NULL);
}
