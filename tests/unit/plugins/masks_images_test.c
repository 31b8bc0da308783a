/* pixels, vertical-lines, square, trapezoid, noise: masks of images. */
#include "context-private.h"
#include "probe.h"

static const char *const names[] = {"pixels", "vertical-lines", "square", "trapezoid", "noise"};

LAC_TEST(plugins_masks_images, a_pixel_is_missing_in_all_channels_or_in_none)
{
    g_autoptr(LacData) data = probe_images(30, 3, 12, 10);

    for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
        g_autoptr(LacMask) mask = probe_mask(names[k], "{allow_empty: true}", data, 3, NULL);

        ASSERT_TRUE(mask != NULL);
        EXPECT_TRUE(lac_mask_count(mask) > 0);
        for (size_t i = 0; i < 30; i++) {
            for (size_t pixel = 0; pixel < 120; pixel++) {
                EXPECT_EQ_INT(lac_mask_get(mask, i, pixel), lac_mask_get(mask, i, 120 + pixel));
                EXPECT_EQ_INT(lac_mask_get(mask, i, pixel), lac_mask_get(mask, i, 240 + pixel));
            }
        }
    }
}

/* images differ from each other, and neither threads nor further images change one */
LAC_TEST(plugins_masks_images, each_image_has_a_stream_of_its_own)
{
    g_autoptr(LacData) few = probe_images(80, 1, 16, 16);
    g_autoptr(LacData) many = probe_images(200, 1, 16, 16);

    for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
        lac_threads_set(1);
        g_autoptr(LacMask) a = probe_mask(names[k], "{allow_empty: true}", few, 3, NULL);
        lac_threads_set(2);
        g_autoptr(LacMask) b = probe_mask(names[k], "{allow_empty: true}", many, 3, NULL);
        const size_t row = a->words * sizeof *a->bits;
        size_t repeated = 0;

        lac_threads_set(0);
        EXPECT_TRUE(memcmp(a->bits, b->bits, 80 * row) == 0);
        for (size_t i = 1; i < 80; i++)
            repeated += memcmp(lac_mask_row(a, 0), lac_mask_row(a, i), row) == 0;
        EXPECT_TRUE(repeated < 10);
    }
}

LAC_TEST(plugins_masks_images, tables_are_refused)
{
    g_autoptr(LacData) data = probe_normal(10, 9, 1);

    for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacMask) mask = probe_mask(names[k], NULL, data, 3, &error);

        EXPECT_TRUE(mask == NULL);
        EXPECT_ERROR(error, LAC_ERROR_DATA, "not images");
    }
}

/* mean share 1 - (1 - 1/P)^D, and the standard deviation of one image (.0099, .0519) from the
 * occupancy formula, both computed apart from this program; n images */
LAC_TEST(plugins_masks_images, draws_hide_the_expected_share)
{
    const size_t n = 400;
    g_autoptr(LacData) data = probe_images(n, 1, 28, 28);
    g_autoptr(LacMask) pixels = probe_mask("pixels", "{rate: 0.5}", data, 3, NULL);
    g_autoptr(LacMask) lines = probe_mask("vertical-lines", "{rate: 0.5}", data, 3, NULL);
    const double cells = (double)n * 784;

    EXPECT_NEAR_DOUBLE((double)lac_mask_count(pixels) / cells, .49995, 4 * .0099 / sqrt((double)n));
    EXPECT_NEAR_DOUBLE((double)lac_mask_count(lines) / cells, .49892, 4 * .0519 / sqrt((double)n));
}

LAC_TEST(plugins_masks_images, exact_counts)
{
    g_autoptr(LacData) data = probe_images(20, 1, 28, 28);
    g_autoptr(LacMask) pixels =
        probe_mask("pixels", "{rate: 0.3, how: exact, allow_empty: true}", data, 3, NULL);
    g_autoptr(LacMask) lines =
        probe_mask("vertical-lines", "{rate: 0.25, how: exact, allow_empty: true}", data, 3, NULL);
    g_autoptr(LacMask) square = probe_mask("square", "{allow_empty: true}", data, 3, NULL);
    g_autoptr(LacMask) trapezoid = probe_mask("trapezoid", "{allow_empty: true}", data, 3, NULL);
    g_autoptr(LacMask) noise = probe_mask("noise", "{allow_empty: true}", data, 3, NULL);

    for (size_t i = 0; i < 20; i++) {
        EXPECT_EQ_INT(lac_mask_count_row(pixels, i), 235); /* 235.2 */
        EXPECT_EQ_INT(lac_mask_count_row(lines, i), 7 * 28);
        EXPECT_EQ_INT(lac_mask_count_row(square, i), 14 * 14);
        EXPECT_EQ_INT(lac_mask_count_row(trapezoid, i), 392);
        EXPECT_EQ_INT(lac_mask_count_row(noise, i), 588);
    }
}

LAC_TEST(plugins_masks_images, lines_go_from_top_to_bottom)
{
    g_autoptr(LacData) data = probe_images(20, 1, 9, 12);
    g_autoptr(LacMask) mask = probe_mask("vertical-lines", "{allow_empty: true}", data, 3, NULL);

    for (size_t i = 0; i < 20; i++) {
        for (size_t k = 12; k < 108; k++)
            EXPECT_EQ_INT(lac_mask_get(mask, i, k), lac_mask_get(mask, i, k - 12));
    }
}

LAC_TEST(plugins_masks_images, draws_cannot_reach_everything)
{
    g_autoptr(LacData) data = probe_images(3, 1, 4, 4);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMask) mask = probe_mask("pixels", "{rate: 1}", data, 3, &error);

    EXPECT_TRUE(mask == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "use how: exact");
}
