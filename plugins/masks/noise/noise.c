/* noise: exactly a share of the pixels of each image, the same in all channels (MCAR).
 * Source: Przewiezlikowski et al., MisConv (2022). */
#include <lacuna/image_mask.h>
#include <lacuna/mask_generator.h>

typedef struct {
    LacMaskGenerator base;
    double rate;
} Noise;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Noise, rate, 0.75, LAC_RANGE(0, 1), "share",
                     "Share of each image's pixels hidden, rounded to whole pixels"),
    LAC_PARAM_END,
};

static void
noise_paint(LacImageShape shape, LacRng *rng, const void *user, uint8_t *pixels)
{
    lac_image_hit_exact(shape.height * shape.width, ((const Noise *)user)->rate, rng, pixels);
}

static gboolean
noise_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    lac_image_mask_draw(truth, &generator->rng, noise_paint, generator, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("noise", "Exactly a share of the pixels of each image", Noise, params),
    .plugin.citation =
        "Przewiezlikowski et al., MisConv: Convolutional neural networks for missing "
        "data, WACV (2022)",
    .mechanism = LAC_MCAR,
    .images_only = TRUE,
    .draw = noise_draw,
};
