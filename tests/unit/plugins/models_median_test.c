/* median and mode as models; all expected numbers by hand. */
#include "fitted.h"

#define HOLE NAN

static const double table[] = {
    1,    2,    0,    3,    /**/
    HOLE, 1,    2,    9,    /**/
    5,    1,    HOLE, HOLE, /**/
    5,    0,    2,    4,    /**/
    2,    0,    1,    3,    /**/
    HOLE, HOLE, 1,    3,
};
static const double fresh[] = {HOLE, HOLE, HOLE, HOLE};

/* What @model puts into the holes of a new row, after training on @table with @kinds. */
static void
expect_row(const char *model, const char *kinds, const double *expected)
{
    g_autoptr(LacData) train = fitted_table(6, 4, table, kinds);
    g_autoptr(LacData) in = fitted_table(1, 4, fresh, NULL);
    g_autoptr(Fitted) fitted = fitted_new(model, NULL, train, 1, 1, NULL);
    const double *out = fitted != NULL ? fitted_fill(fitted, in) : NULL;

    ASSERT_TRUE(out != NULL);
    for (size_t j = 0; j < 4; j++)
        EXPECT_EQ_DOUBLE(out[j], expected[j]);
}

LAC_TEST(models_median, takes_medians_modes_and_middle_levels_into_rows_it_never_saw)
{
    /* 1 2 5 5 | 0 0 1 1 2: tie, the smaller | 0 1 1 2 2 | 3 3 3 4 9 */
    expect_row("median", "cnoi", (const double[]){3.5, 0, 1, 3});
}

LAC_TEST(models_median, is_the_mean_trimmed_to_the_median_for_numbers)
{
    g_autoptr(LacData) data = fitted_made(101, 5, 0.5, 0.3, 7);
    g_autoptr(Fitted) median = fitted_new("median", NULL, data, 1, 1, NULL);
    g_autoptr(Fitted) trimmed = fitted_new("mean", "{trim: 0.5}", data, 1, 1, NULL);
    const double *ours, *theirs;

    ASSERT_TRUE(median != NULL && trimmed != NULL);
    ours = fitted_fill(median, data);
    theirs = fitted_fill(trimmed, data);
    ASSERT_TRUE(ours != NULL && theirs != NULL);
    EXPECT_EQ_INT(memcmp(ours, theirs, 101 * 5 * sizeof *ours), 0);
}

LAC_TEST(models_mode, takes_the_most_frequent_value_and_the_smallest_of_ties)
{
    expect_row("mode", "cnoi", (const double[]){5, 0, 1, 3});
}

LAC_TEST(models_mode, refuses_a_column_with_nothing_seen_by_name)
{
    const double v[] = {1, HOLE, 2, HOLE};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) train = fitted_table(2, 2, v, NULL);
    g_autoptr(Fitted) fitted = fitted_new("mode", NULL, train, 1, 1, &error);

    EXPECT_TRUE(fitted == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "mode: column 'x2' has no seen cell in 2 training rows");
}
