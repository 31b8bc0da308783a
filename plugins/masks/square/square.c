/* square: one square hole in each image, by default a quarter of its area (MCAR).
 * Source: Przewiezlikowski et al., MisConv (2022). */
#include <lacuna/image_mask.h>
#include <lacuna/mask_generator.h>

typedef struct {
    LacMaskGenerator base;
    double side;
} Square;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Square, side, 0.5, LAC_RANGE(0, 1), "share",
                     "Side of the hole as a share of the image's; 0.5 hides a quarter"),
    LAC_PARAM_END,
};

static void
square_paint(LacImageShape shape, LacRng *rng, const void *user, uint8_t *pixels)
{
    lac_image_square(shape, ((const Square *)user)->side, rng, pixels);
}

static gboolean
square_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    lac_image_mask_draw(truth, &generator->rng, square_paint, generator, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("square", "One square hole in each image", Square, params),
    .plugin.citation =
        "Przewiezlikowski et al., MisConv: Convolutional neural networks for missing "
        "data, WACV (2022)",
    .mechanism = LAC_MCAR,
    .images_only = TRUE,
    .draw = square_draw,
};
