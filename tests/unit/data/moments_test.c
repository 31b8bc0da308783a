/* Standardisation and counts of networks, by hand. */
#include "lac_test.h"
#include "table-private.h"

#include <lacuna/moments.h>
#include <math.h>

static LacData *
two_columns(void)
{
    const double v[] = {1, 7, 3, 7, NAN, 7, 5, NAN};

    return lac_data_new_take(lac_schema_new(2), 4, g_memdup2(v, sizeof v), "test", NULL);
}

/* observed 1, 3, 5: mean 3, variance 8/3 (divisor n); 7, 7, 7 does not vary */
LAC_TEST(data_moments, learnt_from_observed_cells)
{
    g_autoptr(LacData) table = two_columns();
    LacMoments m = {0};

    lac_moments_init(&m, 3);
    lac_moments_learn(&m, 0, table, 0);
    lac_moments_learn(&m, 1, table, 1);
    EXPECT_EQ_DOUBLE(m.centre[0], 3.0);
    EXPECT_NEAR_DOUBLE(m.sd[0], sqrt(8.0 / 3.0), 1e-15);
    EXPECT_EQ_DOUBLE(m.centre[1], 7.0);
    EXPECT_EQ_DOUBLE(m.sd[1], 1.0);
    EXPECT_EQ_DOUBLE(m.centre[2], 0.0);
    EXPECT_EQ_DOUBLE(m.sd[2], 1.0);
    lac_moments_clear(&m);
    EXPECT_TRUE(m.centre == NULL && m.n == 0);
}

LAC_TEST(data_moments, come_back_from_a_bundle_or_are_refused_by_column)
{
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autoptr(GError) error = NULL, shape = NULL;
    LacMoments m, back;

    lac_moments_init(&m, 2);
    m.centre[1] = -4.0;
    m.sd[1] = 0.5;
    lac_moments_save(&m, "good.", bundle);
    ASSERT_TRUE(lac_moments_load(&back, 2, "good.", bundle, NULL));
    EXPECT_EQ_DOUBLE(back.centre[1], -4.0);
    EXPECT_EQ_DOUBLE(back.sd[1], 0.5);
    lac_moments_clear(&back);
    EXPECT_FALSE(lac_moments_load(&back, 3, "good.", bundle, &shape));
    EXPECT_ERROR(shape, LAC_ERROR_DATA, "good.centre");
    m.sd[1] = 0.0;
    lac_moments_save(&m, "bad.", bundle);
    EXPECT_FALSE(lac_moments_load(&back, 2, "bad.", bundle, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "column 2 has mean -4 and sd 0");
    EXPECT_TRUE(back.centre == NULL);
    lac_moments_clear(&m);
}

LAC_TEST(data_moments, counts_out_of_range_are_refused_by_number)
{
    static const size_t sizes[] = {3, 0, 9}, least[] = {1, 1, 1};
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autoptr(GError) few = NULL, many = NULL, negative = NULL;
    const int64_t below[] = {1, -2, 3};
    size_t out[3] = {77, 77, 77};

    lac_bundle_put_sizes(bundle, "sizes", 3, sizes);
    lac_bundle_put_i64(bundle, "below", 1, 3, below);
    EXPECT_FALSE(lac_bundle_get_sizes(bundle, "sizes", 3, least, 100, out, &few));
    EXPECT_ERROR(few, LAC_ERROR_DATA, "sizes: number 2 is 0, expected 1 .. 100");
    EXPECT_FALSE(lac_bundle_get_sizes(bundle, "sizes", 3, NULL, 8, out, &many));
    EXPECT_ERROR(many, LAC_ERROR_DATA, "sizes: number 3 is 9, expected 0 .. 8");
    EXPECT_FALSE(lac_bundle_get_sizes(bundle, "below", 3, NULL, 8, out, &negative));
    EXPECT_ERROR(negative, LAC_ERROR_DATA, "below: number 2 is -2");
    EXPECT_EQ_INT(out[0], 77); /* untouched on failure */
    EXPECT_TRUE(lac_bundle_get_sizes(bundle, "sizes", 3, NULL, 9, out, NULL));
    EXPECT_EQ_INT(out[2], 9);
}
