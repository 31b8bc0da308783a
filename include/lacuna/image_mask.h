/* Shapes of holes in images, shared by all channels of a pixel. */
#ifndef LACUNA_IMAGE_MASK_H
#define LACUNA_IMAGE_MASK_H

#include <lacuna/data.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * LacImagePainter: paints the holes of one image.
 * @shape: its size; channels do not matter
 * @rng: the image's own stream
 * @pixels: [height][width], zero; set to 1 where the pixel is to be hidden
 */
typedef void (*LacImagePainter)(LacImageShape shape, LacRng *rng, const void *user,
                                uint8_t *pixels);

/**
 * lac_image_mask_draw:
 * @truth: a table of images
 * @out: set in every channel of each painted pixel
 *
 * Row i is painted with the stream lac_rng_at(rng, i), so neither threads nor other images move
 * its holes.
 */
LAC_API void lac_image_mask_draw(const LacData *truth, const LacRng *rng, LacImagePainter paint,
                                 const void *user, LacMask *out);

/** lac_image_draws: how many draws with replacement from @items leave the share 1 - @rate of them
 * unhit on average: -items ln(1 - rate), to the nearest whole number; 0 <= rate < 1. */
LAC_API size_t lac_image_draws(size_t items, double rate);

/** lac_image_hit_draws: sets @hit [items] at lac_image_draws() random places, which may repeat. */
LAC_API void lac_image_hit_draws(size_t items, double rate, LacRng *rng, uint8_t *hit);
/** lac_image_hit_exact: sets exactly round(rate items) of @hit [items], at random. */
LAC_API void lac_image_hit_exact(size_t items, double rate, LacRng *rng, uint8_t *hit);

/** lac_image_square: a rectangle of round(side height) x round(side width) pixels, uniformly placed
 * inside the image. A square, and side^2 of the area, for square images. */
LAC_API void lac_image_square(LacImageShape shape, double side, LacRng *rng, uint8_t *pixels);

/**
 * lac_image_trapezoid: half of the image: a trapezoid whose parallel sides, p ~ U[1/4, 3/4] and
 * 1 - p of the edge, lie on two opposite edges, turned by a random multiple of 90 degrees. A pixel
 * belongs to it when its centre does. Exactly floor(height width / 2) pixels, because the slanted
 * side goes through the image's centre and mirrored pixels are complements.
 */
LAC_API void lac_image_trapezoid(LacImageShape shape, LacRng *rng, uint8_t *pixels);

G_END_DECLS

#endif
