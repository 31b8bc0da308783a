/* Standardised predictors, and columns that go missing together. */
#include "learned.h"

#include <lacuna/hiding.h>
#include <math.h>
#include <string.h>

enum { MOST_LEVELS = 12 }; /* of a nominal predictor */

/* How many predictors column @j gives. */
static size_t
design_width(const LacData *data, size_t j)
{
    const LacColumn *column = lac_data_column(data, j);

    if (column->kind != LAC_KIND_NOMINAL)
        return 1;
    return column->n_levels <= MOST_LEVELS ? column->n_levels : 0;
}

/* One level of a nominal column, 0/1 standardised. */
static void
design_level(const LacData *data, size_t j, size_t level, double *out, size_t stride)
{
    double known = 0, hits = 0;

    for (size_t i = 0; i < data->rows; i++) {
        if (!lac_data_is_hole(data, i, j)) {
            known++;
            hits += lac_data_at(data, i, j) == (double)level;
        }
    }
    const double share = known > 0 ? hits / known : 0, sd = sqrt(share * (1 - share));

    for (size_t i = 0; i < data->rows && sd > 0; i++) {
        if (!lac_data_is_hole(data, i, j))
            out[i * stride] = ((lac_data_at(data, i, j) == (double)level) - share) / sd;
    }
}

gboolean
design_make(const LacData *data, Design *out, GError **error)
{
    size_t n = 0;

    out->rows = data->rows;
    for (size_t j = 0; j < data->cols; j++)
        out->n += design_width(data, j);
    out->source = g_new(size_t, out->n + 1);
    out->z = lac_try_alloc(MAX(data->rows * out->n, 1), sizeof(double), "predictors", error);
    if (out->z == NULL)
        return FALSE;
    memset(out->z, 0, data->rows * out->n * sizeof(double));
    for (size_t j = 0; j < data->cols; j++) {
        const size_t width = design_width(data, j);
        const gboolean levels = lac_data_column(data, j)->kind == LAC_KIND_NOMINAL;

        for (size_t l = 0; l < width; l++, n++) {
            out->source[n] = j;
            if (levels)
                design_level(data, j, l, out->z + n, out->n);
            else
                lac_hiding_standardise(data, j, out->z + n, out->n);
        }
    }
    return TRUE;
}

void
design_clear(Design *design)
{
    g_clear_pointer(&design->z, g_free);
    g_clear_pointer(&design->source, g_free);
}

static gboolean
blocks_same(const LacMask *holes, size_t a, size_t b)
{
    for (size_t i = 0; i < holes->rows; i++)
        if (lac_mask_get(holes, i, a) != lac_mask_get(holes, i, b))
            return FALSE;
    return TRUE;
}

void
blocks_make(const LacData *data, Blocks *out)
{
    out->of = g_new(gssize, data->cols + 1);
    out->first = g_new(size_t, data->cols + 1);
    for (size_t j = 0; j < data->cols; j++) {
        const size_t missing = lac_mask_count_col(data->holes, j);

        out->of[j] = -1;
        if (missing == 0 || missing == data->rows)
            continue;
        for (size_t b = 0; b < out->n && out->of[j] < 0; b++)
            if (blocks_same(data->holes, out->first[b], j))
                out->of[j] = (gssize)b;
        if (out->of[j] < 0) {
            out->of[j] = (gssize)out->n;
            out->first[out->n++] = j;
        }
    }
}

void
blocks_clear(Blocks *blocks)
{
    g_clear_pointer(&blocks->of, g_free);
    g_clear_pointer(&blocks->first, g_free);
}
