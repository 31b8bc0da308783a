/* The loop around mask generators, with generators that exist only here. */
#include "lac_test.h"
#include "registry-private.h"

typedef struct {
    LacMaskGenerator base;
} Toy;

static gboolean
toy_draw_all(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    for (size_t i = 0; i < out->rows; i++)
        for (size_t j = 0; j < out->cols; j++)
            lac_mask_set(out, i, j, TRUE);
    return TRUE;
}

static const LacMaskPlugin toy = {
    LAC_MASK_GENERATOR("toy", "Hides everything", Toy, NULL),
    .mechanism = LAC_MCAR,
    .draw = toy_draw_all,
};

static const LacMaskPlugin picky = {
    LAC_MASK_GENERATOR("picky", "Wants images", Toy, NULL),
    .mechanism = LAC_MCAR,
    .images_only = TRUE,
    .draw = toy_draw_all,
};

/* 5 x 70 (two words a row); row 3 unknown altogether, column 66 too, cell (0, 1) as well */
static LacData *
truth_new(void)
{
    double *values = g_new(double, 5 * 70);

    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 70; j++)
            values[i * 70 + j] = i == 3 || j == 66 || (i == 0 && j == 1) ? NAN : (double)(i + j);
    return lac_data_new_take(lac_schema_new(70), 5, values, "toy", NULL);
}

static LacMask *
generate(const LacMaskPlugin *plugin, gboolean allow_empty, uint64_t seed, const LacData *truth,
         GError **error)
{
    LacMaskGenerator *generator = lac_instance_new(&plugin->plugin, NULL, NULL, NULL);
    g_autoptr(LacMask) out = lac_mask_new(truth->rows, truth->cols, NULL);
    gboolean ok;

    generator->allow_empty = allow_empty;
    generator->rng = lac_rng_new(seed);
    ok = lac_mask_generate(generator, truth, out, error);
    lac_instance_free(generator);
    return ok ? g_steal_pointer(&out) : NULL;
}

LAC_TEST(plugin_mask_generate, every_row_and_column_that_had_a_value_keeps_one)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) truth = truth_new();
    g_autoptr(LacMask) m = generate(&toy, FALSE, 1, truth, &error);

    ASSERT_NO_ERROR(error);
    for (size_t i = 0; i < 5; i++)
        if (i != 3)
            EXPECT_TRUE(lac_mask_count_row(m, i) + lac_mask_count_row(truth->holes, i) < 70);
    for (size_t j = 0; j < 70; j++)
        if (j != 66)
            EXPECT_TRUE(lac_mask_count_col(m, j) + lac_mask_count_col(truth->holes, j) < 5);
    EXPECT_EQ_INT(lac_mask_count_row(m, 3), 0); /* what is not known cannot be hidden */
    EXPECT_EQ_INT(lac_mask_count_col(m, 66), 0);
    EXPECT_FALSE(lac_mask_get(m, 0, 1));
}

LAC_TEST(plugin_mask_generate, allow_empty_leaves_the_draw_alone)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) truth = truth_new();
    g_autoptr(LacMask) m = generate(&toy, TRUE, 1, truth, &error);

    ASSERT_NO_ERROR(error);
    /* 4 rows x 69 columns are known, one cell less */
    EXPECT_EQ_INT(lac_mask_count(m), 4 * 69 - 1);
}

LAC_TEST(plugin_mask_generate, repairs_are_random_and_repeatable)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) truth = truth_new();
    g_autoptr(LacMask) a = generate(&toy, FALSE, 1, truth, &error);
    g_autoptr(LacMask) b = generate(&toy, FALSE, 1, truth, &error);
    g_autoptr(LacMask) c = generate(&toy, FALSE, 2, truth, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(memcmp(a->bits, b->bits, 5 * 2 * sizeof(uint64_t)), 0);
    EXPECT_TRUE(memcmp(a->bits, c->bits, 5 * 2 * sizeof(uint64_t)) != 0);
}

LAC_TEST(plugin_mask_generate, generators_for_images_refuse_tables)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) truth = truth_new();

    EXPECT_TRUE(generate(&picky, FALSE, 1, truth, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "rows are not images");
}
