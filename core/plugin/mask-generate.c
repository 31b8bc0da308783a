/* The loop every mask generator shares: draw, keep to known cells, leave nothing empty. */
#include "registry-private.h"

#include <string.h>

/* Bits of the last word that stand for columns. */
static uint64_t
tail_bits(size_t cols)
{
    return cols % 64 == 0 ? ~(uint64_t)0 : ((uint64_t)1 << (cols % 64)) - 1;
}

/* Only what is known can be hidden. */
static void
keep_known(const LacData *truth, LacMask *out)
{
    for (size_t i = 0; i < out->rows; i++) {
        uint64_t *row = out->bits + i * out->words;
        const uint64_t *holes = lac_mask_row(truth->holes, i);

        for (size_t w = 0; w < out->words; w++)
            row[w] &= ~holes[w];
        if (out->words > 0)
            row[out->words - 1] &= tail_bits(out->cols);
    }
}

/* Row @i shows nothing any more: one of its hidden cells comes back. A row that was unknown
 * before has no hidden cell and stays as it is. */
static void
repair_row(LacMask *out, size_t i, size_t hidden, const LacRng *rng)
{
    LacRng stream = lac_rng_at(rng, i);
    size_t skip = (size_t)lac_rng_below(&stream, hidden);

    for (size_t j = 0; j < out->cols; j++) {
        if (lac_mask_get(out, i, j) && skip-- == 0) {
            lac_mask_set(out, i, j, FALSE);
            return;
        }
    }
}

static void
repair_rows(const LacData *truth, LacMask *out, const LacRng *rng)
{
    for (size_t i = 0; i < out->rows; i++) {
        const size_t hidden = lac_mask_count_row(out, i);

        if (hidden > 0 && hidden + lac_mask_count_row(truth->holes, i) == out->cols)
            repair_row(out, i, hidden, rng);
    }
}

static void
repair_column(LacMask *out, size_t j, const LacRng *rng)
{
    LacRng stream = lac_rng_at(rng, j);
    const size_t hidden = lac_mask_count_col(out, j);
    size_t skip;

    if (hidden == 0)
        return; /* nothing was known before either */
    skip = (size_t)lac_rng_below(&stream, hidden);
    for (size_t i = 0; i < out->rows; i++) {
        if (lac_mask_get(out, i, j) && skip-- == 0) {
            lac_mask_set(out, i, j, FALSE);
            return;
        }
    }
}

static void
repair_columns(const LacData *truth, LacMask *out, const LacRng *rng)
{
    g_autofree uint64_t *seen = g_new0(uint64_t, MAX(out->words, 1));

    for (size_t i = 0; i < out->rows; i++) {
        const uint64_t *row = lac_mask_row(out, i);
        const uint64_t *holes = lac_mask_row(truth->holes, i);

        for (size_t w = 0; w < out->words; w++)
            seen[w] |= ~(row[w] | holes[w]);
    }
    for (size_t j = 0; j < out->cols; j++)
        if (((seen[j / 64] >> (j % 64)) & 1u) == 0)
            repair_column(out, j, rng);
}

gboolean
lac_mask_generate(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
                  GError **error)
{
    const LacMaskPlugin *plugin = (const LacMaskPlugin *)generator->instance.plugin;
    const LacRng rows = lac_rng_split(&generator->rng, "repair rows");
    const LacRng columns = lac_rng_split(&generator->rng, "repair columns");

    g_assert(out->rows == truth->rows && out->cols == truth->cols);
    if (plugin->images_only && truth->image.channels == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "mask.%s: '%s' is a table whose rows are not images; choose a mask for "
                        "tables (mcar...) or read images",
                        plugin->plugin.name, truth->origin);
    memset(out->bits, 0, out->rows * out->words * sizeof *out->bits);
    if (!plugin->draw(generator, truth, out, error))
        return FALSE;
    keep_known(truth, out);
    if (!generator->allow_empty) {
        repair_rows(truth, out, &rows);
        repair_columns(truth, out, &columns);
    }
    return TRUE;
}
