/* pixels: single pixels at random, the same in all channels (MCAR).
 * Source: Random Pixels of Zethraeus, thesis LU TP 19-15 (2019), section 3.2. */
#include <lacuna/image_mask.h>
#include <lacuna/mask_generator.h>

enum { DRAWS, EXACT };

typedef struct {
    LacMaskGenerator base;
    double rate;
    int how;
} Pixels;

static const char *const how_choices[] = {"draws", "exact", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Pixels, rate, 0.5, LAC_RANGE(0, 1), "share", "Share of the pixels hidden"),
    LAC_PARAM_CHOICE(Pixels, how, DRAWS, how_choices,
                     "-P ln(1 - rate) draws with replacement from the P pixels, which hide that "
                     "share on average; or exactly that share of each image"),
    LAC_PARAM_END,
};

static void
pixels_paint(LacImageShape shape, LacRng *rng, const void *user, uint8_t *pixels)
{
    const Pixels *self = user;
    const size_t area = shape.height * shape.width;

    if (self->how == EXACT)
        lac_image_hit_exact(area, self->rate, rng, pixels);
    else
        lac_image_hit_draws(area, self->rate, rng, pixels);
}

static gboolean
pixels_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    const Pixels *self = LAC_CAST(const Pixels, generator);

    if (self->how == DRAWS && self->rate >= 1)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "pixels: rate = 1 would need infinitely many draws, expected a rate below "
                        "1; use how: exact");
    lac_image_mask_draw(truth, &generator->rng, pixels_paint, self, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("pixels", "Single pixels of images at random", Pixels, params),
    .plugin.citation = "Zethraeus, thesis LU TP 19-15, Lund University (2019), section 3.2",
    .mechanism = LAC_MCAR,
    .images_only = TRUE,
    .draw = pixels_draw,
};
