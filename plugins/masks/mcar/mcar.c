/* mcar: hide cells at random, whatever they and their neighbours hold (MCAR).
 * Source: Rubin, Inference and missing data (1976). */
#include <lacuna/hiding.h>
#include <lacuna/mask_generator.h>
#include <math.h>

enum { BERNOULLI, EXACT, EXACT_ROW, EXACT_COLUMN };

typedef struct {
    LacMaskGenerator base;
    double rate;
    int how;
    char **columns;
} Mcar;

static const char *const how_choices[] = {"bernoulli", "exact", "exact-row", "exact-column", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Mcar, rate, 0.2, LAC_RANGE(0, 1), "share",
                     "Share of the observed cells that is hidden"),
    LAC_PARAM_CHOICE(Mcar, how, BERNOULLI, how_choices,
                     "Each cell by a draw of its own; or exactly that share of all cells, of each "
                     "row, or of each column"),
    LAC_PARAM_STRINGS(Mcar, columns, NULL, "Columns that may lose cells; default: all"),
    LAC_PARAM_END,
};

static double
mcar_chance(size_t i, size_t j, const void *user)
{
    return ((const Mcar *)user)->rate;
}

/* the block of rows and listed columns from which exactly a share is hidden */
typedef struct {
    size_t begin, end, n;
    const size_t *cols;
} McarBlock;

/* hides round(rate x observed cells) cells of @block, drawn without replacement from @rng */
static gboolean
mcar_hide_share(const Mcar *self, const LacData *truth, McarBlock block, LacRng rng, LacMask *out,
                GError **error)
{
    size_t observed = 0, seen = 0, next = 0;

    for (size_t i = block.begin; i < block.end; i++) {
        for (size_t k = 0; k < block.n; k++)
            observed += !lac_data_is_hole(truth, i, block.cols[k]);
    }
    const size_t hidden = (size_t)llround(self->rate * (double)observed);
    g_autofree size_t *chosen =
        lac_try_alloc(hidden + 1, sizeof(size_t), "mcar: cells to hide", error);

    if (!chosen)
        return FALSE;
    lac_rng_sample(&rng, observed, hidden, chosen);
    for (size_t i = block.begin; i < block.end; i++) {
        for (size_t k = 0; k < block.n; k++) {
            if (lac_data_is_hole(truth, i, block.cols[k]))
                continue;
            if (next < hidden && chosen[next] == seen++) {
                lac_mask_set(out, i, block.cols[k], TRUE);
                next++;
            }
        }
    }
    return TRUE;
}

static gboolean
mcar_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    const Mcar *self = LAC_CAST(const Mcar, generator);
    const LacRng *rng = &generator->rng;
    size_t n;
    g_autofree size_t *cols = lac_hiding_columns(truth, self->columns, "mcar", &n, error);

    if (!cols)
        return FALSE;
    if (self->how == BERNOULLI) {
        lac_hiding_draw(truth, rng, n, cols, mcar_chance, self, out);
        return TRUE;
    }
    if (self->how == EXACT)
        return mcar_hide_share(self, truth, (McarBlock){0, truth->rows, n, cols}, *rng, out, error);

    const size_t blocks = self->how == EXACT_ROW ? truth->rows : n;

    for (size_t b = 0; b < blocks; b++) {
        const McarBlock row = {b, b + 1, n, cols}, column = {0, truth->rows, 1, cols + b};
        const gboolean by_row = self->how == EXACT_ROW;
        const LacRng stream = lac_rng_at(rng, by_row ? b : cols[b]);

        if (!mcar_hide_share(self, truth, by_row ? row : column, stream, out, error))
            return FALSE;
    }
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("mcar", "Cells at random, whatever the table holds", Mcar, params),
    .plugin.citation = "Rubin, Inference and missing data, Biometrika 63 (1976)",
    .mechanism = LAC_MCAR,
    .draw = mcar_draw,
};
