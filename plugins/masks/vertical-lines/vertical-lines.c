/* vertical-lines: whole pixel columns of an image at random (MCAR: the lines do not depend on what
 * the image shows).
 * Source: Vertical Lines of Zethraeus, thesis LU TP 19-15 (2019), section 3.2. */
#include <lacuna/image_mask.h>
#include <lacuna/mask_generator.h>
#include <string.h>

enum { DRAWS, EXACT };

typedef struct {
    LacMaskGenerator base;
    double rate;
    int how;
} VerticalLines;

static const char *const how_choices[] = {"draws", "exact", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(VerticalLines, rate, 0.5, LAC_RANGE(0, 1), "share",
                     "Share of the pixel columns hidden"),
    LAC_PARAM_CHOICE(VerticalLines, how, DRAWS, how_choices,
                     "-P ln(1 - rate) draws with replacement from the P pixel columns, which hide "
                     "that share on average; or exactly that share of each image"),
    LAC_PARAM_END,
};

static void
vertical_lines_paint(LacImageShape shape, LacRng *rng, const void *user, uint8_t *pixels)
{
    const VerticalLines *self = user;

    /* the first row of the image says which columns are hit; the others repeat it */
    if (self->how == EXACT)
        lac_image_hit_exact(shape.width, self->rate, rng, pixels);
    else
        lac_image_hit_draws(shape.width, self->rate, rng, pixels);
    for (size_t y = 1; y < shape.height; y++)
        memcpy(pixels + y * shape.width, pixels, shape.width);
}

static gboolean
vertical_lines_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
                    GError **error)
{
    const VerticalLines *self = LAC_CAST(const VerticalLines, generator);

    if (self->how == DRAWS && self->rate >= 1)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "vertical-lines: rate = 1 would need infinitely many draws, expected a "
                        "rate below 1; use how: exact");
    lac_image_mask_draw(truth, &generator->rng, vertical_lines_paint, self, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("vertical-lines", "Whole pixel columns of images at random", VerticalLines,
                       params),
    .plugin.citation = "Zethraeus, thesis LU TP 19-15, Lund University (2019), section 3.2",
    .mechanism = LAC_MCAR,
    .images_only = TRUE,
    .draw = vertical_lines_draw,
};
