/* block: groups of columns go missing together, in single rows or runs of rows, as when an
 * instrument fails or a questionnaire page is skipped (MCAR, but not cell by cell).
 * Source: folklore. */
#include <lacuna/mask_generator.h>
#include <math.h>

enum { BERNOULLI, EXACT };
enum { ADJACENT, SHUFFLED };

typedef struct {
    LacMaskGenerator base;
    double rate;
    int64_t width, height;
    int layout, how;
} Block;

static const char *const layouts[] = {"adjacent", "shuffled", NULL};
static const char *const how_choices[] = {"bernoulli", "exact", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Block, rate, 0.2, LAC_RANGE(0, 1), "share", "Share of the blocks hidden"),
    LAC_PARAM_INT(Block, width, 2, LAC_RANGE_FROM(1), "columns",
                  "Columns of a group; the last group may have fewer"),
    LAC_PARAM_INT(Block, height, 1, LAC_RANGE_FROM(1), "rows",
                  "Rows that lose a group together; the last run may have fewer"),
    LAC_PARAM_CHOICE(Block, layout, ADJACENT, layouts,
                     "Groups of neighbouring columns, or of columns shuffled once"),
    LAC_PARAM_CHOICE(Block, how, BERNOULLI, how_choices,
                     "Each block by a draw of its own, or exactly that share of the blocks"),
    LAC_PARAM_END,
};

/* hides what is still observed of group @g in run @r */
static void
block_hide(const Block *self, const LacData *truth, const size_t *order, size_t r, size_t g,
           LacMask *out)
{
    const size_t height = (size_t)self->height, width = (size_t)self->width;

    for (size_t i = r * height; i < truth->rows && i - r * height < height; i++) {
        for (size_t k = g * width; k < truth->cols && k - g * width < width; k++) {
            if (!lac_data_is_hole(truth, i, order[k]))
                lac_mask_set(out, i, order[k], TRUE);
        }
    }
}

static gboolean
block_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    const Block *self = LAC_CAST(const Block, generator);
    const size_t runs =
        truth->rows / (size_t)self->height + (truth->rows % (size_t)self->height > 0);
    const size_t groups =
        truth->cols / (size_t)self->width + (truth->cols % (size_t)self->width > 0);
    g_autofree size_t *order = g_new(size_t, truth->cols + 1);
    LacRng shuffle = lac_rng_split(&generator->rng, "layout");
    LacRng exact = lac_rng_split(&generator->rng, "exact");

    for (size_t j = 0; j < truth->cols; j++)
        order[j] = j;
    if (self->layout == SHUFFLED)
        lac_rng_shuffle(&shuffle, truth->cols, order);
    if (self->how == BERNOULLI) {
        for (size_t r = 0; r < runs; r++) {
            LacRng run = lac_rng_at(&generator->rng, r);

            for (size_t g = 0; g < groups; g++) {
                if (lac_rng_uniform(&run) < self->rate)
                    block_hide(self, truth, order, r, g, out);
            }
        }
        return TRUE;
    }
    const size_t n = (size_t)llround(self->rate * (double)(runs * groups));
    g_autofree size_t *chosen = lac_try_alloc(n + 1, sizeof(size_t), "block: blocks", error);

    if (!chosen)
        return FALSE;
    lac_rng_sample(&exact, runs * groups, n, chosen);
    for (size_t k = 0; k < n; k++)
        block_hide(self, truth, order, chosen[k] / groups, chosen[k] % groups, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("block", "Groups of columns missing together, in rows or runs of rows",
                       Block, params),
    .mechanism = LAC_MCAR,
    .draw = block_draw,
};
