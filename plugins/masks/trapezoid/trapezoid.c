/* trapezoid: a trapezoid that covers exactly half of each image (MCAR).
 * Source: Przewiezlikowski et al., MisConv (2022); the geometry is ours, the paper gives none. */
#include <lacuna/image_mask.h>
#include <lacuna/mask_generator.h>

typedef struct {
    LacMaskGenerator base;
} Trapezoid;

static const LacParam params[] = {
    LAC_PARAM_END,
};

static void
trapezoid_paint(LacImageShape shape, LacRng *rng, const void *user, uint8_t *pixels)
{
    lac_image_trapezoid(shape, rng, pixels);
}

static gboolean
trapezoid_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
               GError **error)
{
    lac_image_mask_draw(truth, &generator->rng, trapezoid_paint, NULL, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("trapezoid", "A trapezoid over half of each image", Trapezoid, params),
    .plugin.citation =
        "Przewiezlikowski et al., MisConv: Convolutional neural networks for missing "
        "data, WACV (2022)",
    .mechanism = LAC_MCAR,
    .images_only = TRUE,
    .draw = trapezoid_draw,
};
