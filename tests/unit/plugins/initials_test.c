/* The initial imputers; all expected numbers by hand. */
#include "harness.h"

#define HOLE NAN

static const double small[] = {1, 4, HOLE, 6, 3, HOLE, 11, 6};

/* a number, a colour (r g b), a grade (lo mid hi), a whole number, and nothing observed */
static LacData *
mixed(void)
{
    static const double v[] = {
        1,    2,    0,    3,    HOLE, /**/
        HOLE, 1,    2,    9,    HOLE, /**/
        5,    1,    HOLE, HOLE, HOLE, /**/
        5,    0,    2,    4,    HOLE, /**/
        2,    0,    1,    3,    HOLE, /**/
        HOLE, HOLE, 1,    3,    HOLE,
    };
    LacSchema *schema = lac_schema_new(5);

    lac_schema_set_levels(schema, 1, LAC_KIND_NOMINAL, 3, (const char *const[]){"r", "g", "b"});
    lac_schema_set_levels(schema, 2, LAC_KIND_ORDINAL, 3, (const char *const[]){"lo", "mid", "hi"});
    schema->columns[3].kind = LAC_KIND_INTEGER;
    return lac_data_new_take(schema, 6, g_memdup2(v, sizeof v), "test", NULL);
}

LAC_TEST(initials, zero_puts_zero)
{
    g_autoptr(LacData) data = harness_table(4, 2, small);
    g_autofree double *v = harness_initial("zero", NULL, data);

    EXPECT_EQ_DOUBLE(v[2], 0.0);
    EXPECT_EQ_DOUBLE(v[5], 0.0);
    EXPECT_EQ_DOUBLE(v[6], 11.0);
}

LAC_TEST(initials, constant_puts_its_value_and_refuses_codes_that_are_no_level)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = harness_table(4, 2, small), levels = mixed();
    g_autofree double *v = harness_initial("constant", "{value: -2.5}", data);
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, "constant", "{value: 3}", 1);
    g_autofree double *none = harness_fill(h, levels, levels, -1, &error);

    EXPECT_EQ_DOUBLE(v[2], -2.5);
    EXPECT_EQ_DOUBLE(v[5], -2.5);
    EXPECT_TRUE(none == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "3 is not a level of column 'x2', whose codes are 0 to 2");
}

LAC_TEST(initials, mean_takes_means_and_modes)
{
    g_autoptr(LacData) data = mixed();
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, "mean", NULL, 1);
    g_autofree double *v = harness_fill(h, data, data, -1, NULL);

    EXPECT_NEAR_DOUBLE(v[5], 13.0 / 4.0, 1e-15);
    EXPECT_EQ_DOUBLE(v[26], 0.0); /* r and g twice each: the first */
    EXPECT_EQ_DOUBLE(v[12], 1.0); /* mid and hi twice each */
    EXPECT_NEAR_DOUBLE(v[13], 22.0 / 5.0, 1e-15);
    EXPECT_EQ_DOUBLE(v[4], 0.0); /* nothing observed */
    EXPECT_EQ_INT(harness_events(h, "empty-column"), 1);
}

LAC_TEST(initials, median_takes_medians_middle_levels_and_modes)
{
    g_autoptr(LacData) data = mixed();
    g_autofree double *v = harness_initial("median", NULL, data);

    EXPECT_EQ_DOUBLE(v[5], 3.5);  /* 1 2 5 5 */
    EXPECT_EQ_DOUBLE(v[26], 0.0); /* no order: the mode */
    EXPECT_EQ_DOUBLE(v[12], 1.0); /* 0 1 1 2 2 */
    EXPECT_EQ_DOUBLE(v[13], 3.0); /* 3 3 3 4 9 */
}

LAC_TEST(initials, mode_takes_the_most_frequent_and_the_smallest_of_ties)
{
    g_autoptr(LacData) data = mixed();
    g_autofree double *v = harness_initial("mode", NULL, data);

    EXPECT_EQ_DOUBLE(v[5], 5.0);
    EXPECT_EQ_DOUBLE(v[26], 0.0);
    EXPECT_EQ_DOUBLE(v[12], 1.0);
    EXPECT_EQ_DOUBLE(v[13], 3.0);
}

LAC_TEST(initials, numbers_come_from_the_training_table)
{
    const double other[] = {HOLE, 100, 40, HOLE};
    g_autoptr(LacData) train = harness_table(4, 2, small), in = harness_table(2, 2, other);
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, "mean", NULL, 1);
    g_autofree double *v = harness_fill(h, train, in, -1, NULL);

    EXPECT_EQ_DOUBLE(v[0], 5.0);
    EXPECT_EQ_DOUBLE(v[1], 100.0);
    EXPECT_EQ_DOUBLE(v[2], 40.0);
    EXPECT_NEAR_DOUBLE(v[3], 16.0 / 3.0, 1e-15);
}

/* 3000 holes over the values 1 2 2 5: frequencies within four standard errors of 1/4, 1/2, 1/4
 * (sqrt(p (1 - p) / 3000) is at most 0.0091). */
LAC_TEST(initials, random_observed_keeps_the_distribution)
{
    enum { N = 3004 };
    g_autofree double *cells = g_new(double, N);
    const double observed[] = {1, 2, 2, 5};
    size_t ones = 0, twos = 0, fives = 0;

    for (size_t i = 0; i < N; i++)
        cells[i] = i < 4 ? observed[i] : HOLE;
    g_autoptr(LacData) data = harness_table(N, 1, cells);
    g_autofree double *v = harness_initial("random-observed", NULL, data);
    for (size_t i = 4; i < N; i++) {
        ones += v[i] == 1.0;
        twos += v[i] == 2.0;
        fives += v[i] == 5.0;
    }
    EXPECT_EQ_INT(ones + twos + fives, 3000);
    EXPECT_NEAR_DOUBLE((double)ones / 3000.0, 0.25, 0.032);
    EXPECT_NEAR_DOUBLE((double)twos / 3000.0, 0.5, 0.037);
    EXPECT_NEAR_DOUBLE((double)fives / 3000.0, 0.25, 0.032);
}

/* Mean (a + b) / 2 and variance (b - a)^2 / 12 of the uniform law, four standard errors. */
LAC_TEST(initials, uniform_covers_the_observed_range)
{
    enum { N = 3002 };
    g_autofree double *cells = g_new(double, 2 * (size_t)N);
    LacSchema *schema = lac_schema_new(2);
    double sum = 0.0, low = INFINITY, high = -INFINITY;
    size_t seen[4] = {0};

    schema->columns[1].kind = LAC_KIND_INTEGER;
    for (size_t i = 0; i < 2 * (size_t)N; i++)
        cells[i] = i < 4 ? (i % 2 == 0 ? 10.0 : 3.0) + (i < 2 ? 0.0 : i == 2 ? 2.0 : 3.0) : HOLE;
    g_autoptr(LacData) data = lac_data_new_take(schema, N, g_steal_pointer(&cells), "test", NULL);
    g_autofree double *v = harness_initial("uniform", NULL, data);
    for (size_t i = 2; i < N; i++) {
        sum += v[2 * i] / 3000.0;
        low = fmin(low, v[2 * i]);
        high = fmax(high, v[2 * i]);
        ASSERT_TRUE(v[2 * i + 1] >= 3.0 && v[2 * i + 1] <= 6.0);
        ASSERT_TRUE(v[2 * i + 1] == floor(v[2 * i + 1]));
        seen[(size_t)v[2 * i + 1] - 3]++;
    }
    EXPECT_TRUE(low >= 10.0 && low < 10.02 && high <= 12.0 && high > 11.98);
    EXPECT_NEAR_DOUBLE(sum, 11.0, 0.0040); /* relative to 11: 4 * 2 / sqrt(12 * 3000) = 0.042 */
    for (size_t q = 0; q < 4; q++)
        EXPECT_NEAR_DOUBLE((double)seen[q] / 3000.0, 0.25, 0.032);
}

/* Adding a column or a row at the end must not move any other draw. */
LAC_TEST(initials, draws_depend_on_their_own_cell_only)
{
    const char *names[] = {"random-observed", "uniform"};
    const double narrow[] = {1, 2, HOLE, 3, 4, HOLE, 5, 7, HOLE, HOLE};
    const double wide[] = {1, 2, 8,    HOLE, 3,    HOLE, 4,    HOLE, 1,
                           5, 7, HOLE, HOLE, HOLE, 3,    HOLE, HOLE, HOLE};
    g_autoptr(LacData) a = harness_table(5, 2, narrow), b = harness_table(6, 3, wide);

    for (size_t q = 0; q < G_N_ELEMENTS(names); q++) {
        g_autofree double *v = harness_initial(names[q], NULL, a);
        g_autofree double *w = harness_initial(names[q], NULL, b);

        for (size_t i = 0; i < 5; i++) {
            EXPECT_EQ_DOUBLE(v[2 * i], w[3 * i]);
            EXPECT_EQ_DOUBLE(v[2 * i + 1], w[3 * i + 1]);
        }
    }
}

static LacData *
image(size_t channels, size_t height, size_t width, const double *pixels)
{
    LacData *data = harness_table(1, channels * height * width, pixels);

    lac_data_set_image(data, (LacImageShape){channels, height, width});
    return data;
}

LAC_TEST(initials, nearest_pixel_takes_from_the_first_ring_with_an_observed_pixel)
{
    /* (0,0): ring 1 has only the 5; (1,1): 5, 7 and 8 are in its ring 1, the 9 is not;
     * (2,0): 5 is two rows away, 7 and 8 are next to it */
    const double v[] = {HOLE, 5, HOLE, HOLE, HOLE, HOLE, HOLE, HOLE,
                        HOLE, 7, HOLE, HOLE, 8,    HOLE, HOLE, 9};
    g_autoptr(LacData) data = image(1, 4, 4, v);

    for (uint64_t seed = 0; seed < 50; seed++) {
        g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, "nearest-pixel", NULL, seed);
        g_autofree double *w = harness_fill(h, data, data, -1, NULL);

        EXPECT_EQ_DOUBLE(w[0], 5.0);
        EXPECT_TRUE(w[5] == 5.0 || w[5] == 7.0);
        EXPECT_TRUE(w[8] == 7.0 || w[8] == 8.0);
        EXPECT_TRUE(w[13] == 7.0 || w[13] == 8.0);
        EXPECT_TRUE(w[10] == 7.0 || w[10] == 9.0);
        EXPECT_TRUE(w[3] == 5.0 || w[3] == 7.0); /* its ring 2 */
    }
}

/* The centre of a 3 x 3 image: eight candidates, each with chance 1/8; in the published walk the
 * upper left one twice, the lower right one never. 4 standard errors of 4000 draws: 0.0209. */
LAC_TEST(initials, nearest_pixel_gives_a_ring_equal_chances)
{
    const double v[] = {0, 1, 2, 3, HOLE, 5, 6, 7, 8};
    g_autoptr(LacData) data = image(1, 3, 3, v);
    size_t clean[9] = {0}, walk[9] = {0};

    for (uint64_t seed = 0; seed < 4000; seed++) {
        g_autoptr(Harness) a = harness_new(LAC_PLUGIN_INITIAL, "nearest-pixel", NULL, seed);
        g_autoptr(Harness) b =
            harness_new(LAC_PLUGIN_INITIAL, "nearest-pixel", "{ring: mcflow}", seed);
        g_autofree double *x = harness_fill(a, data, data, -1, NULL);
        g_autofree double *y = harness_fill(b, data, data, -1, NULL);

        clean[(size_t)x[4]]++;
        walk[(size_t)y[4]]++;
    }
    for (size_t q = 0; q < 9; q++) {
        EXPECT_NEAR_DOUBLE((double)clean[q] / 4000.0, q == 4 ? 0.0 : 0.125, 0.021);
        EXPECT_NEAR_DOUBLE((double)walk[q] / 4000.0,
                           q == 0             ? 0.25
                           : q == 4 || q == 8 ? 0.0
                                              : 0.125,
                           0.0275);
    }
}

LAC_TEST(initials, nearest_pixel_keeps_channels_together_and_apart)
{
    /* the same holes in both channels: the same neighbour; values never cross over */
    const double v[] = {0, 1, 2, 3, HOLE, 5, 6, 7, 8, 10, 11, 12, 13, HOLE, 15, 16, 17, 18};
    g_autoptr(LacData) data = image(2, 3, 3, v);

    for (uint64_t seed = 0; seed < 20; seed++) {
        g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, "nearest-pixel", NULL, seed);
        g_autofree double *w = harness_fill(h, data, data, -1, NULL);

        EXPECT_EQ_DOUBLE(w[13], w[4] + 10.0);
    }
}

LAC_TEST(initials, nearest_pixel_falls_back_to_the_training_mean_of_the_pixel)
{
    const double train[] = {1, 2, HOLE, HOLE, 3, 6, HOLE, HOLE};
    const double empty[] = {HOLE, HOLE, HOLE, HOLE};
    g_autoptr(LacData) images = harness_table(2, 4, train), in = image(1, 2, 2, empty);
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, "nearest-pixel", NULL, 1);
    g_autofree double *v = harness_fill(h, images, in, -1, NULL);

    EXPECT_EQ_DOUBLE(v[0], 2.0);
    EXPECT_EQ_DOUBLE(v[1], 4.0);
    EXPECT_EQ_DOUBLE(v[2], 0.0);
    EXPECT_EQ_INT(harness_events(h, "empty-column"), 2);
}

LAC_TEST(initials, nearest_pixel_refuses_tables_that_are_not_images)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = harness_table(4, 2, small);
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, "nearest-pixel", NULL, 1);
    g_autofree double *v = harness_fill(h, data, data, -1, &error);

    EXPECT_TRUE(v == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "rows of 'test' are not images");
}
