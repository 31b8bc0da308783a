/* Shapes of holes in images: exact areas, places, and the formula for draws. */
#include "lac_test.h"
#include <lacuna/image_mask.h>

static size_t
count(const uint8_t *pixels, size_t n)
{
    size_t set = 0;

    for (size_t k = 0; k < n; k++)
        set += pixels[k];
    return set;
}

/* half of the area, to the pixel, whatever the sizes; an odd image has a middle pixel that cannot
 * be halved */
LAC_TEST(data_image_mask, trapezoids_cover_exactly_half)
{
    for (size_t height = 1; height <= 12; height++) {
        for (size_t width = 1; width <= 12; width++) {
            const LacImageShape shape = {1, height, width};

            for (uint64_t seed = 0; seed < 20; seed++) {
                LacRng rng = lac_rng_new(seed);
                uint8_t pixels[144] = {0};

                lac_image_trapezoid(shape, &rng, pixels);
                EXPECT_EQ_INT(count(pixels, height * width), height * width / 2);
            }
        }
    }
}

/* the definition: along one of four directions, pixel (y, x) is in when x + 1/2 < p + (q - p)
 * (y + 1/2)/H; so lines along the parallel sides are one run from an edge, and their lengths change
 * by a constant slope, in 1/4 .. 3/4 of the edge at both ends */
LAC_TEST(data_image_mask, trapezoids_have_straight_sides)
{
    const size_t side = 32;
    const LacImageShape shape = {1, side, side};
    unsigned upright = 0;

    for (uint64_t seed = 0; seed < 40; seed++) {
        LacRng rng = lac_rng_new(seed);
        uint8_t pixels[32 * 32] = {0};
        double length[2][32];
        gboolean runs[2] = {TRUE, TRUE};

        lac_image_trapezoid(shape, &rng, pixels);
        for (size_t turn = 0; turn < 2; turn++) {
            for (size_t line = 0; line < side; line++) {
                size_t changes = 0, set = 0;

                for (size_t x = 0; x < side; x++) {
                    const size_t at = turn ? x * side + line : line * side + x;
                    const size_t before = turn ? at - side : at - 1;

                    set += pixels[at];
                    changes += x > 0 && pixels[at] != pixels[before];
                }
                length[turn][line] = (double)set;
                runs[turn] = runs[turn] && changes == 1 && set >= 8 && set <= 24;
            }
        }
        EXPECT_TRUE(runs[0] || runs[1]);
        const double *line = runs[0] ? length[0] : length[1];
        const double slope = (line[31] - line[0]) / 31;

        upright += runs[0] ? 1 : 0;
        for (size_t k = 0; k < side; k++)
            EXPECT_TRUE(fabs(line[k] - line[0] - slope * (double)k) <= 1.5);
    }
    EXPECT_TRUE(upright > 5 && upright < 35); /* both orientations come up */
}

LAC_TEST(data_image_mask, squares_are_whole_and_reach_every_border)
{
    const LacImageShape shape = {1, 6, 6};
    size_t seen[36] = {0};

    for (uint64_t seed = 0; seed < 300; seed++) {
        LacRng rng = lac_rng_new(seed);
        uint8_t pixels[36] = {0};
        size_t first = 0;

        lac_image_square(shape, .5, &rng, pixels);
        ASSERT_EQ_INT(count(pixels, 36), 9); /* a quarter */
        while (!pixels[first])
            first++;
        for (size_t y = 0; y < 3; y++) {
            for (size_t x = 0; x < 3; x++)
                EXPECT_TRUE(pixels[first + y * 6 + x]);
        }
        for (size_t k = 0; k < 36; k++)
            seen[k] += pixels[k];
    }
    for (size_t k = 0; k < 36; k++)
        EXPECT_TRUE(seen[k] > 0); /* the corners at 1 in 16: missed by chance with (15/16)^300 */
}

/* -784 ln(.5) = 543.43, -784 ln(.1) = 1805.23; lines: 19.41, 33.71, 64.47: by hand */
LAC_TEST(data_image_mask, draw_counts_are_the_published_ones)
{
    EXPECT_EQ_INT(lac_image_draws(784, .5), 543);
    EXPECT_EQ_INT(lac_image_draws(784, .7), 944);
    EXPECT_EQ_INT(lac_image_draws(784, .9), 1805);
    EXPECT_EQ_INT(lac_image_draws(28, .5), 19);
    EXPECT_EQ_INT(lac_image_draws(28, .7), 34);
    EXPECT_EQ_INT(lac_image_draws(28, .9), 64);
    EXPECT_EQ_INT(lac_image_draws(784, 0), 0);
}

LAC_TEST(data_image_mask, exact_hits_are_exact)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        LacRng rng = lac_rng_new(seed);
        uint8_t hit[100] = {0};

        lac_image_hit_exact(100, .75, &rng, hit);
        EXPECT_EQ_INT(count(hit, 100), 75);
    }
}
