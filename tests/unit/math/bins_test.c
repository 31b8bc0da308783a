/* lacuna/bins.h. */
#include "forest-table.h"

#include <lac_test.h>

LAC_TEST(math_bins, few_values_have_a_bin_each_and_room_between_them)
{
    double seen[] = {3, 1, 2, 2, 1, 4};
    g_autoptr(LacBins) bins = lac_bins_new(1, 1, NULL);

    lac_bins_learn_ordered(bins, 0, 6, seen, 1); /* 1, 1.5, 2, 2.5, 3, 3.5, 4 */
    EXPECT_EQ_INT(bins->columns[0].n_bins, 7);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, -1e300), 0);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 1.2), 0);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 1.3), 1);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 2), 2);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 3.6), 5);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 1e300), 6);
}

LAC_TEST(math_bins, many_values_are_shared_out_evenly_and_frequent_ones_stand_alone)
{
    enum { N = 10000 };
    g_autofree double *seen = g_new(double, N), *values = g_new(double, N);
    size_t count[LAC_BINS_MOST] = {0};
    g_autoptr(LacBins) bins = lac_bins_new(1, 1, NULL);

    for (size_t i = 0; i < N; i++)
        values[i] = seen[i] = i % 2 ? 0.5 : weyl(i, 2);
    lac_bins_learn_ordered(bins, 0, N, seen, 3);
    for (size_t i = 0; i < N; i++)
        count[lac_bins_code(bins, 0, values[i])]++;
    EXPECT_EQ_INT(bins->columns[0].n_bins, LAC_BINS_MOST);
    const size_t frequent = lac_bins_code(bins, 0, 0.5);

    EXPECT_EQ_INT(count[frequent], N / 2);
    for (size_t b = 0; b < LAC_BINS_MOST; b++) { /* 5000 others in 255 bins: 19.6 */
        if (b != frequent)
            LAC_CHECK_OR((void)0, count[b] >= 10 && count[b] <= 30, "bin %zu holds %zu", b,
                         count[b]);
    }
}

LAC_TEST(math_bins, of_ten_thousand_levels_the_frequent_ones_keep_their_own_bin)
{
    enum { LEVELS = 10000 };
    g_autofree double *levels = g_new(double, LEVELS + 2);
    g_autoptr(LacBins) bins = lac_bins_new(1, 1, NULL);

    for (size_t i = 0; i < LEVELS; i++)
        levels[i] = (double)i;
    levels[LEVELS] = levels[LEVELS + 1] = 9000;
    EXPECT_EQ_INT(lac_bins_learn_nominal(bins, 0, LEVELS + 2, levels, LEVELS), LEVELS - 255);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 9000), 0);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 0), 1);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 253), 254);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 5000), 255);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 12345), 255); /* no such level */
}
