/* kNN against scikit-learn 1.2.1: KNNImputer(n_neighbors=k, weights=w).fit_transform(X), unless
 * a line says otherwise. */
#include "harness.h"

#define HOLE NAN

static const double golden[] = {1, 2, HOLE, 3, 4,    3, HOLE, 6,    5,
                                8, 8, 7,    2, HOLE, 1, HOLE, HOLE, 9};

static void
expect_golden(const char *params, const double *expected)
{
    const size_t holes[] = {6, 15, 13, 16, 2}; /* (3,1) (6,1) (5,2) (6,2) (1,3) */
    g_autoptr(LacData) data = harness_table(6, 3, golden);
    g_autofree double *v = harness_model("knn", params, data);

    for (size_t i = 0; i < G_N_ELEMENTS(holes); i++) {
        LAC_CHECK_OR((void)0, lac_test_near(v[holes[i]], expected[i], 1e-10),
                     "%s: hole %zu is %.12g, expected %.12g", params, i, v[holes[i]], expected[i]);
    }
}

LAC_TEST(models_knn, agrees_with_scikit_learn_for_one_to_three_donors)
{
    expect_golden("{k: 1}", (const double[]){3, 8, 2, 8, 1});
    expect_golden("{k: 2}", (const double[]){5.5, 5.5, 3, 7, 2});
    expect_golden("{k: 3}", (const double[]){4, 4.3333333333333333, 4, 6, 3});
    expect_golden("{k: 3, weights: distance}",
                  (const double[]){4.6, 6, 3.2031684284, 6.7272727273, 2.1428571429});
}

LAC_TEST(models_knn, donors_at_distance_zero_take_all_the_weight)
{
    const double v[] = {1, 2, HOLE, 1, 2, 10, 1, 2, 20, 4, 6, 40};
    g_autoptr(LacData) data = harness_table(4, 3, v);
    g_autofree double *w = harness_model("knn", "{k: 3, weights: distance}", data);

    EXPECT_EQ_DOUBLE(w[2], 15.0);
}

LAC_TEST(models_knn, completes_new_rows_and_falls_back_to_means)
{
    const double rows[] = {1, 2, HOLE, HOLE, HOLE, HOLE};
    g_autoptr(LacData) train = harness_table(6, 3, golden), in = harness_table(2, 3, rows);
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_MODEL, "knn", "{k: 2}", 1);

    ASSERT_TRUE(harness_fit(h, train, NULL));
    g_autofree double *v = harness_fill(h, train, in, -1, NULL);
    EXPECT_EQ_DOUBLE(v[2], 2.0);
    EXPECT_NEAR_DOUBLE(v[3], 3.5, 1e-15);
    EXPECT_NEAR_DOUBLE(v[4], 5.0, 1e-15);
    EXPECT_NEAR_DOUBLE(v[5], 5.0, 1e-15);
    EXPECT_EQ_INT(harness_events(h, "fallback"), 3);
}

/* scikit-learn 1.2.1 let donors at an undefined distance into uniform means (issue 29079, mended
 * in 2024); the fixed rule gives 10 and 2, by hand. */
LAC_TEST(models_knn, donors_at_undefined_distances_never_count)
{
    const double v[] = {1, HOLE, HOLE, 2, HOLE, 10, HOLE, 5, 20, HOLE, 7, 90};
    g_autoptr(LacData) data = harness_table(4, 3, v);
    g_autofree double *uniform = harness_model("knn", "{k: 2}", data);
    g_autofree double *distance = harness_model("knn", "{k: 2, weights: distance}", data);

    EXPECT_EQ_DOUBLE(uniform[2], 10.0);
    EXPECT_EQ_DOUBLE(uniform[6], 2.0);
    EXPECT_EQ_DOUBLE(distance[2], 10.0);
    EXPECT_EQ_DOUBLE(distance[1], 6.0); /* no defined distance: the mean */
    EXPECT_EQ_DOUBLE(distance[6], 2.0);
    EXPECT_NEAR_DOUBLE(distance[4], 5.2222222222, 1e-10);
}

static void
read_numbers(const char *name, size_t n, double *out)
{
    g_autofree char *path =
        g_build_filename(LAC_TEST_SOURCE_DIR, "tests/unit/plugins/data", name, NULL);
    g_autofree char *text = NULL;
    char *at;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    at = strchr(text, '\n'); /* a line of comment first */
    for (size_t i = 0; i < n; i++)
        out[i] = g_ascii_strtod(at, &at);
}

/* 2000 x 16, 20 % holes, from a linear congruential generator that knn_sklearn.py shares. */
static LacData *
differential_table(void)
{
    enum { ROWS = 2000, COLS = 16 };
    double *v = g_new(double, (size_t)ROWS *COLS);
    uint64_t state = 42;

    for (size_t i = 0; i < (size_t)ROWS * COLS; i++) {
        double shared = i % COLS == 0 ? 0.0 : v[i - 1];

        state = state * 6364136223846793005u + 1442695040888963407u;
        const double u = (double)(state >> 11) * 0x1p-53;
        v[i] = 0.7 * shared + u;
    }
    for (size_t i = 0; i < (size_t)ROWS * COLS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        if ((double)(state >> 11) * 0x1p-53 < 0.2)
            v[i] = HOLE;
    }
    return lac_data_new_take(lac_schema_new(COLS), ROWS, v, "test", NULL);
}

/* Every hole, as 1/1000-row sums: data/knn_sklearn.py wrote the sums over each row's holes. */
LAC_TEST(models_knn, agrees_with_scikit_learn_on_a_large_table)
{
    g_autoptr(LacData) data = differential_table();
    g_autofree double *expected = g_new0(double, 2 * data->rows);
    const char *params[] = {"{k: 5}", "{k: 7, weights: distance}"};
    size_t wrong = 0;

    read_numbers("knn_sklearn.txt", 2 * data->rows, expected);
    for (size_t q = 0; q < 2; q++) {
        g_autofree double *v = harness_model("knn", params[q], data);

        for (size_t i = 0; i < data->rows; i++) {
            double sum = 0.0;

            for (size_t j = 0; j < data->cols; j++) {
                if (lac_data_is_hole(data, i, j)) /* the weight tells the columns apart */
                    sum += v[i * data->cols + j] * (double)(j + 1);
            }
            wrong += !lac_test_near(sum, expected[q * data->rows + i], 1e-9);
        }
    }
    EXPECT_EQ_INT(wrong, 0);
}

LAC_TEST(models_knn, observed_cells_come_back_bit_for_bit)
{
    g_autoptr(LacData) data = differential_table();
    g_autofree double *v = harness_model("knn", NULL, data);
    size_t changed = 0, open = 0;

    for (size_t i = 0; i < data->rows * data->cols; i++) {
        changed += !isnan(data->values[i]) && memcmp(&v[i], &data->values[i], sizeof v[i]) != 0;
        open += isnan(v[i]) != 0;
    }
    EXPECT_EQ_INT(changed, 0);
    EXPECT_EQ_INT(open, 0);
}

/* colour (r g b), grade (lo mid hi), size; by hand. Row 6 observes size 2 and grade lo: distances
 * to rows 1..5 are means of |size| / 8 and |grade| / 2: 1/16, 1/16, (0+.5)/2, (3/8+1)/2, (7/8+1)/2
 */
static LacData *
gower_table(void)
{
    static const double v[] = {0, 0, 1, 1,    0, 3, 1, 1,    2, 2, 2, 5,
                               2, 2, 9, HOLE, 0, 2, 2, HOLE, 9, 1, 1, HOLE};
    LacSchema *schema = lac_schema_new(3);

    lac_schema_set_levels(schema, 0, LAC_KIND_NOMINAL, 3, (const char *const[]){"r", "g", "b"});
    lac_schema_set_levels(schema, 1, LAC_KIND_ORDINAL, 3, (const char *const[]){"lo", "mid", "hi"});
    return lac_data_new_take(schema, 8, g_memdup2(v, sizeof v), "test", NULL);
}

LAC_TEST(models_knn, gower_gives_modes_middle_levels_and_medians)
{
    g_autoptr(LacData) data = gower_table();
    g_autofree double *three = harness_model("knn", "{k: 3, distance: gower}", data);
    g_autofree double *two = harness_model("knn", "{k: 2, distance: gower}", data);

    EXPECT_EQ_DOUBLE(three[15], 1.0); /* r g g */
    EXPECT_EQ_DOUBLE(two[15], 0.0);   /* r g tie: the nearer, by row */
    /* row 7 (b, ?, 9): row 5 at 0, row 4 at (0 + .5) / 2; then row 2 at (1 + .75) / 2 */
    EXPECT_EQ_DOUBLE(two[19], 2.0);
    EXPECT_EQ_DOUBLE(three[19], 2.0);
    /* row 8 (g, mid, ?): row 3 at 0, row 2 at (0 + .5) / 2, row 6 at .5 */
    EXPECT_EQ_DOUBLE(two[23], 2.5);
    EXPECT_EQ_DOUBLE(three[23], 2.0);
}

LAC_TEST(models_knn, of_modes_that_tie_the_nearest_donors_wins)
{
    const double v[] = {0, 5, 2, 1.2, 1, 0, HOLE, 1}; /* colour, size */
    LacSchema *schema = lac_schema_new(2);

    lac_schema_set_levels(schema, 0, LAC_KIND_NOMINAL, 3, (const char *const[]){"r", "g", "b"});
    g_autoptr(LacData) data = lac_data_new_take(schema, 4, g_memdup2(v, sizeof v), "test", NULL);
    g_autofree double *w = harness_model("knn", "{k: 3, distance: gower}", data);

    EXPECT_EQ_DOUBLE(w[6], 2.0);
}

LAC_TEST(models_knn, kinds_are_its_own_business_with_gower_only)
{
    g_autoptr(Harness) plain = harness_new(LAC_PLUGIN_MODEL, "knn", NULL, 1);
    g_autoptr(Harness) gower = harness_new(LAC_PLUGIN_MODEL, "knn", "{distance: gower}", 1);

    EXPECT_EQ_INT(lac_model_traits(LAC_CAST(LacModel, plain->instance)) & LAC_MODEL_KINDS, 0);
    EXPECT_EQ_INT(lac_model_traits(LAC_CAST(LacModel, gower->instance)) & LAC_MODEL_KINDS,
                  LAC_MODEL_KINDS);
}

LAC_TEST(models_knn, draws_take_donors_values_and_keep_a_rows_holes_together)
{
    /* row 1 has two holes and the same three donors for both; their values pair up 10 - 100 ... */
    const double v[] = {0, HOLE, HOLE, 1, 10, 100, 1, 20, 200, 1, 30, 300, 90, 40, 400};
    g_autoptr(LacData) data = harness_table(5, 3, v);
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_MODEL, "knn", "{k: 3}", 5);
    size_t counts[4] = {0};

    ASSERT_TRUE(harness_fit(h, data, NULL));
    for (int draw = 0; draw < 3000; draw++) {
        g_autofree double *w = harness_fill(h, data, data, draw, NULL);

        ASSERT_TRUE(w[1] == 10 || w[1] == 20 || w[1] == 30);
        ASSERT_TRUE(w[2] == 10 * w[1]);
        counts[(size_t)w[1] / 10]++;
    }
    for (size_t q = 1; q <= 3; q++) /* 4 standard errors: 0.0344 */
        EXPECT_NEAR_DOUBLE((double)counts[q] / 3000.0, 1.0 / 3.0, 0.035);
}

LAC_TEST(models_knn, a_draw_is_the_same_however_many_are_asked_for)
{
    g_autoptr(LacData) data = harness_table(6, 3, golden);
    g_autoptr(Harness) one = harness_new(LAC_PLUGIN_MODEL, "knn", NULL, 7);
    g_autoptr(Harness) many = harness_new(LAC_PLUGIN_MODEL, "knn", NULL, 7);

    lac_context_set_draws(many->context, 10);
    ASSERT_TRUE(harness_fit(one, data, NULL) && harness_fit(many, data, NULL));
    g_autofree double *later = harness_fill(many, data, data, 4, NULL);
    g_autofree double *a = harness_fill(one, data, data, 2, NULL);
    g_autofree double *b = harness_fill(many, data, data, 2, NULL);
    EXPECT_TRUE(memcmp(a, b, 18 * sizeof *a) == 0);
}

LAC_TEST(models_knn, odd_tables_are_completed_with_events)
{
    const double one_row[] = {1, HOLE, 3};
    const double one_column[] = {1, HOLE, 4};
    const double constant[] = {5, 1, 5, HOLE, HOLE, 3};
    g_autoptr(LacData) row = harness_table(1, 3, one_row);
    g_autoptr(LacData) column = harness_table(3, 1, one_column);
    g_autoptr(LacData) same = harness_table(3, 2, constant);
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_MODEL, "knn", NULL, 1);

    ASSERT_TRUE(harness_fit(h, row, NULL));
    g_autofree double *a = harness_fill(h, row, row, -1, NULL);
    EXPECT_EQ_DOUBLE(a[1], 0.0);
    EXPECT_EQ_INT(harness_events(h, "empty-column"), 1);
    g_autofree double *b = harness_model("knn", NULL, column);
    EXPECT_EQ_DOUBLE(b[1], 2.5);
    g_autofree double *c = harness_model("knn", NULL, same);
    EXPECT_EQ_DOUBLE(c[3], 1.0);
    EXPECT_EQ_DOUBLE(c[4], 5.0);
}

LAC_TEST(models_knn, a_saved_model_gives_the_same_bits)
{
    const char *params[] = {"{k: 3}", "{k: 3, distance: gower, weights: distance}"};

    for (size_t q = 0; q < 2; q++) {
        g_autoptr(LacBundle) bundle = lac_bundle_new();
        g_autoptr(LacData) data = q == 0 ? harness_table(6, 3, golden) : gower_table();
        g_autoptr(Harness) saved = harness_new(LAC_PLUGIN_MODEL, "knn", params[q], 1);
        g_autoptr(Harness) loaded = harness_new(LAC_PLUGIN_MODEL, "knn", params[q], 1);
        const LacModelPlugin *plugin = (const LacModelPlugin *)saved->instance->plugin;

        ASSERT_TRUE(harness_fit(saved, data, NULL));
        ASSERT_TRUE(plugin->save(LAC_CAST(LacModel, saved->instance), bundle, NULL));
        ASSERT_TRUE(plugin->load(LAC_CAST(LacModel, loaded->instance), bundle, NULL));
        g_autofree double *a = harness_fill(saved, data, data, -1, NULL);
        g_autofree double *b = harness_fill(loaded, data, data, -1, NULL);
        EXPECT_TRUE(memcmp(a, b, data->rows * data->cols * sizeof *a) == 0);
    }
}

LAC_TEST(models_knn, cost_is_quadratic_in_rows_and_its_memory_is_not)
{
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_MODEL, "knn", NULL, 1);
    const LacModelPlugin *plugin = (const LacModelPlugin *)h->instance->plugin;
    const LacWorkload small = {20000, 16, 0.2, 1, 1}, large = {200000, 16, 0.2, 1, 1};
    LacCost a, b;

    plugin->cost(LAC_CAST(LacModel, h->instance), &small, &a);
    plugin->cost(LAC_CAST(LacModel, h->instance), &large, &b);
    EXPECT_NEAR_DOUBLE(b.seconds / a.seconds, 100.0, 2.0);
    EXPECT_NEAR_DOUBLE(b.bytes / a.bytes, 10.0, 0.2);
}
