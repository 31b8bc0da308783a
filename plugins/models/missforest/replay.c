/* The forests of the last round, applied to new rows as often as there were rounds. */
#include "missforest.h"

static gboolean
replay_column(const MissForest *self, const LacData *in, size_t j, const size_t *cell_start,
              ForestRows *rows, LacBins *bins, double *cells)
{
    double *fill = cells + cell_start[j];

    if (cell_start[j + 1] == cell_start[j])
        return FALSE;
    forest_rows_split(rows, in, j);
    lac_forest_predict(self->forests[j], bins, rows->n_holes, rows->holes, fill);
    lac_bins_put(bins, j, rows->n_holes, rows->holes, fill);
    return TRUE;
}

/* Observed values and, in the holes, where new rows start from. */
static void
replay_start(const MissForest *self, const LacData *in, const size_t *cell_start, ForestRows *rows,
             LacBins *bins, double *cells)
{
    for (size_t j = 0; j < self->cols; j++) {
        double *fill = cells + cell_start[j];

        forest_rows_split(rows, in, j);
        for (size_t i = 0; i < rows->n_holes; i++)
            fill[i] = self->columns[j].start;
        lac_bins_put(bins, j, rows->n_seen, rows->seen, rows->y);
        lac_bins_put(bins, j, rows->n_holes, rows->holes, fill);
        if (rows->n_holes > 0 && self->forests[j] == NULL && self->columns[j].n_seen > 0)
            lac_context_event(self->base.instance.context, "fallback", (gssize)j,
                              "column '%s' had no holes when the forests were grown and `all` is "
                              "off: its holes get the %s",
                              lac_data_name(in, j),
                              self->columns[j].classes > 0 ? "most frequent level" : "mean");
    }
}

double *
forest_replay(const MissForest *self, const LacData *in, const size_t *cell_start,
              LacBins **bins_out, GError **error)
{
    g_autoptr(LacBins) bins = lac_bins_like(self->bins, in->rows, error);
    g_autofree double *cells =
        bins ? lac_try_alloc(cell_start[in->cols], sizeof *cells, "completed holes", error) : NULL;
    g_auto(ForestRows) rows = {0};
    const size_t sweeps = MAX(self->rounds, 1), parts = sweeps * self->n_order;

    if (cells == NULL || !forest_rows_init(&rows, in->rows, error))
        return NULL;
    replay_start(self, in, cell_start, &rows, bins, cells);
    for (size_t k = 0; k < parts; k++) {
        if (!lac_context_step(self->base.instance.context, (double)k / (double)parts, error))
            return NULL;
        replay_column(self, in, self->order[k % self->n_order], cell_start, &rows, bins, cells);
    }
    if (bins_out != NULL)
        *bins_out = g_steal_pointer(&bins);
    return g_steal_pointer(&cells);
}
